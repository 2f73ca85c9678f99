"""Where the cost of a network lies, layer by layer, in pictures.

Layers are called by kind and number ("conv 2"); what does not multiply is one
group, "ReLU, pooling".
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..hardware.costs import ModelCost
from ..hardware.devices import find_device
from ..hardware.energy import model_energy
from ..hardware.profiles import DeviceProfile
from ..hardware.roofline import model_time
from ..plotting import COLORS, Look, shades, stack_bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REST = "ReLU, pooling"
_DARK, _LESS_DARK, _, _LESS_LIGHT, _LIGHT = shades("float", 5)

# the layers of LeNet5
LAYER_LOOKS: MappingProxyType[str, Look] = MappingProxyType(
    {
        "conv 1": (_LIGHT, "", "white"),
        "conv 2": (_LESS_LIGHT, "//", "white"),
        "linear 1": (_DARK, "", "white"),
        "linear 2": (_LESS_DARK, "..", "white"),
        REST: ("white", "", _LESS_LIGHT),
    }
)

# the parts of a time, of three families, so that neighbors differ in black
# and white
PART_LOOKS: MappingProxyType[str, Look] = MappingProxyType(
    {
        "overhead": (COLORS["distillation"], "", "white"),
        "arithmetic": (COLORS["quantization"], "//", "white"),
        "memory": (COLORS["low_rank"], "..", "white"),
    }
)

BELOW = (4, -11)  # where a layer's name stands beside its marker, in points


def label_layers(cost: ModelCost) -> list[str]:
    """Name each layer of a cost by kind and number; REST has no number."""
    kinds = {"Conv2d": "conv", "Linear": "linear"}
    seen: Counter[str] = Counter()
    labels = []
    for layer in cost.layers:
        kind = kinds.get(layer.kind, REST)
        seen[kind] += 1
        labels.append(kind if kind == REST else f"{kind} {seen[kind]}")
    return labels


def share_of_layers(
    cost: ModelCost, values: Sequence[float]
) -> dict[str, float]:
    """Turn one value per layer into shares of their sum, in %; REST is last.

    values : in the order of the layers, such as their bytes
    returns : label -> share
    """
    sums = _sum_by_label(cost, values)
    total = sum(sums.values())
    return {label: 100 * value / total for label, value in sums.items()}


def plot_shares(
    axes: "Axes", cost: ModelCost, device: str | DeviceProfile
) -> dict[str, dict[str, float]]:
    """Draw where parameters, MACs, time and energy of a network lie.

    cost : of LeNet5, whose layers LAYER_LOOKS knows
    returns : bar -> label of a layer -> its share in %, as drawn
    """
    profile = find_device(device)
    time = model_time(cost, profile)
    energies = [model_energy(x, memory=profile.memory) for x in cost.layers]
    bars: dict[str, list[float]] = {
        "parameters": [x.weight_bytes for x in cost.layers],
        "MACs": [x.macs for x in cost.layers],
        "time": [x.time_ms or 0 for x in time.layers],
        "energy": [x.total_uj for x in energies],
    }
    shares = {name: share_of_layers(cost, x) for name, x in bars.items()}
    stack_bars(axes, shares, LAYER_LOOKS)
    axes.set(xlabel="share of the network (%)", xlim=(0, 100))
    axes.grid(visible=False)
    return shares


def name_layers(
    axes: "Axes",
    cost: ModelCost,
    device: str | DeviceProfile,
    *,
    places: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> "Axes":
    """Write the names of layers at their markers on a device's float32 roof.

    axes : as `plot_roofline` drew it
    places : label -> (right, up) in points from its marker, for names that
        would lie on something; all others stand below to the right
    """
    profile = find_device(device)
    rate = profile.macs_per_second["float32"]
    for label, layer in zip(label_layers(cost), cost.layers, strict=True):
        if layer.macs:
            roof = min(layer.intensity * profile.bytes_per_second, rate)
            axes.annotate(
                label,
                (layer.intensity, roof / 1e9),
                places.get(label, BELOW),
                textcoords="offset points",
                fontsize=9,
            )
    return axes


def plot_batches(
    axes: "Axes",
    cost: ModelCost,
    device: str | DeviceProfile,
    batches: Sequence[int],
) -> "Axes":
    """Stack the parts of the time per image over the size of the batch.

    device : one whose overhead is known
    """
    rows = []
    for size in batches:
        parts = model_time(cost.for_batch(size), device).parts
        rows.append({x: 1e3 * (ms or 0) / size for x, ms in parts.items()})
    stack = [[row[part] for row in rows] for part in PART_LOOKS]
    areas = axes.stackplot(batches, stack, labels=list(PART_LOOKS))
    for area, (color, hatch, edge) in zip(
        areas, PART_LOOKS.values(), strict=True
    ):
        area.set(facecolor=color, hatch=hatch, edgecolor=edge)
    axes.set(
        xscale="log",
        xlim=(batches[0], batches[-1]),
        xlabel="images in the batch",
        ylabel="µs per image",
    )
    axes.set_xticks(batches, [str(size) for size in batches])
    axes.minorticks_off()
    axes.legend(loc="upper right", reverse=True)
    return axes


def _sum_by_label(cost: ModelCost, values: Sequence[float]) -> dict[str, float]:
    sums: Counter[str] = Counter()
    for label, value in zip(label_layers(cost), values, strict=True):
        sums[label] += value  # type: ignore[assignment]
    rest = sums.pop(REST, 0)
    return {**sums, REST: rest}
