"""Which weights share a scale: the fields, their shades and their names."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from mini_compress.figures import sharing


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def fields(ax):
    return np.asarray(ax.images[0].get_array())


def test_each_way_has_its_fields_dark_and_pale_in_turn():
    tensor, channel, group = sharing(4, 6, 3).axes
    assert (fields(tensor) == 0).all()
    assert fields(channel).tolist() == [[0] * 6, [1] * 6] * 2
    assert fields(group)[0].tolist() == [0, 0, 0, 1, 1, 1]
    assert fields(group)[1].tolist() == [1, 1, 1, 0, 0, 0]


def test_each_field_has_one_scale_in_its_middle():
    tensor, channel, group = sharing(4, 6, 2).axes
    assert [len(ax.texts) for ax in (tensor, channel, group)] == [1, 4, 12]
    assert tensor.texts[0].get_position() == (2.5, 1.5)
    assert group.texts[1].get_position() == (2.5, 0)
    assert group.texts[-1].get_text() == "$s_{12}$"


def test_inks_are_told_from_the_squares_they_stand_on():
    [_, channel, _] = sharing(2, 2, 1).axes
    assert [text.get_color() for text in channel.texts] == ["white", "#30353d"]


@pytest.mark.parametrize(
    ("sizes", "says"),
    [((4, 6, 4), "group_size must divide inner"), ((0, 6, 3), "outputs")],
)
def test_what_cannot_be_shared_is_refused(sizes, says):
    with pytest.raises(ValueError, match=says):
        sharing(*sizes)
