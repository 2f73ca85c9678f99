"""Names of layers, their shares, and what the pictures show of them."""

import dataclasses
import itertools

import pytest
from matplotlib.figure import Figure

from mini_compress.figures.layers import (
    BELOW,
    LAYER_LOOKS,
    REST,
    label_layers,
    name_layers,
    plot_batches,
    plot_shares,
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


def test_shares_of_four_costs_are_drawn_as_they_are_returned(cost):
    axes = Figure().subplots()
    shares = plot_shares(axes, cost, "ryzen_7_8845hs")
    assert list(shares) == ["parameters", "MACs", "time", "energy"]
    assert len(axes.patches) == 4 * len(LAYER_LOOKS)
    widths = [bar.get_width() for bar in axes.patches]
    for row, bar in enumerate(shares.values()):
        assert widths[row::4] == pytest.approx([*bar.values()])
        assert sum(bar.values()) == pytest.approx(100)
    time = model_time(cost, "ryzen_7_8845hs")
    [first] = [x for x in time.layers if x.layer.name == "classifier.1"]
    expected = 100 * first.time_ms / time.time_ms
    assert shares["time"]["linear 1"] == pytest.approx(expected)


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
    device = dataclasses.replace(DEVICES["ryzen_7_8845hs"], overhead_s=1e-5)
    axes = plot_batches(Figure().subplots(), cost, device, [1, 8, 64])
    heights = [x.get_paths()[0].get_extents().y1 for x in axes.collections]
    parts = [1e3 * x for x in model_time(cost, device).parts.values()]
    assert heights == pytest.approx([*itertools.accumulate(parts)])
    assert parts[0] == pytest.approx(9 * 10)  # all layers but Flatten
    assert axes.get_ylabel() == "µs per image"
