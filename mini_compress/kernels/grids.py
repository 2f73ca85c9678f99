"""What operations on codes ask of a grid: one step for all, 8 bits at most."""

import numpy as np

from .._require import require_dtype, require_kind
from .affine_params import AffineParams

LARGEST_MULTIPLIER = 2.0**29  # so that every shift in fixed point is > 0


def require_grid(name: str, params: AffineParams) -> tuple[np.float32, int]:
    """Return the one scale and the one zero point of a tensor's grid."""
    if not isinstance(params, AffineParams):
        got = type(params).__name__
        raise TypeError(f"{name} must be AffineParams, got {got}")
    if params.bits > 8:
        raise ValueError(f"{name} must have 8 bits or less, got {params.bits}")
    if np.size(params.scale) != 1:
        raise ValueError(
            f"{name} must have one scale, got shape {np.shape(params.scale)}"
        )
    return np.float32(np.max(params.scale)), int(np.max(params.zero_point))


def require_codes(
    name: str, codes: np.ndarray, params: AffineParams
) -> tuple[np.float32, int]:
    """Refuse codes that are not of the grid; return its scale and zero point.

    The grid's argument is called name + "_params".
    """
    grid = require_grid(f"{name}_params", params)
    require_dtype(name, codes, params.dtype.type)
    low, high = params.quant_min, params.quant_max
    whole = np.iinfo(params.dtype)
    if codes.size == 0 or (low, high) == (whole.min, whole.max):
        return grid
    if codes.min() < low or codes.max() > high:
        raise ValueError(
            f"{name} must be in [{low}, {high}], "
            f"got {codes.min()} to {codes.max()}"
        )
    return grid


def saturate(rounded: np.ndarray, params: AffineParams) -> np.ndarray:
    """Return whole numbers as codes; those beyond the range get its end."""
    codes = np.clip(rounded, params.quant_min, params.quant_max)
    return np.asarray(codes).astype(params.dtype)


def require_multiplier(name: str, multiplier: float | np.ndarray) -> np.ndarray:
    """Return multipliers in float64, refused outside (0, LARGEST]."""
    factor = require_kind(name, multiplier, "fiu", "real numbers")
    factor = factor.astype(np.float64)
    if not ((factor > 0) & (factor <= LARGEST_MULTIPLIER)).all():
        raise ValueError(
            f"{name} must be > 0 and at most 2**29, got {multiplier}"
        )
    return factor


def scale_ratio(
    name: str, scale: np.float32, y_scale: np.float32
) -> np.float32:
    """Return scale / scale_y in float32, refused outside (0, LARGEST]."""
    with np.errstate(over="ignore", under="ignore"):  # refused by name
        ratio = scale / y_scale
    require_multiplier(f"scale of {name} / scale of y_params", float(ratio))
    return ratio
