"""Exported integer networks in onnxruntime, with the codes of every step."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from mini_compress import export
from mini_compress.layers import IntegerNetwork
from tests.support.sessions import has_no_vnni

Run = Callable[[np.ndarray], dict[str, np.ndarray]]


def open_network(
    network: IntegerNetwork,
    shape: tuple[int, ...],
    *,
    form: str = "qlinear",
    optimized: bool = True,
    all_steps: bool = True,
    precise: bool = True,
) -> Run:
    """Return a function from images to the codes of every step.

    shape : of one image
    optimized : as onnxruntime does by default; without, it runs the graph as
        it is written
    all_steps : give their codes too, so that none is fused away; without, the
        logits alone
    precise : exact sums on every processor; without, the faster kernels that
        are exact with VNNI alone

    The logits are under the name "logits".
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        export.to_onnx(network, path, form=form, input_shape=shape)
        model = onnx.load(path)
    onnx.checker.check_model(model)
    for name, _ in network.wiring if all_steps else ():
        model.graph.output.append(
            helper.make_tensor_value_info(name, TensorProto.UINT8, None)
        )
    return open_model(model, optimized=optimized, precise=precise)


def open_model(
    model: onnx.ModelProto, *, optimized: bool = True, precise: bool = True
) -> Run:
    """Return a function from images to all outputs of a model, by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if precise:
        options.add_session_config_entry("session.x64quantprecision", "1")
    if not optimized:
        if precise and has_no_vnni():  # that option is an optimization
            shift_weights(model)
        none = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = none
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    [given] = session.get_inputs()
    names = [output.name for output in session.get_outputs()]

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        made = session.run(None, {given.name: np.ascontiguousarray(images)})
        return dict(zip(names, made, strict=True))

    return run


def shift_weights(model: onnx.ModelProto) -> None:
    """Make weights of int8 uint8, in place: 128 more, as their zero points.

    The sums stay what they are, and no pair of products saturates.
    """
    shifted = {
        name
        for node in model.graph.node
        if node.op_type in ("QLinearConv", "QLinearMatMul", "QGemm")
        for name in (node.input[3], node.input[5])  # weight, zero point
    }
    for tensor in model.graph.initializer:
        if tensor.name in shifted and tensor.data_type == TensorProto.INT8:
            codes = numpy_helper.to_array(tensor).astype(np.int16) + 128
            moved = numpy_helper.from_array(codes.astype(np.uint8), tensor.name)
            tensor.CopyFrom(moved)
