"""Trained networks that come with the package, to start from.

Each is a file of weights with a record beside it: how it was trained, on
what, how well it does, and the checksum of the file. One command trains it
again and tells whether the result is the same:

    python -m mini_compress.zoo LeNet300 mnist5k
"""

from .recipes import RECIPES, Recipe
from .shipped import load, record

__all__ = ["RECIPES", "Recipe", "load", "record"]
