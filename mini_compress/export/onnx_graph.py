"""An ONNX graph as it grows: nodes, constants, and names that are free.

A node has the name of the layer that it was made from. So has the tensor that
holds the layer's result; constants have it as the first part of theirs.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .._require import require_extra
from ..layers import IntegerLayer
from ..layers.geometry import Conv2dGeometry

OPSET = 21  # the first with 4-bit integers; older runtimes know it
IR_VERSION = 10  # that of opset 21
BATCH = "n"  # name of the axis whose size is left open
IMAGES, LOGITS = "images", "logits"  # names of the input and of the output
NARROW = 4  # bits of a code that is stored two to a byte
# onnxruntime's own operators
OWN_DOMAIN = "com.microsoft"
OWN = {
    *("QGemm", "QLinearAdd", "QLinearMul", "QLinearConcat"),
    *("QLinearAveragePool", "QLinearGlobalAveragePool"),
}


class OnnxGraph:
    """Nodes and constants in the order in which they are added.

    reserved : names of tensors that are not to be given away
    """

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self.onnx: Any = require_extra("onnx", "lab")
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._taken = set(reserved)

    def free_name(self, wanted: str) -> str:
        """Return a name that no other tensor has, and take it."""
        for number in count():
            name = f"{wanted}_{number}" if number else wanted
            if name not in self._taken:
                self._taken.add(name)
                return name
        raise AssertionError

    def constant(
        self, name: str, value: Any, dtype: DTypeLike | None = None
    ) -> str:
        """Add a constant; return the name that it got.

        value : a number or an array
        """
        name = self.free_name(name)
        array: np.ndarray = np.asarray(value, dtype)
        if not array.flags.c_contiguous:  # which would make () to (1,)
            array = np.ascontiguousarray(array)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def narrowed(self, codes: np.ndarray, bits: int) -> np.ndarray:
        """Return codes of a type that stores them two to a byte, if they fit.

        codes : int8, of so many bits; 4 or fewer fit
        """
        if bits > NARROW:
            return codes
        kind = self.onnx.TensorProto.INT4
        return codes.astype(self.onnx.helper.tensor_dtype_to_np_dtype(kind))

    def decoded(self, name: str, codes: np.ndarray, scale: np.ndarray) -> str:
        """Add codes, and the node that makes real numbers of them.

        codes : (outputs, ...)
        scale : () or (outputs,) float32; the zero point is 0
        returns : the name of the real numbers
        """
        reads = [
            self.constant(f"{name}_codes", codes),
            self.constant(f"{name}_scale", scale),
            # onnxruntime adds one of the wrong shape where none is given
            self.constant(
                f"{name}_zero_point", np.zeros(scale.shape, codes.dtype)
            ),
        ]
        axis = {"axis": 0} if scale.ndim else {}
        node, real = f"{name}.dequantize", self.free_name(name)
        return self.node("DequantizeLinear", reads, node, gives=real, **axis)

    def decoded_layer(self, name: str, layer: IntegerLayer) -> list[str]:
        """Add the weight and the bias of a layer that has codes for them.

        returns : the names of their real numbers; that of the bias, if any
        """
        scale: np.ndarray = layer.weight.scale.numpy().ravel()
        if layer.weight.per_tensor:
            scale = scale.reshape(())
        codes = self.narrowed(layer.weight.codes().numpy(), layer.weight_bits)
        names = [self.decoded(f"{name}.weight", codes, scale)]
        if layer.bias is not None:
            bias, steps = layer.bias.numpy(), layer.x_scale.numpy() * scale
            names.append(self.decoded(f"{name}.bias", bias, steps))
        return names

    def node(
        self,
        kind: str,
        reads: Sequence[str],
        name: str,
        *,
        gives: str | None = None,
        **attributes: Any,
    ) -> str:
        """Add a node; return the name of the tensor that it gives.

        kind : an operator of ONNX, or of `OWN`
        reads : names of tensors, "" for one that is left out
        gives : the name of its result; None: its own name
        """
        gives = name if gives is None else gives
        domain = {"domain": OWN_DOMAIN} if kind in OWN else {}
        self.nodes.append(
            self.onnx.helper.make_node(
                kind, reads, [gives], name=name, **domain, **attributes
            )
        )
        return gives

    def model(
        self,
        given: tuple[str, Sequence[Any]],
        made: tuple[str, Sequence[Any]],
        name: str,
    ) -> Any:
        """Return the whole as a model of one float32 input and output.

        given, made : name and shape of the input and of the output; a size
            is a number, or a name if it is left open
        """
        helper = self.onnx.helper
        floats = self.onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(given[0], floats, given[1])],
            [helper.make_tensor_value_info(made[0], floats, made[1])],
            self.constants,
        )
        sets = [helper.make_opsetid("", OPSET)]
        if any(node.domain == OWN_DOMAIN for node in self.nodes):
            sets.append(helper.make_opsetid(OWN_DOMAIN, 1))
        return helper.make_model(
            graph,
            opset_imports=sets,
            ir_version=IR_VERSION,
            producer_name="mini_compress",
        )


def convolution(geometry: Conv2dGeometry) -> dict[str, Any]:
    """Return the attributes of ONNX's convolutions, quantized or not.

    >>> convolution(Conv2dGeometry(1, 4, (3, 3), padding=(1, 0)))["pads"]
    [1, 0, 1, 0]
    """
    return {
        "strides": [*geometry.stride],
        "pads": [*geometry.padding, *geometry.padding],  # top, left, ...
        "dilations": [*geometry.dilation],
        "group": geometry.groups,
    }
