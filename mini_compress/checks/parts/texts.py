"""How values and errors are shown in a message."""

import traceback
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

LONGEST = 70  # characters of a value that is no array
LONGEST_ERROR = 500  # characters of an exception's text


def show(value: Any) -> str:
    """Return a short text for a value; long arrays are abbreviated.

    >>> print(show(np.arange(1000, dtype=np.int8)))
    [  0   1   2 ... -27 -26 -25]
    >>> show("x" * 100)[-5:]
    'xx...'
    """
    if type(value) is np.ndarray:
        ends = 3 if value.ndim < 3 else 1  # of each axis, or it fills pages
        return np.array2string(value, threshold=40, edgeitems=ends, precision=6)
    if isinstance(value, FunctionType):
        return f"the function {value.__name__}"
    if hasattr(value, "dtype"):  # a torch tensor, a numpy number or subclass
        return _text(str, value)
    if isinstance(value, list | tuple | str | bytes):
        value = value[: LONGEST + 1]  # the text of millions takes seconds
    text = " ".join(_text(repr, value).split())
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def _text(write: Callable[[Any], str], value: Any) -> str:
    """Return str or repr of a value whose class may be a learner's."""
    try:
        return write(value)
    except Exception as error:
        return f"({write.__name__} of it raises {type(error).__name__})"


def explain(error: BaseException, function: Callable) -> str:
    """Return what was raised, and the learner's line in which it arose."""
    text = f"{type(error).__name__}: {_text(str, error)[:LONGEST_ERROR]}"
    code = getattr(function, "__code__", None)
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if code and frame.filename == code.co_filename
    ]
    if own:
        text += f"\nin line {own[-1].lineno}: {own[-1].line}"
    return text


def indent(text: str, columns: int) -> str:
    """Indent all lines but the first."""
    return text.replace("\n", "\n" + " " * columns)
