"""The drawing for a phone: narrow, nothing lost, nothing over the edge."""

import itertools
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from mini_compress import _narrow
from mini_compress.plotting import use_book_style


@pytest.fixture(autouse=True)
def book_style():
    with mpl.rc_context():
        use_book_style()
        yield
    plt.close("all")


def places(fig) -> list[tuple[int, int]]:
    """Return row and column of each panel."""
    specs = [ax.get_subplotspec() for ax in fig.axes if ax.get_subplotspec()]
    return [(x.rowspan.start, x.colspan.start) for x in specs]


def fits(fig) -> bool:
    """Return whether all that a figure draws is within its edges."""
    fig.draw_without_rendering()
    box = fig.get_tightbbox()  # in inches
    width, height = fig.get_size_inches()
    return box.min.min() > -0.01 and box.x1 <= width and box.y1 <= height


def test_panels_side_by_side_stand_one_under_another():
    fig, axes = plt.subplots(1, 3, figsize=(8, 3))
    for number, ax in enumerate(axes):
        ax.plot([0, number])
    tall = axes[0].get_window_extent().height
    _narrow.restack(fig)
    assert fig.get_figwidth() == _narrow.WIDTH
    assert places(fig) == [(0, 0), (1, 0), (2, 0)]
    assert axes[0].get_window_extent().height == pytest.approx(tall, rel=0.2)


def test_small_pictures_share_a_row_and_keep_their_form():
    fig, axes = plt.subplots(1, 4, figsize=(6, 1.6))
    for ax in axes:
        ax.imshow(np.eye(3))
    _narrow.restack(fig)
    assert places(fig) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    box = axes[-1].get_window_extent()
    assert box.width == pytest.approx(box.height)


def test_panels_that_stand_in_a_column_stay_as_they_are():
    fig, _ = plt.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    _narrow.restack(fig)
    high, low = (ax.get_window_extent().height for ax in fig.axes)
    assert high == pytest.approx(3 * low, rel=0.05)
    assert places(fig) == [(0, 0), (1, 0)]


def test_labels_that_neighbors_showed_come_back():
    fig, axes = plt.subplots(2, 2, sharex=True, sharey=True)
    fig.supxlabel("all")
    axes[0, 0].set_ylabel("up")
    axes[1, 1].set_xlabel("right")
    _narrow.restack(fig)
    assert axes[0, 1].get_ylabel() == "up"
    assert axes[0, 1].get_xlabel() == "right"
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            assert any(x.label1.get_visible() for x in axis.get_major_ticks())
    assert not axes[1, 0].get_ylabel()


def test_twins_and_scales_of_colors_move_along():
    fig, (left, right) = plt.subplots(1, 2)
    twin = right.twinx()
    drawn = left.imshow(np.eye(2))
    scale = fig.colorbar(drawn, ax=left)
    _narrow.restack(fig)
    assert twin.get_position().bounds == right.get_position().bounds
    beside, below = scale.ax.get_position(), right.get_position()
    assert beside.y0 > below.y1


def test_an_empty_place_is_given_up():
    fig, axes = plt.subplots(1, 2)
    axes[0].plot([1, 2])
    axes[1].set_axis_off()
    _narrow.restack(fig)
    assert fig.axes == [axes[0]]


def test_legends_get_fewer_columns_and_lose_nothing():
    fig, ax = plt.subplots()
    names = [f"a rather long name {x}" for x in range(5)]
    for number, name in enumerate(names):
        ax.plot([number], label=name)
    legend = fig.legend(loc="outside lower center", ncols=5)
    _narrow.restack(fig)
    fig.draw_without_rendering()
    assert legend.get_window_extent().width <= fig.bbox.width
    assert [x.get_text() for x in legend.get_texts()] == names
    assert fits(fig)
    assert legend.get_window_extent().y1 < ax.get_tightbbox().y0 + 2


def test_a_legend_beside_goes_above():
    fig, ax = plt.subplots()
    ax.plot([1, 2], label="a line of some length")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    _narrow.restack(fig)
    assert fits(fig)
    assert ax.get_legend().get_window_extent().y0 >= ax.bbox.y1 - 1
    assert ax.bbox.width > 0.6 * fig.bbox.width


def test_long_lines_are_broken():
    fig, ax = plt.subplots()
    words = "a title that is far longer than a phone is wide, and then some"
    ax.set_title(words)
    ax.set(xlabel=words, ylabel=words)
    _narrow.restack(fig)
    assert ax.get_title(loc="left").replace("\n", " ") == words
    assert fits(fig)


