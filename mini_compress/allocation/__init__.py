"""How much each layer bears, and how to share a budget among layers."""

from .sensitivity import Sensitivity, scan_layers

__all__ = ["Sensitivity", "scan_layers"]
