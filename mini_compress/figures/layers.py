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
from ..hardware.profiles import DeviceProfile
from ..hardware.roofline import LOWER_BOUND, model_time
from ..plotting import COLORS, Look, shades

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


def plot_parameters_and_macs(axes: "Axes", cost: ModelCost) -> "Axes":
    """Draw the share of each layer in the parameters and in the MACs."""
    held = share_of_layers(cost, [x.weight_bytes for x in cost.layers])
    done = share_of_layers(cost, [x.macs for x in cost.layers])
    layers = [label for label in held if label != REST]
    axes.barh(
        [place - 0.2 for place in range(len(layers))],
        [held[layer] for layer in layers],
        0.38,
        color=COLORS["float"],
        label="of the parameters",
    )
    axes.barh(
        [place + 0.2 for place in range(len(layers))],
        [done[layer] for layer in layers],
        0.38,
        color="white",
        edgecolor=COLORS["float"],
        hatch="////",
        label="of the MACs",
    )
    axes.set_yticks(range(len(layers)), layers)
    axes.set(xlim=(0, 100))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    return axes


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
    """Stack the lower bound of the time per image by layer, over the batch.

    cost : of LeNet5, whose layers LAYER_LOOKS knows
    """
    rows = []
    for size in batches:
        time = model_time(cost.for_batch(size), device)
        ms = [(x.time_ms or 0) / size for x in time.layers]
        rows.append(_sum_by_label(cost, ms))
    stack = [[row[label] for row in rows] for label in LAYER_LOOKS]
    areas = axes.stackplot(batches, stack, labels=list(LAYER_LOOKS))
    for area, (color, hatch, edge) in zip(
        areas, LAYER_LOOKS.values(), strict=True
    ):
        area.set(facecolor=color, hatch=hatch, edgecolor=edge)
    axes.set(
        xscale="log",
        xlim=(batches[0], batches[-1]),
        xlabel="images in the batch",
        ylabel=f"ms per image,\n{LOWER_BOUND}",
    )
    axes.set_xticks(batches[::3], [str(size) for size in batches[::3]])
    axes.minorticks_off()
    axes.legend(loc="upper right", reverse=True)
    return axes


def _sum_by_label(cost: ModelCost, values: Sequence[float]) -> dict[str, float]:
    sums: Counter[str] = Counter()
    for label, value in zip(label_layers(cost), values, strict=True):
        sums[label] += value  # type: ignore[assignment]
    rest = sums.pop(REST, 0)
    return {**sums, REST: rest}
