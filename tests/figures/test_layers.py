"""Names of layers, their shares, and what the pictures show of them."""

import pytest
from matplotlib.figure import Figure

from mini_compress.figures.layers import (
    BELOW,
    LAYER_LOOKS,
    REST,
    label_layers,
    name_layers,
    plot_batches,
    plot_parameters_and_macs,
    share_of_layers,
)
from mini_compress.hardware import DEVICES, layer_costs, model_time
from mini_compress.models import build


@pytest.fixture
def cost():
    return layer_costs(build("LeNet5", seed=0))


def test_layers_are_named_by_kind_and_number(cost):
    counted = [label for label in label_layers(cost) if label != REST]
    assert [*counted, REST] == list(LAYER_LOOKS)


def test_shares_add_up_and_the_rest_comes_last(cost):
    shares = share_of_layers(cost, [x.macs for x in cost.layers])
    assert list(shares) == list(LAYER_LOOKS)
    assert sum(shares.values()) == pytest.approx(100)
    assert shares["conv 2"] == pytest.approx(100 * 1_600_000 / cost.macs)
    assert shares[REST] == 0


def test_two_bars_for_each_layer(cost):
    axes = plot_parameters_and_macs(Figure().subplots(), cost)
    assert len(axes.patches) == 2 * 4
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [label for label in LAYER_LOOKS if label != REST]


def test_names_stand_on_the_roof(cost):
    axes = name_layers(Figure().subplots(), cost, "stm32h743")
    names = {text.get_text(): text.xy for text in axes.texts}
    assert list(names) == [label for label in LAYER_LOOKS if label != REST]
    peak = DEVICES["stm32h743"].macs_per_second["float32"] / 1e9
    assert names["conv 2"][1] == pytest.approx(peak)


def test_a_name_can_be_put_elsewhere(cost):
    places = {"conv 2": (0, 6)}
    axes = name_layers(Figure().subplots(), cost, "stm32h743", places=places)
    found = {text.get_text(): text.get_position() for text in axes.texts}
    assert found.pop("conv 2") == (0, 6)
    assert set(found.values()) == {BELOW}


def test_the_stack_is_as_high_as_the_time_of_one_image(cost):
    axes = plot_batches(Figure().subplots(), cost, "ryzen_7_8845hs", [1, 8, 64])
    assert len(axes.collections) == len(LAYER_LOOKS)
    heights = [x.get_paths()[0].get_extents().y1 for x in axes.collections]
    expected = model_time(cost, "ryzen_7_8845hs").time_ms
    assert max(heights) == pytest.approx(expected)
    assert "roofline, cold cache" in axes.get_ylabel()
