"""One-line checks with one form of message: name, expected, got.

Every public function checks its input with these before it computes anything.
"""

import importlib
import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

WHOLE = (int, np.integer)


def require_array(name: str, value: Any) -> None:
    """Refuse anything but a numpy array.

    Subclasses are refused, since their operators mean something else: `*` of
    a matrix is a product of matrices, and a masked array hides values that
    plain functions see. A memory map is an array like any other.

    >>> require_array("x", [1.0])
    Traceback (most recent call last):
    TypeError: x must be a numpy array, got list
    >>> require_array("x", np.ma.masked_array([1.0], mask=True))
    Traceback (most recent call last):
    TypeError: x must be a numpy array, got MaskedArray; use its filled()
    """
    if type(value) in (np.ndarray, np.memmap):
        return
    got = type(value).__name__
    if isinstance(value, np.ndarray):
        masked = hasattr(value, "filled")
        got += "; use its filled()" if masked else "; use np.asarray"
    raise TypeError(f"{name} must be a numpy array, got {got}")


def require_dtype(name: str, value: Any, *dtypes: type) -> None:
    """Refuse an array of any other dtype.

    >>> require_dtype("weight", np.zeros(3, np.float32), np.int8, np.uint8)
    Traceback (most recent call last):
    TypeError: weight must be int8 or uint8, got float32
    """
    require_array(name, value)
    if value.dtype not in dtypes:
        expected = " or ".join(np.dtype(d).name for d in dtypes)
        raise TypeError(
            f"{name} must be {expected}, got {_called(value.dtype)}"
        )


def require_kind(
    name: str, value: Any, kinds: str, expected: str
) -> np.ndarray:
    """Return numbers as an array; refuse what numpy holds as another kind.

    value : a number, a list of numbers or an array
    kinds : letters of numpy's `dtype.kind`: "iu" for whole numbers
    expected : the same in words

    >>> require_kind("zero_point", 0.5, "iu", "integers")
    Traceback (most recent call last):
    TypeError: zero_point must be integers, got float64
    """
    if isinstance(value, np.ndarray):
        require_array(name, value)
    array = np.asarray(value)
    if array.dtype.kind not in kinds or not array.dtype.isnative:
        raise TypeError(
            f"{name} must be {expected}, got {_called(array.dtype)}"
        )
    return array


def _called(dtype: np.dtype) -> str:
    """Return a dtype's name; it hides the order of bytes, its code does not."""
    return dtype.name if dtype.isnative else f"{dtype.str} (other byte order)"


def require_ndim(name: str, value: np.ndarray, *ndims: int) -> None:
    """Refuse an array with another number of axes.

    >>> require_ndim("x", np.zeros(3), 2)
    Traceback (most recent call last):
    ValueError: x must have 2 axes, got shape (3,)
    """
    if value.ndim not in ndims:
        expected = " or ".join(map(str, ndims))
        raise ValueError(
            f"{name} must have {expected} axes, got shape {value.shape}"
        )


def require_equal(name: str, expected: Any, got: Any) -> None:
    """Refuse two things that ought to be equal and are not.

    >>> require_equal("inner axis", 3, 4)
    Traceback (most recent call last):
    ValueError: inner axis must be 3, got 4
    """
    if expected != got:
        raise ValueError(f"{name} must be {expected}, got {got}")


def require_int(
    name: str, value: Any, low: int, high: int | None = None
) -> int:
    """Return a whole number in [low, high] as Python's int; refuse the rest.

    numpy's integers overflow: use what is returned, not what was given.

    >>> 2 ** require_int("bits", np.int8(8), 1, 16)
    256
    >>> require_int("bits", 0, 1, 16)
    Traceback (most recent call last):
    ValueError: bits must be in [1, 16], got 0
    """
    if isinstance(value, bool) or not isinstance(value, WHOLE):
        got = type(value).__name__
        raise TypeError(f"{name} must be a whole number, got {got}")
    if value < low or (high is not None and value > high):
        expected = f"in [{low}, {high}]" if high is not None else f">= {low}"
        raise ValueError(f"{name} must be {expected}, got {value}")
    return int(value)


def require_bool(name: str, value: Any) -> None:
    """Refuse anything but True and False.

    >>> require_bool("per_tensor", 1)
    Traceback (most recent call last):
    TypeError: per_tensor must be True or False, got int
    """
    if not isinstance(value, bool):
        got = type(value).__name__
        raise TypeError(f"{name} must be True or False, got {got}")


def require_number(
    name: str, value: Any, low: float, high: float = math.inf
) -> float:
    """Return a number in [low, high) as Python's float; refuse the rest.

    NaN and infinity are refused too.

    >>> require_number("confidence", 95, 0, 1)
    Traceback (most recent call last):
    ValueError: confidence must be in [0, 1), got 95
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        got = type(value).__name__
        raise TypeError(f"{name} must be a number, got {got}")
    if not low <= float(value) < high:
        raise ValueError(f"{name} must be in [{low}, {high}), got {value}")
    return float(value)


def require_share(name: str, value: Any, *, all_too: bool) -> float:
    """Return a share above 0 as Python's float; refuse the rest.

    all_too : whether it may be 1

    >>> require_share("share", 0.0, all_too=True)
    Traceback (most recent call last):
    ValueError: share must be in (0, 1], got 0.0
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        got = type(value).__name__
        raise TypeError(f"{name} must be a number, got {got}")
    share = float(value)
    if not 0 < share <= 1 or (share == 1 and not all_too):
        expected = "(0, 1]" if all_too else "(0, 1)"
        raise ValueError(f"{name} must be in {expected}, got {value}")
    return share


def require_real(name: str, value: Any) -> None:
    """Refuse anything but a finite number, of whatever size.

    >>> require_real("accuracy", float("nan"))
    Traceback (most recent call last):
    ValueError: accuracy must be finite, got NaN
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        got = type(value).__name__
        raise TypeError(f"{name} must be a number, got {got}")
    try:
        number = np.float64(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = np.float64(math.inf)
    require_finite(name, number)


def require_text(name: str, value: Any) -> None:
    """Refuse anything but a string that says something.

    >>> require_text("title", " ")
    Traceback (most recent call last):
    ValueError: title must not be empty, got ' '
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} must not be empty, got {value!r}")


def require_one_of(name: str, value: Any, choices: Iterable[Any]) -> None:
    """Refuse a name that is not in the list, and print the list.

    >>> require_one_of("order", "middle_first", ["low_first", "high_first"])
    Traceback (most recent call last):
    ValueError: order must be one of low_first, high_first; got 'middle_first'
    """
    choices = list(choices)
    if value not in choices:
        expected = ", ".join(map(str, choices))
        raise ValueError(f"{name} must be one of {expected}; got {value!r}")


def require_finite(name: str, value: np.ndarray | np.floating) -> None:
    """Refuse NaN and infinity, by name.

    >>> require_finite("x", np.array([1.0, np.nan]))
    Traceback (most recent call last):
    ValueError: x must be finite, got NaN
    """
    if not np.isfinite(value).all():
        got = "NaN" if np.isnan(value).any() else "infinity"
        raise ValueError(f"{name} must be finite, got {got}")


def require_extra(module: str, extra: str) -> Any:
    """Import an optional module, or say which extra brings it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{module} is not installed; it comes with "
            f"`pip install 'mini_compress[{extra}]'`"
        ) from error
