"""What is left of time: each row against the float row of its own place."""

from dataclasses import replace

import pytest

from mini_compress import studies
from mini_compress.studies import TimingRow, recorded_times, time_left


def row(method, ms, macs, *, network="LeNet5", **settings):
    return TimingRow(
        network=network,
        dataset="mnist5k",
        method=method,
        settings=settings,
        seed=0,
        kernel="a kernel",
        repeats=3,
        median_ms=2 * ms,
        min_ms=ms,
        max_ms=9 * ms,
        macs=macs,
        seconds=0.0,
    )


@pytest.fixture
def times():
    rows = (
        row("float", 4.0, 100, batch=1),
        row("float", 50.0, 1000, batch=10),
        row("float", 7.0, 100, batch=1, network="ConvNet"),
        row("tucker", 3.0, 25, batch=1, share=0.25),
        row("tucker", 10.0, 250, batch=10, share=0.25),
        row("spatial", 10.0, 250, batch=20, share=0.25),
    )
    return replace(studies.load("timing"), rows=rows)


@pytest.mark.parametrize(("batch", "ms"), [(1, 0.75), (10, 0.2)])
def test_the_float_row_has_the_same_network_and_batch(times, batch, ms):
    found = time_left(times, method="tucker", share=0.25, batch=batch)
    assert found == pytest.approx((0.25, ms))


def test_what_is_not_one_time_is_an_error(times):
    with pytest.raises(ValueError, match="one time for method='tucker'"):
        time_left(times, method="tucker")
    with pytest.raises(ValueError, match="one time for float, as"):
        time_left(times, method="spatial")
    accuracies = studies.load("slimming")
    with pytest.raises(ValueError, match="or no times"):
        time_left(accuracies, method="float", seed=0)


def test_recorded_times_are_the_fastest_and_say_how_they_came(times):
    found = recorded_times(
        times,
        {
            "whole": {"method": "float", "network": "LeNet5", "batch": 1},
            ("an", "eighth"): {"method": "tucker", "batch": 1},
        },
    )
    assert found.ms == {"whole": 4.0, ("an", "eighth"): 3.0}
    processor = times.machine["processor"]
    assert found.conditions == (
        f"the fastest of 3 calls of a kernel, on one thread ({processor}), "
        "by the study timing"
    )


def test_times_of_different_kinds_do_not_stand_side_by_side(times):
    other = replace(times.rows[0], kernel="another kernel")
    mixed = replace(times, rows=(times.rows[3], other))
    wanted = {x: {"method": x} for x in ("float", "tucker")}
    with pytest.raises(ValueError, match="versions must have one kernel"):
        recorded_times(mixed, wanted)


def test_forms_of_one_runtime_stand_side_by_side():
    place = {"network": "ConvNet", "width": 1, "batch": 1}
    found = recorded_times(
        studies.load("deployed_timing"),
        {
            "float32": {"method": "float", **place},
            "int8": {"method": "qlinear", "precise": False, **place},
        },
    )
    assert found.ms.keys() == {"float32", "int8"}
    assert "calls of onnxruntime, batch 1, on one thread" in found.conditions
