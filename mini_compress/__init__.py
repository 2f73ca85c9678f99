"""Deep-learning model compression from scratch.

The names below are loaded when they are first used, so `import mini_compress`
is fast and does not import torch.

>>> import mini_compress as mc
>>> sorted(mc.__all__)[:3]
['__version__', 'artifact', 'checks']
"""

import importlib
from typing import Any

from ._version import __version__

# name -> the module that defines it; a name that maps to itself is a module
_LAZY = {
    "artifact": "artifact",
    "checks": "checks",
    "datasets": "datasets",
    "hardware": "hardware",
    "kernels": "kernels",
    "layers": "layers",
    "measuring": "measuring",
    "models": "models",
    "plotting": "plotting",
    "pruning": "pruning",
    "quantization": "quantization",
    "studies": "studies",
    "training": "training",
    "widgets": "widgets",
    "zoo": "zoo",
    "ledger": "hardware",
    "load": "artifact",
    "save": "artifact",
}

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str) -> Any:
    """Import what `name` stands for, once, and keep it."""
    if name not in _LAZY:
        raise AttributeError(
            f"module 'mini_compress' has no attribute {name!r}; "
            f"it has {', '.join(sorted(_LAZY))}"
        )
    module = importlib.import_module(f".{_LAZY[name]}", __name__)
    value = module if name == _LAZY[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
