"""One ONNX node, run by onnxruntime.

onnxruntime multiplies uint8 by int8 in pairs that saturate at 16 bits on x86
processors without VNNI. Its option `session.x64quantprecision` shifts the
weights to uint8 instead. It works on weights that are constants of the graph,
and on QLinearMatMul only in the form that opsets up to 20 have.
"""

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

CONSTANTS = slice(1, None)  # all inputs but the first


def run_node(
    op_type: str,
    inputs: list[np.ndarray | None],
    *,
    precise: bool = False,
    opset: int = 20,
    num_outputs: int = 1,
    **attributes: object,
) -> list[np.ndarray]:
    """Run one node; None stands for an input that is left out."""
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
            for name, value in zip(
                names[CONSTANTS], inputs[CONSTANTS], strict=True
            )
            if name
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if precise:
        options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    return session.run(None, {names[0]: inputs[0]})
