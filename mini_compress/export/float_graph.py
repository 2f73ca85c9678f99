"""An ONNX graph of a float network, which knows its tensors by their nodes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor, fx

from .float_calls import FloatCall
from .onnx_graph import IMAGES, LOGITS, OnnxGraph


class FloatGraph(OnnxGraph):
    """A graph whose tensors are what the nodes of a traced network give."""

    def __init__(self) -> None:
        super().__init__([IMAGES, LOGITS])
        self.names: dict[fx.Node, str] = {}
        self.held: dict[fx.Node, tuple[str, Tensor]] = {}

    def hold(self, call: FloatCall) -> None:
        """Keep a constant; it is added when it is first read."""
        self.held[call.node] = call.name, call.node.meta["constant"]

    def tensor(self, node: fx.Node) -> str:
        """Return the name of what a node gives."""
        if node not in self.names:
            name, value = self.held[node]
            array = value.detach().cpu().numpy()
            # torch computes in float32 where a whole number meets a float
            self.names[node] = self.constant(f"{name}.value", array, np.float32)
        return self.names[node]

    def tensors(self, call: FloatCall) -> list[str]:
        """Return the names of the tensors that a call is given."""
        return [self.tensor(node) for node in call.tensors]

    def give(
        self, call: FloatCall, kind: str, reads: Sequence[str], **rest: Any
    ) -> None:
        """Add the node that gives what a call does."""
        name = self.free_name(call.name)
        self.names[call.node] = self.node(kind, reads, name, **rest)

    def between(
        self,
        call: FloatCall,
        part: str,
        kind: str,
        reads: Sequence[str],
        **rest: Any,
    ) -> str:
        """Add a node on the way to what a call gives; return its name.

        part : what the node is for, the last part of its name
        """
        name = self.free_name(f"{call.name}.{part}")
        return self.node(kind, reads, name, **rest)

    def follow(self, call: FloatCall) -> None:
        """Let a call give what it is given."""
        self.names[call.node] = self.tensor(call.tensors[0])

    def reshape(self, call: FloatCall, name: str) -> None:
        """Give the numbers of a tensor in the shape of what a call gives."""
        sizes = np.array(call.sizes(), np.int64)
        shape = self.constant(f"{call.name}.shape", sizes)
        self.give(call, "Reshape", [name, shape])


Write = Callable[[FloatGraph, FloatCall], None]  # adds one operation
