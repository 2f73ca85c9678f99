"""What all layers of low rank share: a product of smaller layers.

A factored layer stands for one layer and is made of two or three, its parts,
which are torch's own: they are trained, counted, pruned and quantized one by
one, as any others are. What the layer is follows from its parts, so it stays
true whatever is done to them.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from .._require import (
    require_bool,
    require_equal,
    require_finite,
    require_int,
)
from .base import CompressedLayer, StoredWeight
from .geometry import Conv2dGeometry, Geometry, LinearGeometry, geometry_of
from .groups import require_rank
from .plain import require_plain_weights, weight_array

# (one group's weight, float64; number of the group) -> a weight for each part
Factors = Callable[[np.ndarray, int], Sequence[np.ndarray]]


class FactoredLayer(nn.Module):
    """A layer as a chain of smaller ones, which are its children.

    Not a `CompressedLayer`: that is for inference and keeps its weight in
    buffers, while the parts here are `nn.Linear` or `nn.Conv2d` with
    parameters, to be trained on and compressed further. Only the last part
    has a bias.

    geometry : of the layer that the chain stands for
    bias : whether the chain has one, (outputs,)
    ranks : what else the constructor of the subclass takes, by name

    Made by its constructor, the parts have torch's random first weights, to
    be trained from scratch; `from_linear` and `from_conv` factorize a layer.
    """

    needs: ClassVar[type[LinearGeometry] | type[Conv2dGeometry]]
    rank_names: ClassVar[tuple[str, ...]] = ("rank",)

    def __init__(
        self, geometry: Any, *, bias: bool, ranks: Sequence[Any]
    ) -> None:
        super().__init__()
        parts = self.part_geometries(geometry, ranks)
        self.require_ranks(geometry, ranks)
        self._add_parts(parts, bias)

    @classmethod
    def of_any_ranks(cls, geometry: Any, *, bias: bool, **ranks: Any) -> Any:
        """Make a chain of ranks that the constructor may refuse as too large.

        Pruning can leave such: fewer outputs than the rank. Files hold them.

        ranks : what else the constructor takes
        """
        [own] = ranks.values()
        listed = own if len(cls.rank_names) > 1 else [own]
        made = cls.__new__(cls)
        nn.Module.__init__(made)
        made._add_parts(cls.part_geometries(geometry, listed), bias)
        return made

    def _add_parts(self, parts: dict[str, Geometry], bias: bool) -> None:
        require_bool("bias", bias)
        last = list(parts)[-1]
        for name, part in parts.items():
            self.add_module(name, _plain(part, bias=bias and name == last))

    @classmethod
    def part_geometries(
        cls, geometry: Any, ranks: Sequence[Any]
    ) -> dict[str, Geometry]:
        """Return the geometry of each part, in the order in which they run.

        Ranks may be larger than `require_ranks` allows.
        """
        cls.require_geometry(geometry)
        require_equal("number of ranks", len(cls.rank_names), len(ranks))
        own = [
            require_int(name, rank, 1)
            for name, rank in zip(cls.rank_names, ranks, strict=True)
        ]
        return cls._parts(geometry, *own)

    @classmethod
    def require_geometry(cls, geometry: Any) -> None:
        """Refuse a geometry that is not of the kind the layer needs."""
        if not isinstance(geometry, cls.needs):
            got = type(geometry).__name__
            raise TypeError(
                f"geometry must be a {cls.needs.__name__}, got {got}"
            )

    @classmethod
    def require_ranks(cls, geometry: Any, ranks: Sequence[int]) -> None:
        """Refuse ranks larger than any weight of that geometry needs."""
        largest = cls.largest_ranks(geometry)
        for name, rank, most in zip(
            cls.rank_names, ranks, largest, strict=True
        ):
            require_rank(name, rank, most, geometry)

    @staticmethod
    def _parts(geometry: Any, *ranks: int) -> dict[str, Geometry]:
        """Return what `part_geometries` does, for ranks that fit."""
        raise NotImplementedError

    @staticmethod
    def largest_ranks(geometry: Any) -> tuple[int, ...]:
        """Return the ranks with which any weight can be had exactly."""
        raise NotImplementedError

    @property
    def geometry(self) -> Any:
        """Of the layer that the parts stand for."""
        raise NotImplementedError

    @property
    def ranks(self) -> tuple[int, ...]:
        """One rank or several, as the parts have them now."""
        raise NotImplementedError

    def dense_weight(self) -> Tensor:
        """Return the weight that the parts stand for, without a gradient.

        returns : geometry.weight_shape, of the parts' dtype
        """
        raise NotImplementedError

    @property
    def weight(self) -> StoredWeight:
        """Tell torch's attention to call this layer: see `StoredWeight`."""
        return StoredWeight()

    @property
    def bias(self) -> Tensor | None:
        """The bias of the last part."""
        return list(self.children())[-1].bias  # type: ignore[return-value]

    @property
    def settings(self) -> dict[str, Any]:
        """What the constructor takes by keyword."""
        ranks = self.ranks
        rank = {"rank": ranks[0]} if len(ranks) == 1 else {"ranks": ranks}
        return {"bias": self.bias is not None, **rank}

    def forward(self, input: Tensor) -> Tensor:
        """Apply one part after the other."""
        for part in self.children():
            input = part(input)
        return input

    def part_geometry(self, name: str) -> Any:
        """Return the geometry of a part, compressed or not."""
        part = self.get_submodule(name)
        if isinstance(part, CompressedLayer):
            return part.geometry
        return geometry_of(part, repr(name))

    def part_weight(self, name: str) -> Tensor:
        """Return the weight of a part as numbers, without a gradient."""
        part = self.get_submodule(name)
        if isinstance(part, CompressedLayer):
            return part.dense_weight()
        return part.weight.detach()  # type: ignore[union-attr, operator]

    def require_valid(self) -> None:
        """Refuse parts that do not make one layer, as a ValueError."""
        expected = self.part_geometries(self.geometry, self.ranks)
        names = [name for name, _ in self.named_children()]
        if names != list(expected):
            raise ValueError(f"parts must be {list(expected)}, got {names}")
        for name in names:
            got = self.part_geometry(name)
            if got != expected[name]:
                raise ValueError(
                    f"part {name!r} must be {expected[name]}, got {got}"
                )
            bias = self.get_submodule(name).bias
            if name != names[-1] and bias is not None:
                raise ValueError(
                    f"bias must be that of part {names[-1]!r} alone, got one "
                    f"of {name!r}"
                )

    def extra_repr(self) -> str:
        """Show the ranks when the module is printed."""
        try:
            settings = self.settings.items()
        except (AttributeError, TypeError, ValueError):
            return "parts changed"  # by hooks, or into other kinds of modules
        return ", ".join(f"{x}={value}" for x, value in settings if x != "bias")

    @classmethod
    def _factorize(cls, layer: Any, factors: Factors, **rank: Any) -> Self:
        """Make the chain of a layer, group by group of its channels.

        layer : of torch; its weight is finite, float32 or float64
        """
        geometry = geometry_of(layer)
        if not isinstance(geometry, cls.needs):
            expected = cls.needs.__name__.removesuffix("Geometry")
            got = type(layer).__name__
            raise TypeError(f"layer must be {expected}, got {got}")
        require_plain_weights(layer)
        with torch.device("meta"):  # draws nothing from torch's generator
            made = cls(geometry, bias=layer.bias is not None, **rank)
        weight = weight_array("layer", layer, torch.float32, torch.float64)
        groups = getattr(geometry, "groups", 1)
        # (groups, outputs of a group, ...)
        blocks = weight.astype(np.float64).reshape(
            groups, -1, *weight.shape[1:]
        )
        found = [factors(block, i) for i, block in enumerate(blocks)]
        made._take(layer, [np.concatenate(x) for x in zip(*found, strict=True)])
        return made.train(layer.training)

    def _take(self, layer: Any, weights: Sequence[np.ndarray]) -> None:
        """Take weights for the parts, and the bias of the layer.

        What was frozen in the layer stays frozen.
        """
        parts: list[Any] = list(self.children())
        for part, weight in zip(parts, weights, strict=True):
            values = torch.from_numpy(weight).to(layer.weight.dtype)
            kind = str(values.dtype).removeprefix("torch.")
            require_finite(f"factors of the weight in {kind}", values.numpy())
            part.weight = nn.Parameter(
                values.reshape(part.weight.shape), layer.weight.requires_grad
            )
        if layer.bias is not None:
            bias = layer.bias.detach().clone()
            parts[-1].bias = nn.Parameter(bias, layer.bias.requires_grad)


def _plain(geometry: Geometry, *, bias: bool) -> nn.Module:
    """Make torch's layer of a geometry, with random weights."""
    kind = nn.Linear if isinstance(geometry, LinearGeometry) else nn.Conv2d
    return kind(**asdict(geometry), bias=bias)
