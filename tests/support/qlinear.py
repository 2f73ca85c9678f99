"""Integer networks written by hand as graphs of onnxruntime's operators.

Each operation on codes has one operator of ONNX or of onnxruntime's own domain;
all steps are outputs, so that every code can be compared.
"""

from collections.abc import Callable

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from mini_compress.layers import IntegerNetwork, RequantizedLayer, Step
from mini_compress.layers import integer_ops as ops
from mini_compress.layers.geometry import LinearGeometry

OWN = "com.microsoft"


class QLinearGraph:
    """Grows by an operation at a time; names are those of the steps."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.constants: list = []

    def constant(self, value: object, dtype: type) -> str:
        name = f"constant_{len(self.constants)}"
        array = np.asarray(value, dtype)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def grid(self, params) -> list[str]:
        return [
            self.constant(params.scale, np.float32),
            self.constant(params.zero_point, np.uint8),
        ]

    def add(self, step: Step, read: list[str], kind: str, *inputs, **options):
        names = [x for given in inputs for x in given]
        own = {} if kind in ONNX else {"domain": OWN}
        node = helper.make_node(kind, names, [step.name], **own, **options)
        self.nodes.append(node)

    def layer(self, step: Step, read: list[str]) -> None:
        """QLinearConv, or QGemm for a linear layer."""
        layer: RequantizedLayer = step.operation
        weight = layer.weight.codes().numpy()
        scale = layer.weight.scale.numpy().ravel()
        zeros = np.zeros(len(scale), np.int8)
        linear = isinstance(layer.geometry, LinearGeometry)
        given = [*read, *self.grid(layer.x_params[0])]
        weights = [
            self.constant(weight, np.int8),
            self.constant(scale if len(scale) > 1 else scale[0], np.float32),
            self.constant(zeros if len(scale) > 1 else zeros[0], np.int8),
        ]
        bias = ""
        if layer.bias is not None:
            bias = self.constant(layer.bias.numpy(), np.int32)
        after = self.grid(layer.y_params)
        if linear:
            self.add(
                step, read, "QGemm", given, weights, [bias], after, transB=1
            )
            return
        geometry = layer.geometry
        self.add(
            step,
            read,
            "QLinearConv",
            given,
            weights,
            after,
            [bias] if bias else [],
            strides=geometry.stride,
            pads=[*geometry.padding] * 2,
            dilations=geometry.dilation,
            group=geometry.groups,
        )

    def max_pool(self, step: Step, read: list[str]) -> None:
        window = step.operation.window
        self.add(
            step,
            read,
            "MaxPool",
            read,
            kernel_shape=window["kernel"],
            strides=window["stride"],
            pads=[*window["padding"]] * 2,
        )

    def flatten(self, step: Step, read: list[str]) -> None:
        self.add(step, read, "Flatten", read)


ONNX = ("QLinearConv", "MaxPool", "Flatten")
WRITERS: dict[type, Callable] = {
    RequantizedLayer: QLinearGraph.layer,
    ops.IntegerMaxPool2d: QLinearGraph.max_pool,
    ops.IntegerFlatten: QLinearGraph.flatten,
}


def open_network(
    network: IntegerNetwork, shape: tuple[int, ...]
) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Return a function from codes of images to the codes of every step.

    shape : of one image
    """
    first, *steps = network.steps
    graph = QLinearGraph()
    names = [first.name]
    for step in steps:
        read = [names[i] for i in step.reads]
        WRITERS[type(step.operation)](graph, step, read)
        names.append(step.name)
    given = helper.make_tensor_value_info(
        first.name, TensorProto.UINT8, [None, *shape]
    )
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, None)
        for name in names[1:]
    ]
    made = helper.make_graph(
        graph.nodes, "network", [given], outputs, graph.constants
    )
    model = helper.make_model(
        made,
        opset_imports=[
            helper.make_opsetid("", 20),
            helper.make_opsetid(OWN, 1),
        ],
        ir_version=10,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, ["CPUExecutionProvider"]
    )

    def run(codes: np.ndarray) -> dict[str, np.ndarray]:
        made = session.run(names[1:], {first.name: codes})
        return dict(zip(names[1:], made, strict=True))

    return run
