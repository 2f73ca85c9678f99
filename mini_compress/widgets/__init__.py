"""Displays for notebooks that work with and without a kernel.

`Explorer` shows what was measured, setting by setting; `Explorer.live` calls
the reader's own function as a slider moves; `Predict` asks before it tells.
On a static page they need no kernel, no internet and no other file.
"""

from .explorer import Explorer
from .metric import Metric
from .picture import Picture
from .predict import Predict

__all__ = ["Explorer", "Metric", "Picture", "Predict"]
