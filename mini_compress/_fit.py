"""Make what is written on a figure fit, after it got narrower."""

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

ROOM = 0.97  # of a length: what a line of text may fill
PLOT = 0.6  # of the width: what names beside a plot should leave to it
NAME = 18  # letters of a line of such a name
LINE = 0.17  # inches of such a line


def fit_legend(legend: "Legend") -> None:
    """Take columns from a legend until it fits; put it where it covers little.

    What lay beside its panel, or would cover what is drawn, goes above it.
    """
    fig, ax = legend.figure, legend.axes
    most = legend._ncols  # type: ignore[attr-defined]
    if ax is None:
        _pack(legend, most, fig.bbox.width)
        return
    box = legend.get_window_extent()
    outside = box.x0 >= ax.bbox.x1 - 1 or box.y0 >= ax.bbox.y1 - 1
    if not outside:
        _pack(legend, most, ax.bbox.width)
        over = legend.get_window_extent().x1 > fig.bbox.width
        covers = _covers(legend) and not ax.get_title(loc="left")
        outside = over or covers
    if outside:
        legend.set_loc("lower right")
        legend.set_bbox_to_anchor((1, 1), ax.transAxes)
        _pack(legend, len(legend.get_texts()), fig.bbox.width)


def _covers(legend: "Legend") -> bool:
    """Return whether a legend lies on lines, marks or bars."""
    ax, box = legend.axes, legend.get_window_extent()
    dots = [ax.transData.transform(x.get_xydata()) for x in ax.lines]
    dots += [ax.transData.transform(x.get_offsets()) for x in ax.collections]
    bars = [bar.get_window_extent() for bar in ax.patches]
    return any(map(box.count_contains, dots)) or box.count_overlaps(bars) > 0


def _pack(legend: "Legend", most: int, space: float) -> None:
    """Put the entries of a legend into as many columns as fit, in pixels."""
    from matplotlib.offsetbox import VPacker

    box = legend._legend_handle_box  # type: ignore[attr-defined]
    old = box.get_children()
    entries = [entry for column in old for entry in column.get_children()]
    look = {name: getattr(old[0], name) for name in ("pad", "sep", "align")}
    for columns in range(most, 0, -1):
        size = -(-len(entries) // columns)
        box._children = [
            VPacker(children=entries[at : at + size], **look)
            for at in range(0, len(entries), size)
        ]
        box.set_figure(legend.figure)
        if legend.get_window_extent().width <= ROOM * space:
            return


def fit_texts(fig: "Figure", ax: "Axes") -> None:
    """Break the lines of a title and of labels where they are too long."""
    width, box = ax.figure.bbox.width, ax.bbox
    _fit(ax.title, width - box.x0)
    _fit(ax._left_title, width - box.x0)  # type: ignore[attr-defined]
    middle = (box.x0 + box.x1) / 2
    _fit(ax.xaxis.label, 2 * min(middle, width - middle))
    upright = ax.yaxis.label.get_rotation() == 90
    _fit(ax.yaxis.label, 1.2 * box.height if upright else 0.4 * width)
    names = [text.get_text() for text in ax.get_yticklabels()]
    if box.width < PLOT * width and max(map(len, names), default=0) > NAME:
        _break_names(fig, ax, names)


def _break_names(fig: "Figure", ax: "Axes", names: list[str]) -> None:
    """Break the names beside a plot, and make room for their lines."""
    broken = [textwrap.fill(name, NAME) for name in names]
    ax.set_yticks(ax.get_yticks(), broken)
    most = 1 + max(name.count("\n") for name in broken)
    missing = most * (len(names) + 0.5) * LINE - ax.bbox.height / fig.dpi
    fig.set_figheight(fig.get_figheight() + max(0, missing))


def _fit(text: "Text", space: float) -> None:
    """Break the lines of a text that is longer than the space, in pixels."""
    box = text.get_window_extent()
    share = ROOM * space / max(box.width, box.height, 1)
    lines = text.get_text().split("\n")
    if share < 1:
        most = int(share * max(map(len, lines)))
        text.set_text("\n".join(textwrap.fill(x, most) for x in lines))


def thin_out(axis: "Axis") -> None:
    """Leave out labels of an axis that would touch the one before."""
    end = float("-inf")
    low, high = sorted(axis.get_view_interval())
    ticks = [x for x in axis.get_major_ticks() if low <= x.get_loc() <= high]
    for tick in sorted(ticks, key=lambda x: x.label1.get_window_extent().x0):
        box = tick.label1.get_window_extent()
        if not box.width:
            continue
        if box.x0 < end:
            tick.label1.set_visible(False)
        else:
            end = box.x1 + 2
