"""Numbers of channels that a network reads off its own tensors.

`x.size(1)` is a number of channels: it changes when channels go. What it is
used for has to be understood, or the network would stop running then.
"""

import operator
from typing import Any

from torch import fx

Tensors = frozenset[fx.Node]  # of which a number counts the channels
NO_TENSORS: Tensors = frozenset()
SIZES = ("size", "shape")
FACTS = ("dim", "ndimension", "ndim", "dtype", "device", "is_cuda")


class Counts:
    """Which of a graph's plain values count the channels of which tensors.

    A number has a set of tensors; a shape has a tuple of them, one for each
    axis.
    """

    def __init__(self) -> None:
        self.found: dict[fx.Node, Any] = {}
        self.bent: list[fx.Node] = []  # more than a product was computed

    def read(self, node: fx.Node, followed: list[fx.Node]) -> bool:
        """Note what a plain value counts; False if that is not understood.

        followed : the tensors among what the node is given
        """
        what: Any = node.target
        if what is getattr:
            what = node.args[1]
        if followed:
            if what in SIZES:
                self.found[node] = _axis(node, _counted(followed[0]))
            elif what in FACTS:
                self.found[node] = NO_TENSORS
            return node in self.found
        if what is operator.getitem and node.args[0] in self.found:
            self.found[node] = self._pick(*node.args)
            return True
        self.found[node] = self.of(node.all_input_nodes)
        if what not in (operator.mul, operator.imul) and self.found[node]:
            self.bent.append(node)
        return True

    def of(self, given: Any) -> Tensors:
        """Return the tensors whose channels an argument counts."""
        if isinstance(given, fx.Node):
            value = self.found.get(given, NO_TENSORS)
            return _union(value) if isinstance(value, tuple) else value
        if isinstance(given, tuple | list):
            return _union(self.of(x) for x in given)
        return NO_TENSORS

    def _pick(self, shape: Any, index: Any) -> Any:
        value = self.found[shape]
        if isinstance(value, tuple) and isinstance(index, int | slice):
            return value[index]
        return self.of(shape)


def _counted(tensor: fx.Node) -> tuple[Tensors, ...]:
    """Return what each size of a tensor counts: channels lie on axis 1."""
    axes = range(len(tensor.meta["shape"]))
    return tuple(frozenset({tensor}) if i == 1 else NO_TENSORS for i in axes)


def _axis(node: fx.Node, sizes: tuple[Tensors, ...]) -> Any:
    """Return all sizes, or the one that `x.size(axis)` asks for."""
    if node.target != "size":
        return sizes
    axes = [*node.args[1:], *node.kwargs.values()]
    if not axes:
        return sizes
    return sizes[axes[0]] if isinstance(axes[0], int) else _union(sizes)


def _union(sets: Any) -> Tensors:
    return NO_TENSORS.union(*sets)
