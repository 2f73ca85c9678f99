"""Functions of a float network on codes, one kind at a time.

All else stays in float32: what is lost then is lost by these functions, or by
the grids before and after them. A control tells the two apart.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._inference import copy_model, require_module, require_range_images
from .._require import require_bool, require_equal, require_int, require_one_of
from ..kernels import tables
from ..kernels.affine import AffineParams, choose_affine, dequantize, quantize

Grids = tuple[AffineParams, AffineParams]
KINDS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "softmax": nn.Softmax,
    "layer_norm": nn.LayerNorm,
}


@torch.no_grad()
def functions_on_codes(
    model: nn.Module,
    images: Tensor,
    kinds: Sequence[str],
    *,
    bits: int = 8,
    in_float: bool = False,
) -> nn.Module:
    """Return a copy of a network in which some functions work on codes.

    model : is not changed
    images : (n, ...) float32 training images, which show what goes into each
        function and what comes out of it: its grids reach from the least to
        the largest value
    kinds : of "gelu", "softmax", "layer_norm"
    bits : 2 to 8, of what goes in and comes out; softmax gives 8 always
    in_float : the control: the same grids, with float32 between them
    returns : in evaluation mode. A network without such functions is a
        ValueError, and so is a layer normalization of more axes than the last.

    >>> from mini_compress import models
    >>> net = models.vision_transformer(depth=1)
    >>> images = torch.rand(4, 1, 28, 28)
    >>> one = functions_on_codes(net, images, ["gelu", "softmax"])
    >>> one.blocks[0].mlp[1]
    OnCodes(
      bits=8
      (module): GELU(approximate='none')
    )

    See [kim2021ibert], section 3, for what is measured so.
    """
    require_module("model", model)
    require_range_images(images)
    require_int("bits", bits, 2, 8)
    require_bool("in_float", in_float)
    for kind in kinds:
        require_one_of("kinds", kind, KINDS)
    wanted = tuple(KINDS[kind] for kind in kinds)
    copy = copy_model(model).eval()
    found = [
        (parent, name, child)
        for parent in copy.modules()
        for name, child in parent.named_children()
        if isinstance(child, wanted)
    ]
    if not found:
        raise ValueError(f"model must have one of {list(kinds)}, got none")
    for parent, name, child in found:
        setattr(parent, name, OnCodes(child, bits=bits, in_float=in_float))
    copy(images)  # each chooses its grids
    return copy


class OnCodes(nn.Module):
    """A function whose input and output are rounded to codes.

    The first call chooses the grids, and gives what the module itself gives.
    """

    def __init__(self, module: nn.Module, *, bits: int, in_float: bool) -> None:
        super().__init__()
        if isinstance(module, nn.LayerNorm):
            axes = len(module.normalized_shape)
            require_equal("axes of a layer normalization", 1, axes)
        self.module, self.bits, self.in_float = module, bits, in_float
        self.grids: Grids | None = None

    def extra_repr(self) -> str:
        """Return the bits."""
        return f"bits={self.bits}"

    def forward(self, x: Tensor) -> Tensor:
        """Map float32 to float32 of the same shape, by way of codes."""
        if self.grids is None:
            y = self.module(x)
            self.grids = self._choose(x), self._choose(y)
            return y
        x_params, y_params = self.grids
        if isinstance(self.module, nn.Softmax):
            y_params = tables.softmax_params(signed=False)
        codes = quantize(x.detach().numpy(), x_params)
        compute = self._in_float if self.in_float else _FORMS[type(self.module)]
        y_codes = compute(self.module, codes, (x_params, y_params))
        return torch.from_numpy(dequantize(y_codes, y_params))

    def _choose(self, values: Tensor) -> AffineParams:
        return choose_affine(
            values.detach().numpy(), bits=self.bits, signed=False
        )

    @staticmethod
    def _in_float(
        module: nn.Module, codes: np.ndarray, grids: Grids
    ) -> np.ndarray:
        real = module(torch.from_numpy(dequantize(codes, grids[0])))
        return quantize(real.detach().numpy(), grids[1])


def _gelu(module: Any, codes: np.ndarray, grids: Grids) -> np.ndarray:
    is_exact = module.approximate == "none"
    function = tables.gelu if is_exact else tables.gelu_tanh
    return tables.apply_table(codes, tables.make_table(function, *grids))


def _softmax(module: Any, codes: np.ndarray, grids: Grids) -> np.ndarray:
    axis = -1 if module.dim is None else int(module.dim)
    return tables.softmax_int8(codes, grids[0], axis=axis)


def _layer_norm(module: Any, codes: np.ndarray, grids: Grids) -> np.ndarray:
    """Normalize; a module may do without a bias, or without either."""
    n = codes.shape[-1]
    weight, bias = (
        default if given is None else given.detach().numpy()
        for given, default in (
            (module.weight, np.ones(n, np.float32)),
            (module.bias, np.zeros(n, np.float32)),
        )
    )
    eps = float(module.eps)
    return tables.layer_norm_int8(codes, weight, bias, *grids, eps=eps)


_FORMS: dict[type, Callable[[Any, np.ndarray, Grids], np.ndarray]] = {
    nn.GELU: _gelu,
    nn.Softmax: _softmax,
    nn.LayerNorm: _layer_norm,
}
