"""Settings and geometries as plain data, and their checks.

What comes out of a file may come from anyone: see `describe`.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from .._require import require_one_of
from .geometry import Conv2dGeometry, Geometry, LinearGeometry

GEOMETRIES = {"linear": LinearGeometry, "conv2d": Conv2dGeometry}


def require_object(name: str, value: Any) -> dict[str, Any]:
    """Return what JSON calls an object; refuse anything else."""
    if not isinstance(value, dict):
        got = type(value).__name__
        raise TypeError(f"{name} must be an object, got {got}")
    return value


def require_keywords(
    name: str, function: Callable[..., Any], given: dict[str, Any]
) -> None:
    """Refuse names that a function does not take, or that it misses."""
    taken, needed = _keywords_of(function)
    unknown, missing = given.keys() - taken, needed - given.keys()
    if unknown or missing:
        raise ValueError(
            f"settings of {name} must be {', '.join(sorted(taken))}; got "
            f"{', '.join(map(ascii, sorted(given))) or 'none'}"
        )


def describe_geometry(geometry: Geometry) -> dict[str, dict[str, Any]]:
    """Return a geometry by its kind, without what is as by default.

    >>> describe_geometry(Conv2dGeometry(1, 4, (3, 3)))
    {'conv2d': {'in_channels': 1, 'out_channels': 4, 'kernel_size': [3, 3]}}
    """
    shape = "linear" if isinstance(geometry, LinearGeometry) else "conv2d"
    numbers = {
        field.name: getattr(geometry, field.name)
        for field in fields(geometry)
        if getattr(geometry, field.name) != field.default  # every byte counts
    }
    return {shape: as_lists(numbers)}


def read_geometry(stored: Any) -> Geometry:
    """Return the geometry that `describe_geometry` described."""
    found = require_object("geometry", stored)
    if len(found) != 1:
        raise ValueError(f"geometry must be one, got {len(found)}")
    [(shape, numbers)] = found.items()
    require_one_of("geometry", shape, GEOMETRIES)
    kind = GEOMETRIES[shape]
    require_keywords(shape, kind, require_object(shape, numbers))
    return kind(**as_tuples(numbers))


def as_lists(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as JSON has them, which knows no tuples."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in settings.items()
    }


def as_tuples(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings of JSON as constructors take them: undo `as_lists`."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in settings.items()
    }


@functools.cache
def _keywords_of(function: Callable[..., Any]) -> tuple[set[str], set[str]]:
    """Return the names that a function takes, and those that it needs."""
    parameters = inspect.signature(function).parameters.values()
    return (
        {x.name for x in parameters},
        {x.name for x in parameters if x.default is x.empty},
    )
