"""Fronts of accuracy over cost: what is drawn, and what none beats."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mini_compress import figures
from mini_compress.plotting import MARKERS
from mini_compress.studies import fronts

WORST = 80


@pytest.fixture(scope="module")
def points():
    return fronts.collect("LeNet5", "fashion_mnist")


def drawn(ax):
    """Return the ends of the gray line, the front."""
    [line] = [x for x in ax.lines if x.get_color() == "0.6"]
    return np.array(line.get_data())


def test_families_hold_every_point_once(points):
    groups = figures.by_family(points)
    found = [x for _, some in groups.values() for x in some]
    assert len(found) == len(points) and {*map(id, found)} == {*map(id, points)}
    assert [x.setting.method for x in groups["float32"][1]] == ["float"]
    assert all(x.epochs for x in groups["small"][1])


def test_no_point_is_above_the_front(points):
    ax = figures.plot_front(
        figures.by_family(points), ax=Figure().subplots(), worst=WORST
    )
    sizes, means = drawn(ax)
    assert np.all(np.diff(sizes) > 0) and np.all(np.diff(means) > 0)
    for point in points:
        if point.accuracy.mean > WORST:
            no_longer = sizes <= point.num_bytes.mean / 1000
            assert means[no_longer].max() >= point.accuracy.mean


def test_a_front_of_time_is_another_one(points):
    def ms(point):
        return fronts.costs(point, "stm32h743").ms

    timed = [x for x in points if ms(x)]
    ax = figures.plot_front(
        figures.by_family(timed),
        ax=Figure().subplots(),
        worst=WORST,
        cost=ms,
        label="time (ms)",
    )
    assert ax.get_xlabel() == "time (ms)"
    front = [x for x in fronts.pareto(timed, ms) if x.accuracy.mean > WORST]
    assert np.allclose(drawn(ax)[0], [ms(x) for x in front])
    by_file = [x.name for x in fronts.pareto(timed)]
    assert [x.name for x in front] != by_file


def test_only_the_whole_network_is_a_large_star(points):
    ax = figures.plot_front(figures.by_family(points), ax=Figure().subplots())
    stars = [x for x in ax.lines if x.get_marker() == MARKERS["float"]]
    assert [x.get_markersize() for x in stars] == [11]


def test_panels_share_one_legend(points):
    fig = Figure(layout="constrained")
    figures.plot_fronts(
        {"all": points, "few": points[:20]}, axes=fig.subplots(1, 2)
    )
    [legend] = fig.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == list(figures.by_family(points))


def test_an_empty_family_has_no_entry(points):
    assert "combined" not in figures.by_family(points)
