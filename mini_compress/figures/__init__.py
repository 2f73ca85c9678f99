"""What draws: curves and fronts of studies, rooflines, matrices, bits."""

from .bits import bit_fields
from .cache_lines import cache_lines
from .chains import chains
from .curves import curves
from .differences import plot_differences
from .dots import dots
from .front import by_family, pareto, plot_front, plot_fronts
from .layers import (
    LAYER_LOOKS,
    PART_LOOKS,
    REST,
    label_layers,
    name_layers,
    plot_batches,
    plot_shares,
    share_of_layers,
)
from .matrices import matrices
from .memories import memory_hierarchy
from .messages import say_how_small
from .points import moved_rows
from .residual import residual_block
from .roofline import plot_roofline
from .rugs import rugs
from .scales import stretch
from .scans import plot_sensitivity
from .sharing import sharing
from .terms import photograph, rebuilt
from .times import plot_times
from .waffle import PART_COLORS, waffle

__all__ = [
    "LAYER_LOOKS",
    "PART_COLORS",
    "PART_LOOKS",
    "REST",
    "bit_fields",
    "by_family",
    "cache_lines",
    "chains",
    "curves",
    "dots",
    "label_layers",
    "matrices",
    "memory_hierarchy",
    "moved_rows",
    "name_layers",
    "pareto",
    "photograph",
    "plot_batches",
    "plot_differences",
    "plot_front",
    "plot_fronts",
    "plot_roofline",
    "plot_sensitivity",
    "plot_shares",
    "plot_times",
    "rebuilt",
    "residual_block",
    "rugs",
    "say_how_small",
    "share_of_layers",
    "sharing",
    "stretch",
    "waffle",
]
