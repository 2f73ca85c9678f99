"""The roofline of a device, drawn with the layers of a network under it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..hardware import DeviceProfile, LayerCost, ModelCost, find_device
from ..plotting import COLORS, LINE_STYLES, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_roofline(
    axes: "Axes",
    cost: ModelCost,
    devices: Sequence[str | DeviceProfile],
) -> "Axes":
    """Draw the roof of each device and mark where each layer stands under it.

    Along: MACs per byte. Up: the billions of MACs a second that the device
    allows at most. Both are logarithmic. Left of a roof's bend memory is the
    limit, right of it compute. A layer is a marker on the roof of its data
    type; a type for which a device has no rate is not drawn. Devices differ
    in line style and marker, data types in color; float32 markers are hollow.
    """
    counted = [layer for layer in cost.layers if layer.macs]
    if not counted:
        raise ValueError("cost must hold a layer with MACs, got none")
    profiles = [find_device(device) for device in devices]
    types = sorted({layer.arithmetic for layer in counted})
    ends = _ends(counted, profiles, types)
    for index, profile in enumerate(profiles):
        for arithmetic in types:
            if arithmetic in profile.macs_per_second:
                points = [x for x in counted if x.arithmetic == arithmetic]
                _draw_roof(axes, profile, arithmetic, points, ends, index)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="arithmetic intensity (MACs per byte)",
        ylabel="rate at most (GMAC/s)",
    )
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return axes


def _ends(
    layers: Sequence[LayerCost],
    devices: Sequence[DeviceProfile],
    types: Sequence[str],
) -> tuple[float, float]:
    """Choose a range of intensities that shows every layer and every bend."""
    shown = [layer.intensity for layer in layers]
    for device in devices:
        rates = [device.macs_per_second.get(name) for name in types]
        shown += [rate / device.bytes_per_second for rate in rates if rate]
    return min(shown) / 2, max(shown) * 2


def _draw_roof(
    axes: "Axes",
    device: DeviceProfile,
    arithmetic: str,
    layers: Sequence[LayerCost],
    ends: tuple[float, float],
    index: int,
) -> None:
    """Draw one roof with its layers; `index` chooses line style and marker."""
    rate = device.macs_per_second[arithmetic]
    bend = rate / device.bytes_per_second
    color = {"float32": COLORS["float"], "int8": COLORS["quantization"]}
    markers = list(MARKERS.values())
    intensities = {layer.intensity for layer in layers}
    along = sorted({*ends, bend, *intensities})
    axes.plot(
        along,
        [min(x / bend, 1) * rate / 1e9 for x in along],
        color=color[arithmetic],
        linestyle=LINE_STYLES[index % len(LINE_STYLES)],
        marker=markers[index % len(markers)],
        markevery=[i for i, x in enumerate(along) if x in intensities],
        markerfacecolor="white" if arithmetic == "float32" else None,
        label=f"{device.name}, {arithmetic}",
    )
