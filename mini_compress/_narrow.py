"""A figure drawn twice: for a window, and for the width of a phone.

On a phone, the type of a figure six inches wide gets too small to read. Its
second drawing is narrower, with type as large: panels stand one under another,
legends have fewer columns, long titles more lines.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._fit import fit_legend, fit_texts, thin_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

    Panel = list[Axes]  # those that share a place, as twins do

WIDTH = 3.6  # inches: a phone shows type of 9 points as large as its own
SHRINK = 0.75  # how much narrower a picture may get, for more in a row
GAP = 0.08  # inches that constrained layout leaves between rows
CLIP = re.compile(r'(<clipPath id="|clip-path="url\(#)([\w-]+)')


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

    wide = _number_clips(draw(), "wide")
    restack(fig)
    narrow = _number_clips(draw(), "narrow")
    inner = narrow[narrow.index("<svg") :].replace(
        "<svg", '<svg class="narrow" display="none"', 1
    )
    both = f"{wide[: wide.rindex('</svg>')]}{inner}</svg>"
    # a page may hold several figures, whose clips would bear the same names
    own = hashlib.sha256(both.encode()).hexdigest()[:8]
    return CLIP.sub(rf"\1p{own}-\2", both)


def _number_clips(drawing: str, name: str) -> str:
    """Name what clips a drawing by the order in which it is used.

    Matplotlib's names are hashes of all digits of its place, and the last of
    them may differ when the same figure is drawn again.
    """
    numbers: dict[str, int] = {}
    return CLIP.sub(
        lambda x: f"{x[1]}{name}{numbers.setdefault(x[2], len(numbers))}",
        drawing,
    )


def restack(fig: "Figure") -> None:
    """Make a figure narrow, in place: its panels in rows that fit."""
    _lay_out(fig)
    rows = _find_rows(fig)
    parts = [
        part for row in rows for part in _split(row, _columns_of(fig, row))
    ]
    for row in parts:
        for panel in row:
            _shrink_words(panel[0], len(row))
    heights = [max(_height_of(x, len(row)) for x in row) for row in parts]
    around = sum(max(map(_height_around, row)) + GAP for row in parts)
    if len(parts) > len(rows):
        _show_labels(rows)
        _place(fig, parts, heights)
    legends = [*fig.legends, *filter(None, (x.get_legend() for x in fig.axes))]
    before = sum(map(_height_of_legend, fig.legends))
    fig.set_size_inches(WIDTH, sum(heights) + around + before)
    for legend in legends:  # as wide as it still is, it would leave no room
        legend.set_in_layout(False)
    _lay_out(fig)
    for legend in legends:
        fit_legend(legend)
        legend.set_in_layout(True)
    more = sum(map(_height_of_legend, fig.legends)) - before
    fig.set_figheight(fig.get_figheight() + more)
    _lay_out(fig)
    for ax in fig.axes:
        fit_texts(fig, ax)
    fig.draw_without_rendering()
    for ax in fig.axes:
        thin_out(ax.xaxis)


def _lay_out(fig: "Figure") -> None:
    """Put everything in its place, as drawing would, in half of the time."""
    engine = fig.get_layout_engine()
    if engine is None:
        fig.draw_without_rendering()
        return
    engine.execute(fig)
    for ax in fig.axes:
        ax.apply_aspect()


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


def _columns_of(fig: "Figure", row: "list[Panel]") -> int:
    """Return how many panels of a row stand side by side on a phone."""
    width = fig.get_figwidth() / len(row)
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
    height = box.height / panel[0].figure.dpi
    if panel[0].get_aspect() == "auto":
        return height
    return min(height, WIDTH / neighbors * box.height / box.width)


def _shrink_words(ax: "Axes", neighbors: int) -> None:
    """Make what is written into squares as much smaller as they get."""
    width = ax.get_window_extent().width / ax.figure.dpi
    share = WIDTH / neighbors / width
    if ax.get_aspect() != "auto" and share < 1:
        for text in ax.texts:
            text.set_fontsize(share * float(text.get_fontsize()))


def _height_around(panel: "Panel") -> float:
    """Return how much higher titles and labels make a panel, in inches."""
    boxes = [x for x in (ax.get_tightbbox() for ax in panel) if x]
    outer = max(x.y1 for x in boxes) - min(x.y0 for x in boxes)
    inner = panel[0].get_window_extent().height
    return (outer - inner) / panel[0].figure.dpi


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
    name = "labelbottom" if axis is axis.axes.xaxis else "labelleft"
    shown = other.get_tick_params().get(name, True)
    if shown and not axis.get_tick_params().get(name, True):
        axis.axes.tick_params("both", **{name: True})
        axis.set_label_text(other.get_label_text())
        axis.label.set_visible(True)


def _height_of_legend(legend: "Legend") -> float:
    """Return the height of a legend, in inches."""
    return legend.get_window_extent().height / legend.figure.dpi
