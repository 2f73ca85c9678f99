"""Where numbers live: memories as boxes, and what reading one number costs."""

from typing import TYPE_CHECKING, NamedTuple

from ..hardware.energy import BYTE_PJ, DRAM_RANGE, MAC_PJ
from ..plotting import COLORS, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBER_BYTES = 4  # of a float32
# the width of a box as a share of the longest bar: room for its name, and more
# with each doubling of the memory
NARROWEST, GROWTH = 0.38, 0.008
INK = COLORS["float"]


class _Level(NamedTuple):
    """A memory: its name, log2 of its bytes, picojoules of a number."""

    name: str
    log_bytes: int
    low_pj: float
    high_pj: float


def memory_hierarchy(*, ax: "Axes") -> "Axes":
    """Draw the cores, three caches and DRAM, and the energy of one float32.

    Left: a box for each memory, wider the larger it is. Right: a bar for the
    picojoules of reading four bytes from it, and at the top of a multiplication
    with its addition. Of a 45 nm chip [horowitz2014computing]; the lighter part
    of DRAM's bar is the range that is given there.

    >>> from matplotlib.figure import Figure
    >>> ax = memory_hierarchy(ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts][::4]
    ['multiply, add', 'cache, 32 KB', 'DRAM, GB']
    """
    levels = _list_levels()
    longest = max(level.high_pj for level in levels)
    gap, (dark, _, light) = 0.02 * longest, shades("low_rank", 3)
    for row, level in enumerate(levels):
        width = longest * (NARROWEST + GROWTH * level.log_bytes)
        ax.barh(row, -width, 0.72, color="none", edgecolor=INK, linewidth=1.2)
        ax.text(-gap, row, level.name, ha="right", va="center")
        ax.barh(row, level.low_pj, 0.5, color=dark)
        more_pj = level.high_pj - level.low_pj
        if more_pj:
            said = f"{level.low_pj:,.0f}\N{EN DASH}{level.high_pj:,.0f} pJ"
            ax.barh(row, more_pj, 0.5, level.low_pj, color=light)
            ax.text(gap, row, said, va="center", color="white")
        else:
            said = f"{level.low_pj:.3g} pJ"
            ax.text(level.low_pj + gap, row, said, va="center")
    ax.set(xlim=(-0.67 * longest, 1.02 * longest))
    ax.set_ylim(len(levels) - 0.5, -0.5)
    ax.axis("off")
    return ax


def _list_levels() -> list[_Level]:
    mac = MAC_PJ["float32"]
    levels = [_Level("multiply, add", 10, mac, mac)]  # narrower than any cache
    for name, kind, log_bytes in (
        ("cache, 8 KB", "sram_8kb", 13),
        ("cache, 32 KB", "sram_32kb", 15),
        ("cache, 1 MB", "sram_1mb", 20),
    ):
        pj = NUMBER_BYTES * BYTE_PJ[kind]
        levels.append(_Level(name, log_bytes, pj, pj))
    low, high = (NUMBER_BYTES * x for x in DRAM_RANGE)
    return [*levels, _Level("DRAM, GB", 34, low, high)]
