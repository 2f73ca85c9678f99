"""How much each layer bears, and how to share a budget among layers."""

from .budget import Option, allocate
from .sensitivity import Sensitivity, scan_layers

__all__ = ["Option", "Sensitivity", "allocate", "scan_layers"]
