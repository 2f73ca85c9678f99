"""Bars of the three parts of a time, and marks of what was measured."""

import dataclasses

import pytest
from matplotlib.figure import Figure

from mini_compress.figures import plot_times
from mini_compress.hardware import DEVICES, layer_costs, model_time
from mini_compress.models import build


def test_bars_end_at_the_modelled_time_and_marks_at_the_measured_one():
    device = dataclasses.replace(DEVICES["a100_40gb"], overhead_s=1e-5)
    names = ("LeNet300", "LeNet5")
    times = {x: model_time(layer_costs(build(x)), device) for x in names}
    measured = {"torch": {"LeNet5": 0.5, "LeNet300": 0.25}}
    ax = plot_times(times, measured, ax=Figure().subplots())
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert ends[-2:] == pytest.approx(
        [1e3 * times[name].time_ms for name in names]
    )
    [marks] = ax.lines
    assert [*marks.get_xdata()] == [250, 500]
    assert [*marks.get_ydata()] == [*names]
    assert marks.get_label() == "torch"


def test_the_legend_names_parts_and_runtimes():
    time = model_time(layer_costs(build("LeNet300")), "a100_40gb")
    ax = plot_times({"x": time}, {"y": {"x": 1.0}}, ax=Figure().subplots())
    _, labels = ax.get_legend_handles_labels()
    assert sorted(labels) == ["arithmetic", "memory", "overhead", "y"]
