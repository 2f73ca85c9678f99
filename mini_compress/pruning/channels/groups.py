"""Pruning groups: what has to go from a network together with a channel.

A channel is one output of a layer: a neuron, a filter. Without it, the batch
normalization behind it has one channel fewer, and every layer that reads it
one input fewer; where its output is added to another's, the other's goes too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from ..._require import require_equal, require_int
from ...graph.channels import Use, follow_channels
from ...tables import Cell, Table, Tables

PARTS = {"outputs": "outputs", "inputs": "inputs", "norm": "scales and shifts"}


@dataclass(frozen=True)
class Member:
    """A layer's share in the channels of a group.

    layer : its name in the network
    part : "outputs", its rows or filters; "inputs", columns of every row or
        filter; "norm", a batch normalization
    positions : neighboring entries for each channel; more than 1 where the
        channels were flattened before
    parameters : of the layer, for each channel
    """

    layer: str
    part: str
    positions: int
    parameters: int


@dataclass(frozen=True, repr=False)
class PruningGroup:
    """Channels of a network that can be removed, and all that goes with them.

    channels : how many there are
    members : in the order in which the layers run
    relus : the operations of the traced network, by name, that are ReLUs of
        these channels
    """

    channels: int
    members: tuple[Member, ...]
    relus: tuple[str, ...]

    @property
    def name(self) -> str:
        """The layer that makes the channels: the first, if several do."""
        return self.producers[0]

    @property
    def producers(self) -> tuple[str, ...]:
        """The layers whose outputs the channels are."""
        return self._layers("outputs")

    @property
    def norms(self) -> tuple[str, ...]:
        """The batch normalizations of the channels."""
        return self._layers("norm")

    @property
    def consumers(self) -> tuple[str, ...]:
        """The layers that read the channels."""
        return self._layers("inputs")

    def removing(self, channels: Collection[int]) -> "Removal":
        """Say what goes if these channels go; nothing is changed yet.

        channels : numbers from 0, all different
        """
        chosen = require_channels(self, "removed", channels)
        require_channels(self, "kept", set(range(self.channels)) - set(chosen))
        return Removal(self, len(chosen))

    def _layers(self, part: str) -> tuple[str, ...]:
        return tuple(x.layer for x in self.members if x.part == part)

    def __repr__(self) -> str:
        parts = {
            "outputs of": self.producers,
            "batch normalization": self.norms,
            "inputs of": self.consumers,
        }
        words = "; ".join(
            f"{what} {', '.join(layers)}"
            for what, layers in parts.items()
            if layers
        )
        return f"PruningGroup({self.channels} channels: {words})"


@dataclass(frozen=True, repr=False)
class Removal(Tables):
    """What goes from a network with some channels of a group."""

    group: PruningGroup
    count: int

    def tables(self) -> tuple[Table, ...]:
        """Show one row for each layer that changes.

        The parameters are those of this removal alone. A weight that loses a
        row to one group and a column to another is counted with both.
        """
        group = self.group
        rows = [
            (
                x.layer,
                PARTS[x.part],
                Cell.of(self.count * x.positions),
                Cell.of(group.channels * x.positions),
                Cell.of(self.count * x.parameters),
            )
            for x in group.members
        ]
        caption = (
            f"Removing {self.count} of {group.channels} channels of "
            f"{group.name}"
        )
        header = ("layer", "what goes", "how many", "of", "parameters")
        return (Table(caption, header, tuple(rows)),)


def find_groups(
    model: nn.Module, *, input_shape: tuple[int, ...] = (1, 28, 28)
) -> tuple[PruningGroup, ...]:
    """Find all channels that can be removed, in groups that go together.

    model : a network of Linear, Conv2d, BatchNorm, ReLU, pooling, Flatten,
        Identity, Dropout and addition; what cannot be followed is a
        ValueError that names the module
    input_shape : of one example, without the batch axis
    returns : a group for every space of channels but those of the input and
        of the output, which stay

    >>> from mini_compress.models import ConvNet
    >>> group = find_groups(ConvNet())[0]
    >>> group
    PruningGroup(16 channels: outputs of features.0; batch normalization \
features.1; inputs of features.3)
    >>> group.removing([0, 5])
    Removing 2 of 16 channels of features.0
    layer               what goes  how many  of  parameters
    features.0            outputs         2  16          18
    features.1  scales and shifts         2  16           4
    features.3             inputs         2  16         576

    See [fang2023depgraph], section 3.
    """
    return tuple(
        PruningGroup(
            channels=space.channels,
            members=tuple(_member(model, use) for use in sorted(space.uses)),
            relus=tuple(space.relus),
        )
        for space in follow_channels(model, input_shape)
        if not space.fixed
    )


def require_channels(
    group: PruningGroup, what: str, channels: Collection[int] | Tensor
) -> list[int]:
    """Return the numbers of channels in order; refuse what is none of them.

    No channel at all is refused too: a layer without outputs would cut the
    network in two, and to remove nothing is a mistake.
    """
    name = f"{what} channels of {group.name!r}"
    given = channels.tolist() if isinstance(channels, Tensor) else channels
    numbers = sorted(given)
    for number in numbers:
        require_int(name, number, 0, group.channels - 1)
    if not numbers:
        raise ValueError(f"{name} must be at least one, got none")
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"{name} must be different, got {numbers}")
    return numbers


def require_group_of(model: nn.Module, group: PruningGroup) -> None:
    """Refuse a group of a network with other layers or other sizes."""
    for member in group.members:
        size = group.channels * member.positions
        name = f"{member.part} of {member.layer!r}"
        require_equal(name, size, _size(model, member))


def _size(model: nn.Module, member: Member) -> int | None:
    """Return how long the axis is that a member's channels lie on."""
    try:
        layer: Any = model.get_submodule(member.layer)
    except AttributeError:
        return None
    if member.part == "norm":
        return getattr(layer, "num_features", None)
    axis = 1 if member.part == "inputs" else 0
    return layer.weight.shape[axis] if hasattr(layer, "weight") else None


def _member(model: nn.Module, use: Use) -> Member:
    """Count the parameters of a layer that belong to one channel."""
    layer: Any = model.get_submodule(use.layer)
    weight, bias = layer.weight, layer.bias
    if use.part == "inputs":
        parameters = weight[:, : use.positions].numel()
    elif weight is None:  # batch normalization that only normalizes
        parameters = 0
    else:
        outputs = weight[: use.positions].numel()
        parameters = outputs + (0 if bias is None else use.positions)
    return Member(use.layer, use.part, use.positions, parameters)
