"""What counts as an array, and whether values are as they were."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def as_plain_array(value: Any, dtype: Any = None) -> np.ndarray | None:
    """Return an array, a CPU tensor or nested lists as an array of no subclass.

    dtype : what lists, and arrays of a wider dtype, are cast to if it fits

    None if it is something else, or a subclass such as a masked array.

    >>> as_plain_array([[1, 2], [3, 4]], np.int8)
    array([[1, 2],
           [3, 4]], dtype=int8)
    >>> as_plain_array(np.array([1.0, 0.1]), np.float32)
    array([1. , 0.1], dtype=float32)
    >>> as_plain_array(np.array([1, 300]), np.int8)
    array([  1, 300])
    >>> as_plain_array(np.ma.masked_all(3)) is None
    True
    """
    try:
        if isinstance(value, list | tuple):
            return _cast_exactly(np.asarray(value), dtype)
        if hasattr(value, "detach"):
            value = value.detach().numpy()
    except (TypeError, ValueError, RuntimeError):  # no numbers, or no dtype
        return None
    if type(value) is not np.ndarray:
        return None
    return _narrow(value, np.dtype(dtype or value.dtype))


def _narrow(array: np.ndarray, wanted: np.dtype) -> np.ndarray:
    """Return an array of a wider dtype of the same kind as the wanted one.

    Integers that do not fit stay as they are, to be seen; floats are rounded.
    """
    kinds = {array.dtype.kind, wanted.kind}
    if array.dtype == wanted or not np.can_cast(wanted, array.dtype):
        return array
    if kinds <= {"i", "u"}:
        return _cast_exactly(array, wanted)
    return array.astype(wanted) if kinds == {"f"} else array


def _cast_exactly(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Return an array of that dtype if its numbers stay as they are."""
    wanted = np.dtype(dtype or array.dtype)
    is_whole = {array.dtype.kind, wanted.kind} <= {"i", "u"}
    if not array.size or is_whole or np.can_cast(array, wanted, "same_kind"):
        cast = array.astype(wanted)
        return cast if np.array_equal(cast, array) else array
    return array


def is_same(before: Any, after: Any) -> bool:
    """Compare arrays, tensors and torch modules, also within lists and dicts.

    Numbers and texts cannot change, but a list may hold another one later.
    """
    if type(before) is not type(after):
        return False
    if hasattr(before, "state_dict"):
        return is_same(dict(before.state_dict()), dict(after.state_dict()))
    if hasattr(before, "dtype"):
        is_alike = before.shape == after.shape and before.dtype == after.dtype
        return is_alike and bool((before == after).all())
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(is_same, before, after))
    if isinstance(before, Mapping):
        return before.keys() == after.keys() and all(
            is_same(before[key], after[key]) for key in before
        )
    if isinstance(before, int | float | str):
        return before == after
    return True
