"""What the recording machine can do, and what is made of it."""

import pytest

from mini_compress import studies
from mini_compress.hardware.overhead import FEW, KINDS, MANY
from mini_compress.studies.times import machine as study


def row(**wanted):
    [found] = studies.load("machine").select(**wanted)
    return found


def test_the_profile_is_what_was_recorded():
    machine = studies.recorded_machine()
    assert set(machine.sources) == set(machine.figures())
    assert {x.address for x in machine.sources.values()} == {"study machine"}
    product_ms = row(method="rate", of="float32").min_ms
    assert machine.macs_per_second["float32"] == pytest.approx(
        1024**3 / product_ms * 1e3
    )
    copy_ms, read_ms = (
        row(method="rate", of=name).min_ms for name in ("copy", "read")
    )
    assert machine.bytes_per_second == pytest.approx(
        max(2**27 / copy_ms, 2**28 / read_ms) * 1e3
    )
    calls = studies.overheads("torch").values()
    assert machine.overhead_s == pytest.approx(sum(calls) / len(KINDS))


def test_overhead_is_what_a_long_chain_takes_longer():
    for runtime in study.RUNTIMES:
        for kind, seconds in studies.overheads(runtime).items():
            few, many = (
                row(method=runtime, layer=kind, calls=n).min_ms
                for n in (FEW, MANY)
            )
            assert few + (MANY - FEW) * 1e3 * seconds == pytest.approx(many)


def test_a_runtime_that_chose_its_kernels_before_has_less_overhead():
    eager, prepared = map(studies.overheads, study.RUNTIMES)
    assert all(prepared[kind] < eager[kind] for kind in KINDS)


def test_both_runtimes_run_the_same_layers():
    for run in study.grid(True):
        if run.method != study.RATE:
            assert study.measure(run).min_ms > 0
    with pytest.raises(ValueError, match=r"runtime must be one of torch, onn"):
        studies.overheads("numpy")
