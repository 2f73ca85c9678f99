"""Are the numbers of a network some that its layers can compute with?"""

from torch import Tensor, nn

from ..layers.base import CompressedLayer
from ..layers.kinds import BATCH_NORMS

STATISTICS = ("running_mean", "running_var")


def require_values(model: nn.Module) -> None:
    """Refuse numbers with which a network would compute garbage, by name.

    Floats must be finite. A buffer of somebody else's module may be infinite,
    as masks of attention are, but not NaN. Steps must be above 0, codes and
    gaps in their range, variances not negative.
    """
    for path, module in model.named_modules():
        start = f"{path}." if path else ""
        try:
            for name, tensor in module.named_parameters(recurse=False):
                _require_finite(start + name, tensor.detach())
            _require_buffers(start, module)
            if isinstance(module, CompressedLayer):
                module.require_valid()
        except ValueError as error:
            text = str(error)
            known = text.startswith(start)
            raise ValueError(text if known else f"{path}: {text}") from None


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
    if tensor.sum().isfinite():
        return
    if tensor.isnan().any():
        raise ValueError(f"{name} must be finite, got NaN")
    if not infinity and tensor.isinf().any():
        raise ValueError(f"{name} must be finite, got infinity")
