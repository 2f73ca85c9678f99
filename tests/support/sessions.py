"""One ONNX node as a model, and onnxruntime to run it.

onnxruntime multiplies uint8 by int8 in pairs that saturate at 16 bits on x86
processors without VNNI. Its option `session.x64quantprecision` shifts the
weights to uint8 instead. It works on weights that are constants of the graph,
and on QLinearMatMul only in the form that opsets up to 20 have.
"""

import platform
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import ModelProto, helper, numpy_helper

from mini_compress.kernels.affine import AffineParams

Run = Callable[[np.ndarray], list[np.ndarray]]


def make_model(
    op_type: str,
    inputs: list[np.ndarray | None],
    *,
    opset: int = 20,
    num_outputs: int = 1,
    **attributes: object,
) -> ModelProto:
    """Make a model of one node; None stands for an input that is left out.

    The first input becomes the model's, the others are constants in it.
    """
    names = [
        "" if value is None else f"input_{i}" for i, value in enumerate(inputs)
    ]
    outputs = [f"output_{i}" for i in range(num_outputs)]
    element = helper.np_dtype_to_tensor_dtype(inputs[0].dtype)
    graph = helper.make_graph(
        [helper.make_node(op_type, names, outputs, **attributes)],
        op_type,
        [helper.make_tensor_value_info(names[0], element, inputs[0].shape)],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [
            numpy_helper.from_array(np.asarray(value), name)
            for name, value in zip(names[1:], inputs[1:], strict=True)
            if name
        ],
    )
    # the second set holds onnxruntime's own operators: domain="com.microsoft"
    sets = [("", opset), ("com.microsoft", 1)]
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(*one) for one in sets],
        ir_version=10,
    )


def open_session(model: ModelProto, *, precise: bool = False) -> Run:
    """Return a function from the model's input to its outputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if precise:
        options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    (given,) = session.get_inputs()
    return lambda x: session.run(None, {given.name: x})


def run_node(
    op_type: str,
    inputs: list[np.ndarray | None],
    *,
    precise: bool = False,
    **options: object,
) -> list[np.ndarray]:
    """Run one node once: see make_model."""
    model = make_model(op_type, inputs, **options)
    return open_session(model, precise=precise)(inputs[0])


def grid_inputs(params: AffineParams) -> list[np.ndarray]:
    """Return a grid as the operators take it: scale, zero point."""
    return [params.scale, params.zero_point.astype(params.dtype)]


def has_no_vnni() -> bool:
    """Whether this is an x86 processor of which Linux says: AVX2, no VNNI."""
    cpuinfo = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or not cpuinfo.exists():
        return False
    flags = cpuinfo.read_text()
    return "avx2" in flags and "vnni" not in flags