def test_long_names_beside_a_plot_are_broken_and_leave_it_room():
    fig, ax = plt.subplots(figsize=(6, 1.4))
    names = [f"a name of many words, and the number {x}" for x in range(4)]
    ax.barh(names, [1, 2, 3, 4])
    _narrow.restack(fig)
    labels = ax.get_yticklabels()
    assert [x.get_text().replace("\n", " ") for x in labels] == names
    assert fits(fig)
    assert ax.bbox.width > 0.5 * fig.bbox.width
    boxes = [x.get_window_extent() for x in labels]
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_a_legend_on_the_curve_goes_above():
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0.9, 1], label="level")
    ax.plot([0, 1], [0.95, 1], label="nearly")
    ax.set_ylim(0.8, 1)
    legend = ax.legend(loc="center right")
    _narrow.restack(fig)
    fig.draw_without_rendering()
    assert legend.get_window_extent().y0 < ax.bbox.y1  # it covers nothing
    ax.plot([0.8] * 50, list(np.linspace(0.8, 1, 50)))
    _narrow.restack(fig)
    fig.draw_without_rendering()
    assert legend.get_window_extent().y0 >= ax.bbox.y1 - 1


def test_numbers_in_squares_shrink_with_them():
    fig, ax = plt.subplots(figsize=(7.2, 4))
    ax.imshow(np.zeros((2, 12)))
    text = ax.text(0, 0, "1", fontsize=10)
    fig.draw_without_rendering()
    wide = ax.bbox.width / fig.dpi
    _narrow.restack(fig)
    assert text.get_fontsize() == pytest.approx(36 / wide, rel=0.1)
    assert wide > _narrow.WIDTH


def test_an_axis_from_right_to_left_keeps_its_labels():
    fig, ax = plt.subplots()
    ax.plot([2, 3, 4], [1, 2, 3])
    ax.set_xticks([2, 3, 4])
    ax.invert_xaxis()
    _narrow.restack(fig)
    assert all(x.label1.get_visible() for x in ax.xaxis.get_major_ticks())


def test_ticks_that_would_touch_are_left_out():
    fig, ax = plt.subplots()
    ax.plot([1, 300], [0, 1])
    ax.set_xscale("log")
    ranks = [1, 2, 5, 10, 20, 25, 30, 40, 50, 100, 300]
    ax.set_xticks(ranks, ranks)
    _narrow.restack(fig)
    fig.draw_without_rendering()
    shown = [x.label1 for x in ax.xaxis.get_major_ticks()]
    boxes = [x.get_window_extent() for x in shown if x.get_visible()]
    assert 6 <= len(boxes) < len(ranks)
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


def test_one_drawing_holds_both():
    fig, axes = plt.subplots(1, 2)
    axes[0].plot([1, 2])
    text = _narrow.draw_twice(fig)
    sizes = re.findall(r'<svg[^>]* width="([\d.]+)pt"', text)
    assert [float(size) for size in sizes] == [432, 72 * _narrow.WIDTH]
    assert text.count('class="narrow" display="none"') == 1
    assert "<dc:date>" not in text


def draw_line(left: float, end: float = 2) -> str:
    """Draw a line between edges of which the left one is given."""
    fig, ax = plt.subplots(layout="none")
    fig.subplots_adjust(left=left)
    ax.plot([1, end])
    return _narrow.draw_twice(fig)


def test_the_last_digit_of_a_place_changes_nothing():
    left = 0.1
    assert draw_line(left) == draw_line(np.nextafter(left, 1))


def test_no_two_drawings_share_a_name_of_what_clips_them():
    clips = []
    for text in (draw_line(0.1), draw_line(0.1, end=3)):
        clips += re.findall('<clipPath id="(.+?)"', text)
        assert set(re.findall(r'="url\(#(.+?)\)', text)) <= set(clips)
    assert len(clips) == len(set(clips)) == 4


def test_a_legend_anchored_inside_does_not_push_the_plot_away():
    fig, ax = plt.subplots(figsize=(6, 3))
    ax.plot([0, 1], label="a name that is as long as that of a device")
    ax.legend(loc="center left", bbox_to_anchor=(0.5, 0.3))
    _narrow.restack(fig)
    assert fits(fig)
    assert ax.bbox.width > 0.6 * fig.bbox.width
