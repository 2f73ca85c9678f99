"""An Explorer of what versions of a network cost on devices."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._require import require_one_of
from .explorer import Explorer
from .metric import ACCURACY, Metric
from .settings import as_setting

if TYPE_CHECKING:
    from torch import nn

    from ..hardware import DeviceProfile
    from ..hardware.ledgers import Ledger, Modelled
    from ..studies import RecordedTimes

PARTS_OF_TIME = ("overhead", "arithmetic", "memory")  # of `hardware`
METRICS = (
    Metric("file", "KB", better="lower", log=True),
    Metric("MACs", "thousand", digits=0, better="lower", log=True),
    Metric(
        "time (roofline, cold cache)",
        "ms",
        digits=None,
        better="lower",
        log=True,
    ),
    *(Metric(f"… {part}", "%", digits=0) for part in PARTS_OF_TIME),
    Metric("energy", "µJ", digits=None, better="lower", log=True),
)
MEASURED = Metric(
    "time (measured elsewhere)", "ms", digits=None, better="lower"
)
NOTE = (
    "One image. The file is real. Time and energy are modelled: packed weights "
    "are read as they are, unpacked at no cost, and multiplied with their "
    "zeros. Overhead, what a layer's call costs in PyTorch, was measured on "
    "the recording machine; elsewhere it is not known, and not counted. Energy "
    "is that of a 45 nm chip."
)


def explore_devices(
    title: str,
    *,
    versions: Mapping[Any, "nn.Module"],
    knobs: Sequence[str] = ("version",),
    devices: "Sequence[str | DeviceProfile] | None" = None,
    accuracy: Mapping[Any, Any] | None = None,
    measured: "RecordedTimes | None" = None,
    input_shape: tuple[int, ...] = (1, 28, 28),
    default: Any = None,
    family: str = "float",
    note: str = "",
) -> Explorer:
    """Show what versions of a network cost, with a device to choose.

    versions : {value: network}, or {(value, value): network} for two knobs; a
        pair that is missing is not offered
    knobs : what the values stand for; the device is a knob after them
    devices : as in `hardware.ledger`; None for all that are known, and
        `studies.recorded_machine`
    accuracy : version -> percent, or (percent, low, high), which is shown
        beside the costs; a version that is missing has none
    measured : times of versions, on one machine whatever the device, so with
        what their calls cost; see `studies.recorded_times`
    input_shape : of one example, without the batch axis
    default, family : as in `Explorer`
    note : a sentence more; what is real and what is modelled is noted anyhow

    >>> from mini_compress import models, quantization
    >>> lenet = models.LeNet300()
    >>> explore_devices(
    ...     "What 8 bits buy",
    ...     versions={
    ...         "float32": lenet,
    ...         "8 bits": quantization.quantize_weights(lenet, bits=8),
    ...     },
    ...     devices=["stm32h743", "raspberry_pi_5"],
    ...     accuracy={"float32": 98.2, "8 bits": 98.1},
    ... ).table().rows[0][:4]
    ('float32', 'STM32H743', '98.20', '1,067.1')
    """
    # only here: torch comes with it
    from ..hardware import DEVICES, ledger
    from ..studies import recorded_machine

    beside: dict[str, Mapping[Any, Any]] = {}
    if accuracy is not None:
        beside[ACCURACY.name] = accuracy
    if measured is not None:
        beside[MEASURED.name] = measured.ms
        note = f"Measured elsewhere: {measured.conditions}. {note}"
    for name, known in beside.items():
        for key in known:
            require_one_of(name, key, versions)
    found: dict[Any, Any] = {}
    if devices is None:
        devices = (*DEVICES, recorded_machine())
    for key, model in versions.items():
        costs = ledger(model, input_shape=input_shape, devices=devices)
        own = {name: known.get(key) for name, known in beside.items()}
        for modelled in costs.modelled:
            place = (*as_setting(key), modelled.device.name)
            found[place] = own | _figures(costs, modelled)
    # the values of each knob, in the order in which they were given
    choices = [list(dict.fromkeys(x)) for x in zip(*found, strict=True)]
    return Explorer(
        title,
        knobs=dict(zip([*knobs, "device"], choices, strict=True)),
        metrics=_shown(beside),
        values={key: found.get(key) for key in itertools.product(*choices)},
        default=default,
        family=family,
        note=f"{NOTE} {note}".rstrip(),
    )


def _shown(beside: Iterable[str]) -> list[Metric]:
    """List accuracy first, and a measured time next to the modelled one."""
    known = (ACCURACY, *METRICS[:2], MEASURED, *METRICS[2:])
    return [x for x in known if x in METRICS or x.name in beside]


def _figures(costs: "Ledger", modelled: "Modelled") -> dict[str, float | None]:
    parts, time_ms = modelled.time.parts, modelled.time_ms
    shares = (
        None if part is None or not time_ms else 100 * part / time_ms
        for part in parts.values()
    )
    figures = (
        costs.num_bytes / 1000,
        costs.macs / 1000,
        time_ms,
        *shares,
        modelled.energy.total_uj,
    )
    names = (metric.name for metric in METRICS)
    return dict(zip(names, figures, strict=True))
