"""Chains of convolutions: their channels to one scale, in order."""

import pytest
from matplotlib.figure import Figure
from torch import nn

from mini_compress.figures import chains
from mini_compress.layers import TuckerConv2d

WHOLE = nn.Conv2d(20, 50, 5)


def draw(ranks):
    axes = Figure().subplots(2)
    parts = list(TuckerConv2d.from_conv(WHOLE, ranks).children())
    chains({"whole": [WHOLE], "Tucker": parts}, axes)
    return axes


def bars_of(ax):
    return [float(line.get_ydata()[1] * 2) for line in ax.lines]


@pytest.mark.parametrize("ranks", [(25, 10), (8, 4), (50, 20)])
def test_bars_are_as_high_as_the_channels_are_many(ranks):
    whole, tucker = draw(ranks)
    outputs, inputs = ranks
    assert bars_of(whole) == [20, 50]
    assert bars_of(tucker) == [20, inputs, outputs, 50]
    assert whole.get_ylim() == tucker.get_ylim()
    assert whole.get_xlim() == tucker.get_xlim()


def test_each_piece_says_its_filter_and_its_weights():
    texts = [text.get_text() for text in draw((25, 10))[1].texts]
    assert texts[1::2] == ["1 x 1\n200", "5 x 5\n6,250", "1 x 1\n1,250"]
    assert texts[::2] == ["20", "10", "25", "50"]


def test_pieces_follow_each_other():
    starts = [line.get_xdata()[0] for line in draw((25, 10))[1].lines]
    assert starts == sorted(starts)
    assert len(set(starts)) == 4


def test_an_unknown_family_is_an_error():
    with pytest.raises(ValueError, match="family must be one of"):
        chains({"one": [WHOLE]}, [Figure().subplots()], family="tucker")
