"""Calls of a reader's function, one keyword argument per knob."""

import inspect
from collections.abc import Callable
from typing import Any

from .picture import Picture
from .settings import Knobs, Setting, list_settings

Result = tuple[Any, Picture | None]


def check_function(function: Callable[..., Any], knobs: Knobs) -> None:
    """Refuse a function that does not take the knobs by name."""
    if not callable(function):
        got = type(function).__name__
        raise TypeError(f"function must be callable, got {got}")
    signature = inspect.signature(function)
    try:
        signature.bind(**dict.fromkeys(knobs))
    except TypeError as error:
        expected = ", ".join(knobs)
        raise TypeError(
            f"function must take the knobs {expected} by name, got {signature}"
        ) from error


def call(
    function: Callable[..., Any], knobs: Knobs, setting: Setting
) -> Result:
    """Call a function for one setting.

    returns : {metric's name: value} as the function returned it, and the
        Picture or None
    """
    __tracebackhide__ = True  # a reader looks for an error in the function
    result = function(**dict(zip(knobs, setting, strict=True)))
    values, picture = result if isinstance(result, tuple) else (result, None)
    return values, picture


def call_all(function: Callable[..., Any], knobs: Knobs) -> dict[str, Any]:
    """Call a function for every setting.

    returns : the arguments values and pictures of an Explorer
    """
    values, pictures = {}, {}
    for setting in list_settings(knobs):
        values[setting], picture = call(function, knobs, setting)
        if picture is not None:
            pictures[setting] = picture
    return {"values": values, "pictures": pictures}
