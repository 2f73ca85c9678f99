"""The ruler of a format: where its marks are, and its bits."""

import numpy as np
import pytest

from mini_compress.widgets import number_line
from mini_compress.widgets.number_line import DARK, HEIGHT, PALE, PAPER, WIDTH


def test_marks_stand_at_the_values_inside_of_the_ruler():
    ruler = number_line([-1, 0, 1, 2, 5], shown=9, high=2)
    marked = np.flatnonzero(ruler[-2] == PALE)
    assert marked.tolist() == [0, 240, WIDTH - 1]
    assert (ruler[0] == PAPER).all()


def test_the_shown_value_is_dark_from_top_to_bottom():
    ruler = number_line([0, 1, 2], shown=1, high=2)
    assert (ruler[:, 239:242] == DARK).all()
    assert (ruler[:, :238] != DARK).all()


@pytest.mark.parametrize("bits", ["0 1", "01"])
def test_ones_are_dark_and_zeros_are_frames(bits):
    squares = number_line([0], shown=9, high=1, bits=bits)[HEIGHT:]
    middle = squares[17, :]
    dark = np.count_nonzero(middle == DARK)
    assert dark == 17 + 2  # a full square, and two sides of a frame


def test_bits_that_have_no_room_are_refused():
    with pytest.raises(ValueError, match="pixels of bits must be in"):
        number_line([0], shown=0, high=1, bits="1" * 30)
