"""Waffles: as many squares as bytes, in the colors of their parts."""

from collections import Counter

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mini_compress.figures import PART_COLORS, waffle
from mini_compress.hardware import PARTS


def squares(parts, **settings):
    ax = waffle(parts, ax=Figure().subplots(), **settings)
    return Counter(
        {
            to_hex(patch.get_facecolor()): len(patch.get_path().vertices) // 5
            for patch in ax.patches
        }
    )


def test_each_part_has_its_share_of_squares():
    found = squares({"values": 1000, "places": 500, "header": 250}, square=50)
    assert found == {
        PART_COLORS["values"]: 20,
        PART_COLORS["places"]: 10,
        PART_COLORS["header"]: 5,
    }
    # 70 + 70 + 70 bytes are two squares of 100: none is lost or doubled
    assert (
        squares(dict.fromkeys(("values", "places", "fillers"), 70)).total() == 2
    )


def test_squares_fill_row_after_row():
    ax = waffle({"values": 700}, ax=Figure().subplots(), columns=3)
    [patch] = ax.patches
    corners = patch.get_path().vertices[::5].tolist()
    assert corners[2:5] == [[2, 0], [0, 1], [1, 1]]
    assert ax.get_ylim() == (3, -0.2)


def test_every_part_of_a_file_has_a_color_of_its_own():
    assert set(PARTS) == set(PART_COLORS)
    assert len(set(PART_COLORS.values())) == len(PARTS)


def test_what_is_refused():
    with pytest.raises(ValueError, match="part must be one of"):
        squares({"weights": 9})
    with pytest.raises(ValueError, match="square must be >= 1, got 0"):
        squares({"values": 9}, square=0)
