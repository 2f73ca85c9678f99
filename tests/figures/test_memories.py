"""The memories that numbers live in, drawn with what a number costs."""

import pytest
from matplotlib.figure import Figure

from mini_compress.figures import memory_hierarchy
from mini_compress.hardware.energy import BYTE_PJ, MAC_PJ


def test_bars_are_as_long_as_the_energies_of_four_bytes():
    ax = memory_hierarchy(ax=Figure().subplots())
    bars = [bar for bar in ax.patches if bar.get_width() > 0]
    ends = {}
    for bar in bars:
        row = round(bar.get_y() + bar.get_height() / 2)
        ends.setdefault(row, []).append(bar.get_x() + bar.get_width())
    kinds = ("sram_8kb", "sram_32kb", "sram_1mb")
    assert [ends[row][0] for row in range(4)] == pytest.approx(
        [MAC_PJ["float32"], *(4 * BYTE_PJ[kind] for kind in kinds)]
    )
    assert ends[4] == pytest.approx([4 * BYTE_PJ["dram"], 1300])


def test_boxes_grow_from_the_cores_outward():
    ax = memory_hierarchy(ax=Figure().subplots())
    widths = [-bar.get_width() for bar in ax.patches if bar.get_width() < 0]
    assert len(widths) == 5 and widths == sorted(widths)
    assert max(widths) <= -ax.get_xlim()[0]
