"""Cache lines: read whole, if any number of them is needed."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mini_compress.figures import cache_lines
from mini_compress.plotting import COLORS


def draw(needed, **settings):
    """Return the title, whether each box is open, and the dark boxes' lefts."""
    ax = cache_lines(needed, ax=Figure().subplots(), **settings)
    boxes, dark = ax.collections
    lefts = [path.vertices[0].tolist() for path in dark.get_paths()]
    return ax.get_title(), (boxes.get_facecolor()[:, 3] > 0).tolist(), lefts


@pytest.mark.parametrize("line", [1, 4, 16])
def test_a_line_is_read_if_any_of_its_numbers_is_needed(line):
    needed = np.random.default_rng(line).random(64) < 0.1
    title, opened, dark = draw(needed, line=line)
    read = sorted(set(np.flatnonzero(needed) // line))
    assert title == f"{len(read)} of {64 // line} lines"
    assert np.flatnonzero(opened).tolist() == read
    assert len(dark) == needed.sum()


def test_numbers_are_drawn_in_their_line_row_after_row():
    needed = [False, True, False, False, True, True]
    title, opened, dark = draw(needed, line=2, columns=2)
    assert title == "2 of 3 lines"
    assert opened == [True, False, True]
    # the third line begins the second row
    assert dark[0][0] == 1
    assert [x for x, _ in dark[1:]] == [0, 1]
    assert dark[1][1] == dark[2][1] > dark[0][1]


def test_a_last_line_may_be_short_and_nothing_may_be_needed():
    title, opened, dark = draw(np.zeros(5, bool), line=4)
    assert (title, opened, dark) == ("0 of 2 lines", [False, False], [])


def test_the_family_colors_what_is_needed():
    ax = cache_lines([True], ax=Figure().subplots(), family="low_rank")
    [color] = ax.collections[1].get_facecolor()
    assert to_hex(color) == COLORS["low_rank"].lower()


def test_what_cannot_be_drawn_is_refused():
    ax = Figure().subplots()
    with pytest.raises(ValueError, match="needed must have 1 axes"):
        cache_lines(np.ones((2, 2), bool), ax=ax)
    with pytest.raises(ValueError, match="line must be"):
        cache_lines([True], line=0, ax=ax)
    with pytest.raises(ValueError, match="columns must be"):
        cache_lines([True], columns=0, ax=ax)
    with pytest.raises(ValueError, match="family must be one of"):
        cache_lines([True], family="magic", ax=ax)
