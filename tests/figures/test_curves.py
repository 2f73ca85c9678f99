"""Curves of a study: what is drawn is what was recorded."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mini_compress import studies
from mini_compress.figures import curves
from mini_compress.plotting import COLORS, shades

PENALTY = {"method": "slimming", "scope": "global"}
SHARES = {"method": "slimming", "scope": ("layer", "group")}


@pytest.fixture(scope="module")
def study():
    return studies.load("slimming")


def draw(study, lines, **changes):
    arguments = {"x": "strength", "lines": lines, "ax": Figure().subplots()}
    return curves(study, **arguments | changes)


def test_a_line_goes_through_the_means_in_a_band_of_the_seeds(study):
    ax = draw(study, {"penalty": PENALTY})
    [line], [band] = ax.lines, ax.collections
    assert list(line.get_xdata()) == sorted(line.get_xdata())
    for x, y in zip(*line.get_data(), strict=True):
        setting = study.one(**PENALTY, strength=x)
        assert y == pytest.approx(np.mean(setting.accuracy.by_seed))
        [path] = band.get_paths()
        ends = {b for a, b in path.vertices.tolist() if a == x}
        assert {setting.accuracy.lowest, setting.accuracy.highest} <= ends


def test_what_has_no_place_is_a_level_line(study):
    dense = study.one(method="float")
    ax = draw(study, {"dense": {"method": "float"}, "penalty": PENALTY})
    assert set(ax.lines[0].get_ydata()) == {dense.accuracy.mean}
    assert ax.lines[0].get_marker() == ""
    assert draw(study, {"dense": [dense]}).lines[0].get_label() == "dense"


def test_lines_differ_in_more_than_shade_and_controls_are_gray(study):
    lines = {"a": PENALTY, "b": SHARES, "c": {"method": "float"}}
    ax = draw(study, lines, controls=["c"])
    looks = [(x.get_color(), x.get_linestyle()) for x in ax.lines]
    colors, styles = zip(*looks, strict=True)
    assert list(colors) == [*shades("pruning", 2), COLORS["float"]]
    assert len(set(styles)) == 3


def test_place_and_height_can_be_computed(study):
    ax = draw(study, {"a": PENALTY}, x=lambda s: -s.settings["strength"])
    assert max(ax.lines[0].get_xdata()) == 0
    drops = draw(study, {"a": PENALTY}, y="drop").lines[0].get_ydata()
    assert drops[0] == study.one(**PENALTY, strength=0).drop.mean


def test_lines_that_are_not_one_line_are_refused(study):
    with pytest.raises(ValueError, match="'both' must each have a place"):
        draw(study, {"both": {"method": "slimming"}})
    with pytest.raises(ValueError, match="'all' must each have a place"):
        draw(study, {"all": study.table()})
    with pytest.raises(ValueError, match="controls must be one of a; got 'b'"):
        draw(study, {"a": PENALTY}, controls=["b"])
    with pytest.raises(ValueError, match="family must be one of"):
        draw(study, {"a": PENALTY}, family="magic")
    with pytest.raises(ValueError, match="slimming must have rows, got none"):
        draw(study, {"a": {"method": "magic"}})
