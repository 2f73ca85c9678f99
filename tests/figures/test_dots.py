"""Dots of a study: every seed is there, and the mean is the mean."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mini_compress import studies
from mini_compress.figures import dots
from mini_compress.plotting import COLORS

ROWS = {
    "dense": {"method": "float"},
    "at once": {"method": "one_shot"},
}


@pytest.fixture(scope="module")
def study():
    return studies.load("slimming")


def draw(study, **changes):
    arguments = {"rows": ROWS, "ax": Figure().subplots()}
    return dots(study, **arguments | changes)


@pytest.mark.parametrize("x", ["accuracy", "drop"])
def test_each_row_has_its_seeds_and_their_mean(study, x):
    lines = draw(study, x=x).lines
    for place, wanted in enumerate(ROWS.values()):
        seeds, mean = lines[2 * place : 2 * place + 2]
        expected = getattr(study.one(**wanted), x).by_seed
        assert tuple(seeds.get_xdata()) == expected
        assert list(mean.get_xdata()) == pytest.approx([np.mean(expected)])
        assert {*seeds.get_ydata(), *mean.get_ydata()} == {place}


def test_a_row_may_be_a_difference(study):
    gain = study.one(method="one_shot") - study.one(method="fine_tuned")
    seeds, mean = draw(study, rows={"lost": gain}).lines
    assert tuple(seeds.get_xdata()) == gain.values.by_seed
    assert list(mean.get_xdata()) == pytest.approx([gain.values.mean])


def test_the_first_row_is_at_the_top_and_all_are_inside(study):
    bottom, top = draw(study).get_ylim()
    assert top < 0 < len(ROWS) - 1 < bottom


def test_controls_are_gray(study):
    ax = draw(study, controls=["dense"], family="distillation")
    gray, color = COLORS["float"], COLORS["distillation"]
    assert [x.get_color() for x in ax.lines] == [gray, gray, color, color]


def test_what_is_not_there_is_refused(study):
    with pytest.raises(ValueError, match="controls must be one of dense"):
        draw(study, controls=["sparse"])
    with pytest.raises(ValueError, match="family must be one of"):
        draw(study, family="magic")
    with pytest.raises(ValueError, match="must have one setting with"):
        draw(study, rows={"": {"method": "slimming"}})
