"""The picture of a roofline: a roof for each device, a mark for each layer."""

import matplotlib
import pytest
from matplotlib.figure import Figure

from mini_compress.figures import plot_roofline
from mini_compress.hardware import (
    DEVICES,
    DeviceProfile,
    LayerCost,
    ModelCost,
    layer_costs,
)
from mini_compress.models import build

matplotlib.use("agg")


def layer(macs, num_bytes, **more):
    return LayerCost("fc", "Linear", (1,), macs, num_bytes, 0, 0, **more)


def device():
    return DeviceProfile("test", "paper", {"float32": 1e9}, 1e9, "dram", {})


def test_plot_draws_a_roof_for_each_device_and_a_point_for_each_layer():
    cost = layer_costs(build("LeNet5", seed=0))
    axes = Figure().subplots()
    assert plot_roofline(axes, cost, ["stm32h743", "a100_40gb"]) is axes
    roofs = axes.get_lines()
    assert [x.get_label() for x in roofs] == [
        "STM32H743, float32",
        "A100 40GB, float32",
    ]
    intensities = {x.intensity for x in cost.layers if x.macs}
    for roof in roofs:
        marked = {roof.get_xdata()[i] for i in roof.get_markevery()}
        assert marked == intensities
    assert axes.get_xlabel() == "arithmetic intensity (MACs per byte)"
    assert axes.get_ylabel() == "rate at most (GMAC/s)"
    peak = DEVICES["stm32h743"].macs_per_second["float32"] / 1e9
    assert max(roofs[0].get_ydata()) == pytest.approx(peak)


def test_plot_leaves_out_a_type_without_a_rate():
    cost = ModelCost((layer(10, 10, activation_bits=8), layer(10, 10)))
    axes = plot_roofline(Figure().subplots(), cost, [device()])
    assert len(axes.get_lines()) == 1
    with pytest.raises(ValueError, match=r"a layer with MACs, got none"):
        plot_roofline(axes, ModelCost(()), ["a100_40gb"])
