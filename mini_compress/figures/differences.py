"""Where the codes of two executions differ, step by step, drawn."""

from typing import TYPE_CHECKING, Any

from ..plotting import COLORS
from ..quantization.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_differences(
    comparison: Comparison, *, ax: "Axes", family: str = "quantization"
) -> "Axes":
    """Draw the share of the codes that differ, in %, over the steps.

    comparison : as `quantization.compare_layers` gives it; a step whose codes
        are all equal has no dot, as a logarithmic axis has no 0
    """
    layers = comparison.layers
    look: dict[str, Any] = {"color": COLORS[family], "marker": "o"}
    found = [(i, 100 * x.share) for i, x in enumerate(layers) if x.differ]
    ax.semilogy(*zip(*found, strict=True), **look) if found else None
    names = [layer.name for layer in layers]
    ax.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
    ax.set(xlim=(-0.5, len(names) - 0.5), ylabel="codes that differ (%)")
    return ax
