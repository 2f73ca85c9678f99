"""A residual block: what leaves one wire of the sum leaves all of them."""

import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from mini_compress.figures import residual_block
from mini_compress.plotting import COLORS


def lines(removed, *, family="pruning"):
    ax = residual_block(removed, ax=Figure().subplots())
    return [x for x in ax.lines if same_color(x.get_color(), COLORS[family])]


@pytest.mark.parametrize("removed", [[], [0], [1, 3], [0, 1, 2, 3]])
def test_a_removed_channel_is_dotted_on_all_wires_of_the_sum(removed):
    wires = [line for line in lines(removed) if len(line.get_xdata()) > 1]
    assert len(wires) == 4 * 4  # channels, wires
    dotted = [x for x in wires if x.get_linestyle() == ":"]
    assert len(dotted) == 4 * len(removed)


def test_the_first_channel_is_the_upper_one():
    [start, *_] = [x for x in lines([0]) if x.get_linestyle() == ":"]
    assert start.get_ydata()[0] == max(x.get_ydata()[0] for x in lines([0]))


def test_channels_within_the_block_stay():
    within = lines(range(4), family="float")
    assert "-" in {x.get_linestyle() for x in within}
    assert ":" not in {x.get_linestyle() for x in within}


def test_there_are_four_channels():
    with pytest.raises(ValueError, match="removed"):
        residual_block([4], ax=Figure().subplots())
