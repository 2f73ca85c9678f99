"""A figure drawn twice: for a window, and for the width of a phone.

On a phone, the type of a figure six inches wide gets too small to read. Its
second drawing is narrower, with type as large: panels stand one under another,
legends have fewer columns, long titles more lines.
"""

import textwrap
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

    Panel = list[Axes]  # those that share a place, as twins do

WIDTH = 3.6  # inches: a phone shows type of 9 points as large as its own
SHRINK = 0.88  # how much narrower a picture may get, for more in a row
GAP = 0.08  # inches that constrained layout leaves between rows
ROOM = 0.97  # of a length: what a line of text may fill


def draw_twice(fig: "Figure") -> str:
    """Return the SVG of a figure, in it a second one for a phone.

    The second has the class "narrow" and is not displayed where nobody asks
    for it. The figure is narrow afterwards.

    >>> from matplotlib.figure import Figure
    >>> fig = Figure(layout="constrained")
    >>> _ = fig.subplots(1, 2)
    >>> draw_twice(fig).count("<svg")
    2
    >>> float(fig.get_figwidth())
    3.6
    """
    from IPython.core.pylabtools import print_figure

    def draw() -> str:  # without a date: the same figure, the same text
        return print_figure(
            fig, "svg", bbox_inches=None, metadata={"Date": None}
        )

    wide = draw()
    restack(fig)
    narrow = draw()
    inner = narrow[narrow.index("<svg") :].replace(
        "<svg", '<svg class="narrow" display="none"', 1
    )
    return f"{wide[: wide.rindex('</svg>')]}{inner}</svg>"


def restack(fig: "Figure") -> None:
    """Make a figure narrow, in place: its panels in rows that fit."""
    fig.draw_without_rendering()
    rows = _find_rows(fig)
    parts = [part for row in rows for part in _split(row, _columns_of(row))]
    heights = [max(_height_of(x, len(row)) for x in row) for row in parts]
    around = sum(max(map(_height_around, row)) + GAP for row in parts)
    if len(parts) > len(rows):
        _show_labels(rows)
        _place(fig, parts, heights)
    legends = [*fig.legends, *filter(None, (x.get_legend() for x in fig.axes))]
    before = sum(map(_height_of_legend, fig.legends))
    fig.set_size_inches(WIDTH, sum(heights) + around + before)
    fig.draw_without_rendering()
    for legend in legends:
        _fit_legend(legend)
    more = sum(map(_height_of_legend, fig.legends)) - before
    fig.set_figheight(fig.get_figheight() + more)
    fig.draw_without_rendering()
    for ax in fig.axes:
        _fit_texts(ax)
    fig.draw_without_rendering()
    for ax in fig.axes:
        _thin_out(ax.xaxis)


def _find_rows(fig: "Figure") -> "list[list[Panel]]":
    """Return the panels of each row of a figure's grid, from the left.

    What stands beside a panel, as a scale of colors, has no place of its own.
    """
    grid: dict[int, dict[int, Panel]] = defaultdict(lambda: defaultdict(list))
    for ax in fig.axes:
        place = ax.get_subplotspec()
        if place is None:
            continue
        if ax.axison or ax.has_data():
            grid[place.rowspan.start][place.colspan.start].append(ax)
        else:
            ax.remove()
    return [
        [panel for _, panel in sorted(row.items())]
        for _, row in sorted(grid.items())
    ]


def _columns_of(row: "list[Panel]") -> int:
    """Return how many panels of a row stand side by side on a phone."""
    width = row[0][0].get_figure().get_figwidth() / len(row)
    least = width if row[0][0].get_aspect() == "auto" else SHRINK * width
    return max(1, int(WIDTH / least))


