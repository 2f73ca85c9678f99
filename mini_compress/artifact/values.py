"""Are the numbers of a network some that its layers can compute with?"""

import math

from torch import Tensor, nn

from ..layers.base import InferenceModule
from ..layers.factored import FactoredLayer
from ..layers.kinds import BATCH_NORMS

STATISTICS = ("running_mean", "running_var")


def require_values(model: nn.Module) -> None:
    """Refuse numbers with which a network would compute garbage, by name.

    Floats must be finite. A buffer of somebody else's module may be infinite,
    as masks of attention are, but not NaN. Steps must be above 0, codes and
    gaps in their range, variances not negative.
    """
    for name, parameter in model.named_parameters():
        _require_finite(name, parameter.detach())
    modules = dict(model.named_modules())
    for path, module in modules.items():
        _require_buffers(f"{path}." if path else "", module)
    for path, module in modules.items():
        if isinstance(module, InferenceModule | FactoredLayer):
            try:
                module.require_valid()
            except ValueError as error:
                where = f"{path}: " if path else ""
                raise ValueError(f"{where}{error}") from None


def _require_buffers(start: str, module: nn.Module) -> None:
    own = type(module).__module__.partition(".")[0] == "mini_compress"
    for name, tensor in module.named_buffers(recurse=False):
        _require_finite(
            start + name, tensor, infinity=not own and name not in STATISTICS
        )
    if isinstance(module, BATCH_NORMS) and module.running_var is not None:
        if (module.running_var < 0).any():
            least = module.running_var.min().item()
            raise ValueError(f"{start}running_var must be >= 0, got {least:g}")


def _require_finite(name: str, tensor: Tensor, infinity: bool = False) -> None:
    """Refuse NaN, and infinity unless it may be."""
    if not tensor.is_floating_point() or tensor.is_meta:
        return
    # a finite sum has only finite terms; one that is not may have overflowed
    if math.isfinite(tensor.sum()):
        return
    if tensor.isnan().any():
        raise ValueError(f"{name} must be finite, got NaN")
    if not infinity and tensor.isinf().any():
        raise ValueError(f"{name} must be finite, got infinity")
