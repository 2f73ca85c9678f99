"""What all compressed layers share, whatever they keep their weight in.

A new kind of layer is one file beside this one and one line in `kinds`. It
says how its weight is kept and which numbers that stands for; from that the
file, the ledger and the methods know all they need.
"""

from collections.abc import Callable
from typing import Any, NoReturn, Self

import torch
from torch import Tensor, nn
from torch.overrides import resolve_name

from .._require import require_bool
from .geometry import Geometry

FLOAT_BITS = 32


class StoredWeight(nn.Module):
    """The weight of a compressed layer: a module that is no tensor.

    In evaluation mode `nn.TransformerEncoderLayer` takes the weights of its
    layers and runs one fused function instead of the layers. It does not if
    one of the weights has `__torch_function__`, by which torch knows whatever
    stands in the place of a tensor, quantized weights among others. So has
    this one, and the layers are run. What wants the weight itself gets an
    error, `nn.MultiheadAttention` that of its `out_proj` for example.
    """

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], *arguments: Any
    ) -> NoReturn:
        """Refuse to be computed with."""
        raise TypeError(
            f"weight must be a tensor for {resolve_name(func)}, got a "
            f"{cls.__name__}: a compressed layer works only where it is "
            "called itself"
        )


class InferenceModule(nn.Module):
    """What is for inference alone, and keeps its state in float32 buffers.

    settings : what the constructor was given by keyword, as JSON can hold it
    """

    settings: dict[str, Any]

    def require_valid(self) -> None:
        """Refuse what no module of this kind can hold, as a ValueError.

        Files are checked by it. That floats are finite is checked already.
        """

    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> Self:
        """Move the module; torch calls this from `to`, `half` and the like."""
        got = fn(torch.ones(0)).dtype
        if got != torch.float32:  # a small step would become 0 in float16
            kind = type(self).__name__
            raise TypeError(
                f"floats of a {kind} must stay float32, got {got}: convert "
                "the network before it is compressed"
            )
        return super()._apply(fn, recurse)


class CompressedLayer(InferenceModule):
    """A layer for inference that keeps its weight in another form.

    As written here, the weight is decoded each time it is used and multiplied
    in float32: the file and the memory traffic shrink, the products stay what
    they were. A layer that computes otherwise has its own `forward`, `macs`
    and `numbers`.

    geometry : what the layer multiplies with what
    weight : keeps the weight, in buffers
    bias : whether the layer has one, (outputs,) of `bias_dtype`
    settings : what else the layer's constructor was given by keyword, as JSON
        can hold it

    A subclass is made as `Subclass(geometry, bias=..., **settings)`: so is it
    rebuilt from a file. Its scales stay in float32, and so do its results:
    to convert it to another type of floats is a TypeError.
    """

    bias: Tensor | None
    activation_bits = FLOAT_BITS  # of what the weight is multiplied by
    bias_dtype = torch.float32

    def __init__(
        self,
        geometry: Geometry,
        weight: StoredWeight,
        *,
        bias: bool,
        **settings: Any,
    ) -> None:
        super().__init__()
        require_bool("bias", bias)
        if not isinstance(weight, StoredWeight):
            got = type(weight).__name__
            raise TypeError(f"weight must be a StoredWeight, got {got}")
        self.geometry = geometry
        self.weight = weight
        self.settings = {"bias": bias, **settings}
        outputs = torch.zeros(geometry.weight_shape[0], dtype=self.bias_dtype)
        self.register_buffer("bias", outputs if bias else None)

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for, float32."""
        raise NotImplementedError

    @property
    def weight_bits(self) -> int:
        """Bits per weight, without the steps or the indices."""
        return FLOAT_BITS

    @property
    def weight_kind(self) -> str:
        """What is multiplied with the input, in words."""
        return f"{self.weight_bits}-bit weights"

    def numbers(self) -> list[Tensor]:
        """Return what the ledger counts as parameters: weight and bias."""
        bias = [] if self.bias is None else [self.bias]
        return [self.dense_weight(), *bias]

    def macs(self, output: Tensor) -> int:
        """Count the multiply-accumulates behind an output."""
        return output.numel() * self.geometry.products_per_output

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer; input and result are float32."""
        require_whole(input)
        y = self.geometry.product(input, self.dense_weight())
        if self.bias is not None:
            y = y + self.geometry.per_output(self.bias)
        return y

    def extra_repr(self) -> str:
        """Show the geometry when the module is printed."""
        return f"{self.geometry}, bias={self.bias is not None}"


def require_whole(input: Tensor) -> None:
    """Refuse a nested tensor, in which torch packs sequences of any length."""
    if input.is_nested:
        raise ValueError(
            "input of a compressed layer must be a plain tensor, got a nested "
            "one; an nn.TransformerEncoder makes none if it is built with "
            "enable_nested_tensor=False, or its use_nested_tensor is False"
        )
