"""What the functions of codes ask of their grids and codes."""

import numpy as np

from ..._require import require_dtype, require_int
from ..affine_params import AffineParams


def one_step(name: str, params: AffineParams) -> tuple[np.float32, int]:
    """Return a grid's scale and zero point; refuse one with several."""
    scale = np.asarray(params.scale)
    if scale.size != 1:
        raise ValueError(f"{name} must have one scale, got shape {scale.shape}")
    return np.float32(scale.item()), np.asarray(params.zero_point).item()


def require_codes(codes: np.ndarray, params: AffineParams) -> None:
    """Refuse what is not an array of codes of at most 8 bits on this grid."""
    if params.bits > 8:
        raise ValueError(f"x_params must have <= 8 bits, got {params.bits}")
    require_dtype("codes", codes, params.dtype.type)
    low, high = params.quant_min, params.quant_max
    if codes.size and (codes.min() < low or codes.max() > high):
        raise ValueError(
            f"codes must be in [{low}, {high}], "
            f"got {codes.min()} to {codes.max()}"
        )


def require_axis(codes: np.ndarray, axis: int) -> int:
    """Return an axis along which codes hold values, refuse any other."""
    if codes.ndim == 0:
        raise ValueError("codes must have 1 or more axes, got shape ()")
    axis = require_int("axis", axis, -codes.ndim, codes.ndim - 1)
    if codes.shape[axis] == 0:
        raise ValueError(
            f"codes must hold values along axis {axis}, got shape {codes.shape}"
        )
    return axis
