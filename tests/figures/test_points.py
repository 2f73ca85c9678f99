"""Rows as points: circles before, diamonds after, and the line they are on."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mini_compress.figures import moved_rows

ROWS = np.array([[6.0, 0.0], [8.0, 10.0]])


def lines_of(near):
    return moved_rows(ROWS, near, ax=Figure().subplots()).lines


def test_rows_and_their_places_are_drawn_and_joined():
    near = np.array([[3.0, 3.0], [9.0, 9.0]])
    line, *joins, before, after = lines_of(near)
    assert (before.get_xydata() == ROWS).all()
    assert (after.get_xydata() == near).all()
    for i, join in enumerate(joins):
        assert (join.get_xydata() == [ROWS[i], near[i]]).all()
    across = line.get_xydata() @ [1, -1]  # (2,), 0 on the diagonal
    assert across == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize("near", [ROWS, 0 * ROWS])
def test_only_rank_one_has_a_line(near):
    assert len(lines_of(near)) == len(ROWS) + 2


def test_only_two_columns_can_be_drawn():
    with pytest.raises(ValueError, match="shape of matrix"):
        moved_rows(np.ones((2, 3)), np.ones((2, 3)), ax=Figure().subplots())
    with pytest.raises(ValueError, match="shape of near"):
        lines_of(np.ones((2, 3)))