def _split(row: "list[Panel]", columns: int) -> "list[list[Panel]]":
    """Divide a row into as few parts as possible, about equally long."""
    parts = -(-len(row) // columns)
    size = -(-len(row) // parts)
    return [row[at : at + size] for at in range(0, len(row), size)]


def _height_of(panel: "Panel", neighbors: int) -> float:
    """Return the height of a panel on a phone, in inches."""
    box = panel[0].get_window_extent()
    height = box.height / panel[0].get_figure().dpi
    if panel[0].get_aspect() == "auto":
        return height
    return min(height, WIDTH / neighbors * box.height / box.width)


def _height_around(panel: "Panel") -> float:
    """Return how much higher titles and labels make a panel, in inches."""
    boxes = [ax.get_tightbbox() for ax in panel]
    outer = max(x.y1 for x in boxes) - min(x.y0 for x in boxes)
    inner = panel[0].get_window_extent().height
    return (outer - inner) / panel[0].get_figure().dpi


def _place(
    fig: "Figure", rows: "list[list[Panel]]", heights: Sequence[float]
) -> None:
    """Put panels into a grid of their own; one alone takes the whole row."""
    columns = max(map(len, rows))
    grid = fig.add_gridspec(len(rows), columns, height_ratios=heights)
    for place, row in enumerate(rows):
        for column, panel in enumerate(row):
            cell = grid[place, column] if len(row) > 1 else grid[place, :]
            for ax in panel:
                ax.set_subplotspec(cell)


def _show_labels(rows: "list[list[Panel]]") -> None:
    """Give panels the labels that they left to their neighbors."""
    for row in rows:
        for panel in row[1:]:
            _take_labels(panel[0].yaxis, row[0][0].yaxis)
    for row in rows[:-1]:
        for panel, below in zip(row, rows[-1], strict=False):
            _take_labels(panel[0].xaxis, below[0].xaxis)


def _take_labels(axis: "Axis", other: "Axis") -> None:
    """Show on an axis what only its neighbor shows."""
    name = "labelbottom" if axis.axis_name == "x" else "labelleft"
    shown = other.get_tick_params().get(name, True)
    if shown and not axis.get_tick_params().get(name, True):
        axis.set_tick_params(**{name: True})
        axis.set_label_text(other.get_label_text())
        axis.label.set_visible(True)


def _height_of_legend(legend: "Legend") -> float:
    """Return the height of a legend, in inches."""
    return legend.get_window_extent().height / legend.get_figure().dpi


def _fit_legend(legend: "Legend") -> None:
    """Take columns from a legend until it fits; what lies beside goes above."""
    fig, ax = legend.get_figure(), legend.axes
    most, space = legend._ncols, fig.bbox.width
    if ax is not None and legend.get_window_extent().x0 >= ax.bbox.x1 - 1:
        legend.set_loc("lower left")
        legend.set_bbox_to_anchor((0, 1), ax.transAxes)
        most = len(legend.get_texts())
    elif ax is not None:
        space = ax.bbox.width
    for columns in range(most, 0, -1):
        _pack(legend, columns)
        if legend.get_window_extent().width <= ROOM * space:
            return


def _pack(legend: "Legend", columns: int) -> None:
    """Put the entries of a legend into so many columns."""
    from matplotlib.offsetbox import VPacker

    box = legend._legend_handle_box  # type: ignore[attr-defined]
    old = box.get_children()
    entries = [entry for column in old for entry in column.get_children()]
    size = -(-len(entries) // columns)
    look = {name: getattr(old[0], name) for name in ("pad", "sep", "align")}
    box._children = [
        VPacker(children=entries[at : at + size], **look)
        for at in range(0, len(entries), size)
    ]
    box.set_figure(legend.get_figure())


def _fit_texts(ax: "Axes") -> None:
    """Break the lines of a title and of labels where they are too long."""
    width, box = ax.get_figure().bbox.width, ax.bbox
    _fit(ax.title, width - box.x0)
    _fit(ax._left_title, width - box.x0)  # type: ignore[attr-defined]
    middle = (box.x0 + box.x1) / 2
    _fit(ax.xaxis.label, 2 * min(middle, width - middle))
    _fit(ax.yaxis.label, 1.2 * box.height)


def _fit(text: "Text", space: float) -> None:
    """Break the lines of a text that is longer than the space, in pixels."""
    box = text.get_window_extent()
    share = ROOM * space / max(box.width, box.height, 1)
    lines = text.get_text().split("\n")
    if share < 1:
        most = int(share * max(map(len, lines)))
        text.set_text("\n".join(textwrap.fill(x, most) for x in lines))


def _thin_out(axis: "Axis") -> None:
    """Leave out labels of an axis that would touch the one before."""
    end = float("-inf")
    low, high = sorted(axis.get_view_interval())
    for tick in axis.get_major_ticks():
        box = tick.label1.get_window_extent()
        if not box.width or not low <= tick.get_loc() <= high:
            continue
        if box.x0 < end:
            tick.label1.set_visible(False)
        else:
            end = box.x1 + 2
