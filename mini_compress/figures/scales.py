"""Axes for values that come near to an end and never pass it."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.01  # of the end: how far beyond it the logarithm has its pole


def stretch(
    ax: "Axes", *, x: float | None = None, y: float | None = None
) -> "Axes":
    """Stretch axes towards their ends: the nearer, the more room.

    A value has its place by the logarithm of its distance to 1.01 times the
    end, so that the end itself can still be drawn.

    x, y : the end, such as 1 for shares or 100 for percentages; None for an
        axis that stays as it is

    >>> from matplotlib.figure import Figure
    >>> place = stretch(Figure().subplots(), y=100).yaxis.get_transform()
    >>> [round(float(z), 2) for z in place.transform([0, 90, 99, 100])]
    [-4.62, -2.4, -0.69, -0.0]
    """
    if x is not None:
        ax.set_xscale("function", functions=_towards(x))
    if y is not None:
        ax.set_yscale("function", functions=_towards(y))
    return ax


def _towards(end: float) -> tuple:
    """Return the scale's function and its inverse."""
    pole = (1 + MARGIN) * end
    return lambda v: -np.log(pole - v), lambda z: pole - np.exp(-z)
