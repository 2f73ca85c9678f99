"""Numbers that go to their levels: marks, lines, and what lies outside."""

import numpy as np
import pytest

from mini_compress.widgets.snap import DARK, PALE, PAPER, RUG, snap

LIMITS = (0.0, 10.0)


def draw(values, levels, **sizes):
    return snap(values, levels, limits=LIMITS, rows=21, columns=101, **sizes)


def test_a_line_leads_from_each_number_to_its_nearest_level():
    picture = draw([3.0], [2, 8])
    assert picture.shape == (21 + RUG, 101)
    assert (picture[0] == DARK).nonzero()[0].mean() == pytest.approx(30, abs=1)
    assert (picture[15] == DARK).nonzero()[0].tolist() == [22]
    assert (picture[20] == DARK).nonzero()[0].tolist() == [20]


def test_marks_of_levels_are_dark_where_a_number_is():
    marks = draw([3.0, 2.5], [2, 5, 8])[-2]
    assert (marks == DARK).nonzero()[0].tolist() == [19, 20, 21]
    assert (marks == PALE).nonzero()[0].tolist() == [49, 50, 51, 79, 80, 81]
    assert np.unique(marks).tolist() == [DARK, PALE, PAPER]


def test_levels_beyond_the_limits_have_no_mark_but_numbers_lean_to_them():
    picture = draw([10.0], [-3, 12])
    assert (picture[21:-1] == PAPER).all()
    assert (picture[-1] == PALE).all()
    assert (picture[5] == DARK).any()
    assert (picture[20] == PAPER).all()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"values": [11.0]}, "values must be within"),
        ({"levels": [[1.0]]}, "axes of levels"),
        ({"limits": (1, 1)}, "limits must ascend"),
        ({"rows": 1}, "rows"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, says):
    given = {"values": [1.0], "levels": [0.0], "limits": LIMITS} | arguments
    with pytest.raises(ValueError, match=says):
        snap(**given)
