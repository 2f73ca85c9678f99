"""What draws: curves and fronts of studies, rooflines, matrices, bits."""

from .bits import bit_fields
from .chains import chains
from .curves import curves
from .differences import plot_differences
from .dots import dots
from .front import by_family, pareto, plot_front, plot_fronts
from .layers import (
    LAYER_LOOKS,
    REST,
    label_layers,
    name_layers,
    plot_batches,
    plot_parameters_and_macs,
    share_of_layers,
)
from .matrices import matrices
from .points import moved_rows
from .residual import residual_block
from .roofline import plot_roofline
from .rugs import rugs
from .scales import stretch
from .scans import plot_sensitivity
from .sharing import sharing
from .terms import photograph, rebuilt
from .waffle import PART_COLORS, waffle

__all__ = [
    "LAYER_LOOKS",
    "PART_COLORS",
    "REST",
    "bit_fields",
    "by_family",
    "chains",
    "curves",
    "dots",
    "label_layers",
    "matrices",
    "moved_rows",
    "name_layers",
    "pareto",
    "photograph",
    "plot_batches",
    "plot_differences",
    "plot_front",
    "plot_fronts",
    "plot_parameters_and_macs",
    "plot_roofline",
    "plot_sensitivity",
    "rebuilt",
    "residual_block",
    "rugs",
    "share_of_layers",
    "sharing",
    "stretch",
    "waffle",
]
