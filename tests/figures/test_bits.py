"""Bytes as squares: which bit is where, and in whose color."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mini_compress.figures import bit_fields
from mini_compress.plotting import shades

DATA = np.array([0b1100_0001, 0b0000_1111], np.uint8)
FIELDS = {"top": {0: 0b1100_0000}, "low": {0: 1, 1: 0b0000_1111}}


def draw(data=DATA, fields=FIELDS, **options):
    return bit_fields(data, fields, ax=Figure().subplots(), **options)


def test_each_bit_has_its_place_the_highest_at_the_top():
    ax = draw()
    found = {text.get_position(): text.get_text() for text in ax.texts}
    assert found[0, 0] == found[0, 1] == found[0, 7] == "1"
    assert found[0, 2] == found[1, 3] == "0"
    assert ax.yaxis_inverted()


def test_bits_have_the_color_of_their_field_and_all_others_are_pale():
    ax = draw()
    colors = [to_hex(patch.get_facecolor()) for patch in ax.patches]
    top, low = shades("quantization", 2)
    pale = "#f2f2f2"
    assert colors[:8] == [top, top, *[pale] * 5, low]
    assert colors[8:] == [*[pale] * 4, *[low] * 4]
    assert [line.get_label() for line in ax.lines] == list(FIELDS)


def test_bytes_have_numbers_or_labels():
    names = [text.get_text() for text in draw().get_xticklabels()]
    assert names == ["0", "1"]
    names = [x.get_text() for x in draw(labels=["a", "b"]).get_xticklabels()]
    assert names == ["a", "b"]


def test_bad_input_is_named():
    with pytest.raises(TypeError, match="data must be uint8"):
        draw(DATA.astype(int))
    with pytest.raises(ValueError, match="number of labels must be 2, got 1"):
        draw(labels=["a"])
