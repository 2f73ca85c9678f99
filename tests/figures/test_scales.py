"""Stretched axes: places are in order, and there is more room near the end."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mini_compress.figures import stretch


@pytest.mark.parametrize(("name", "end"), [("x", 1), ("y", 100)])
def test_the_nearer_to_the_end_the_more_room(name, end):
    ax = stretch(Figure().subplots(), **{name: end})
    transform = getattr(ax, f"{name}axis").get_transform()
    values = np.linspace(0, end, 11)
    steps = np.diff(transform.transform(values))
    assert (steps > 0).all() and (np.diff(steps) > 0).all()
    back = transform.inverted().transform(transform.transform(values))
    assert back == pytest.approx(values)


def test_an_axis_without_an_end_stays_as_it_is():
    ax = stretch(Figure().subplots(), x=1)
    assert (ax.get_xscale(), ax.get_yscale()) == ("function", "linear")
