"""Values above the levels of codebooks: marks, and what joins them."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from mini_compress.figures import rugs

FEW = np.array([-1.0, 0.0, 0.0, 0.4])
ROWS = {"two": [-1.0, 0.5], "one": [0.0]}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_each_codebook_has_a_row_with_its_levels():
    _, *rows = rugs(FEW, ROWS).axes
    assert [ax.get_ylabel() for ax in rows] == list(ROWS)
    for ax, levels in zip(rows, ROWS.values(), strict=True):
        [marks] = [line for line in ax.lines if line.get_marker() == "|"]
        assert marks.get_xdata() == pytest.approx(levels)


def test_few_values_are_joined_to_their_levels_and_stacked_on_top():
    top, two, _ = rugs(FEW, ROWS).axes
    nearest = [-1.0, -1.0 + 1.5, 0.5, 0.5]
    joins = [line.get_xdata().tolist() for line in two.lines[: len(FEW)]]
    expected = np.stack([FEW, nearest], axis=1)
    assert np.array(joins) == pytest.approx(expected)
    assert top.lines[0].get_ydata().tolist() == [0, 0, 1, 0]


def test_many_values_are_a_histogram():
    top, row = rugs(np.linspace(0, 1, 100), {"one": [0.5]}).axes
    assert sum(bar.get_height() for bar in top.patches) == 100
    assert len(row.lines) == 1


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="number of codebooks"):
        rugs(FEW, {})
    with pytest.raises(ValueError, match="family must be one of"):
        rugs(FEW, ROWS, family="magic")
    with pytest.raises(ValueError, match="codebook must be sorted"):
        rugs(FEW, {"falling": [1.0, 0.0]})
