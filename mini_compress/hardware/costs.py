"""What each layer of a network costs for one example: MACs and bytes.

What moves through memory is counted as if every layer read its weights and
its input once and wrote its output once. So a layer without MACs (batch
normalization, ReLU, pooling) still costs bytes, as it does when it runs by
itself; a layer that only reads the same numbers in another shape (Flatten,
Identity, Dropout in evaluation) costs none. What happens between layers, such
as the addition of a residual block, is not seen and not counted.

Activations count as wide as the codes that are multiplied. An `IntegerLayer`
hands on float32, because it is written to be read; a program that deploys it
hands on the codes, and so does ReLU or pooling after it. An `IntegerNetwork`
hands on codes itself, and its additions are counted.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock, get_ident
from typing import Any

from torch import Tensor, nn

from .._examples import one_example, run_example
from .._inference import inference, require_module
from .._require import require_int
from ..layers.base import FLOAT_BITS
from ..layers.kinds import VIEWS
from ..tables import Cell, Table, Tables
from .counting import (
    bits_given,
    bits_read,
    count_macs,
    find_layers,
    stored_bytes,
    weight_bits,
)

# a model is in evaluation mode while its costs are counted: one at a time
_COUNTING = Lock()


@dataclass(frozen=True)
class LayerCost:
    """The cost of one call of one layer, for one example.

    macs : multiply-accumulates
    weight_bytes : all that the layer stores (weights, bias, scales), in bytes
    input_bytes, output_bytes : activations read and written, in bytes
    weight_bits, activation_bits : bits of a number; 32 means float32. Of an
        activation that is read; `output_bits` of one that is written.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    macs: int
    weight_bytes: int
    input_bytes: int
    output_bytes: int
    weight_bits: int = FLOAT_BITS
    activation_bits: int = FLOAT_BITS
    output_bits: int = FLOAT_BITS

    @property
    def num_bytes(self) -> int:
        """All bytes moved: weights, input and output."""
        return self.weight_bytes + self.input_bytes + self.output_bytes

    @property
    def arithmetic(self) -> str:
        """The type that is multiplied: "int8" or "float32".

        Integer weights with float activations are turned into floats first.
        """
        return "int8" if self.activation_bits <= 8 else "float32"

    @property
    def intensity(self) -> float:
        """Arithmetic intensity, in MACs per byte; 0 where nothing moves."""
        return self.macs / self.num_bytes if self.num_bytes else 0.0


@dataclass(frozen=True, repr=False)
class ModelCost(Tables):
    """The cost of every layer, in the order in which they ran."""

    layers: tuple[LayerCost, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one example."""
        return sum(layer.macs for layer in self.layers)

    @property
    def num_bytes(self) -> int:
        """Bytes moved for one example."""
        return sum(layer.num_bytes for layer in self.layers)

    def for_batch(self, num_examples: int) -> "ModelCost":
        """Return the cost of a batch: weights move once, all else each time.

        >>> cost = layer_costs(nn.Linear(4, 2), input_shape=(4,))
        >>> cost.macs, cost.num_bytes, cost.for_batch(3).num_bytes
        (8, 64, 112)
        """
        require_int("num_examples", num_examples, 1)
        layers = (
            replace(
                layer,
                macs=num_examples * layer.macs,
                input_bytes=num_examples * layer.input_bytes,
                output_bytes=num_examples * layer.output_bytes,
            )
            for layer in self.layers
        )
        return ModelCost(tuple(layers))

    def tables(self) -> tuple[Table, ...]:
        """Show one row for each layer and one for the sum."""
        rows = [_row(layer) for layer in self.layers]
        total = ("total", "", "", Cell.of(self.macs), *_byte_sums(self.layers))
        header = (
            *("layer", "kind", "output", "MACs"),
            *("weight bytes", "input bytes", "output bytes"),
            *("weight bits", "activation bits"),
        )
        return (Table("Cost of one example", header, (*rows, total)),)


def layer_costs(
    model: nn.Module,
    *,
    input_shape: tuple[int, ...] | None = None,
    images: Tensor | None = None,
) -> ModelCost:
    """Count MACs and bytes of each layer by running one example.

    model : any torch module; it stays as it is, mode and hooks included
    input_shape : of one example, without the batch axis; None for that of
        images, and without images for (1, 28, 28)
    images : (n, ...) the first is run; None for a blank example, of token ids
        where an `nn.Embedding` takes them
    returns : one `LayerCost` for each call of a layer, in order

    A layer that holds parameters and is of no known kind is an error that
    names it, and so is an input that does not fit.

    >>> cost = layer_costs(nn.Conv2d(1, 8, 3, stride=2))
    >>> cost.layers[0].output_shape, cost.macs  # 8 * 13 * 13 * (1 * 3 * 3)
    ((8, 13, 13), 12168)
    """
    require_module("model", model)
    names: dict[nn.Module, str] = {}
    for name, layer in find_layers(model):
        names.setdefault(layer, name)  # a shared layer gets one hook
    costs: list[LayerCost] = []
    with _COUNTING, inference(model), ExitStack() as hooks:
        example = one_example(model, images, input_shape)
        for layer, name in names.items():
            record = partial(
                _record, costs, get_ident(), name or type(layer).__name__
            )
            hooks.enter_context(
                layer.register_forward_hook(record, with_kwargs=True)
            )
        run_example(model, example, blank=images is None)
    return ModelCost(tuple(costs))


def _record(
    costs: list[LayerCost],
    thread: int,
    name: str,
    layer: nn.Module,
    inputs: tuple[Any, ...],
    named_inputs: dict[str, Any],
    output: Tensor,
) -> None:
    """Note the cost of a call; torch calls this after each forward pass."""
    if get_ident() != thread:
        return  # somebody else runs the model at the same time
    given = [*inputs, *named_inputs.values()]
    last = costs[-1].output_bits if costs else FLOAT_BITS
    read, written = bits_read(layer, len(given), last), bits_given(layer, last)
    moved = 0 if isinstance(layer, VIEWS) else 1
    costs.append(
        LayerCost(
            name=name,
            kind=type(layer).__name__,
            output_shape=tuple(output.shape[1:]),
            macs=count_macs(layer, output),
            weight_bytes=stored_bytes(layer),
            input_bytes=moved * sum(map(_num_bytes, given, read)),
            output_bytes=moved * _num_bytes(output, written),
            weight_bits=weight_bits(layer),
            activation_bits=max(read, default=last),
            output_bits=written,
        )
    )


def _num_bytes(x: Tensor, bits: int) -> int:
    return -(-x.numel() * bits // 8)


def _row(layer: LayerCost) -> tuple[str, ...]:
    shape = " x ".join(map(str, layer.output_shape))
    weight_bits = layer.weight_bits if layer.weight_bytes else None
    figures = (
        layer.macs,
        layer.weight_bytes,
        layer.input_bytes,
        layer.output_bytes,
        weight_bits,
        layer.activation_bits,
    )
    return (layer.name, layer.kind, shape, *map(Cell.of, figures))


def _byte_sums(layers: tuple[LayerCost, ...]) -> tuple[str, ...]:
    sums = (
        sum(layer.weight_bytes for layer in layers),
        sum(layer.input_bytes for layer in layers),
        sum(layer.output_bytes for layer in layers),
    )
    return (*map(Cell.of, sums), "", "")
