"""Deep-learning model compression from scratch.

The names below are loaded when they are first used, so `import mini_compress`
is fast and does not import torch.

>>> import mini_compress as mc
>>> sorted(mc.__all__)[:3]
['__version__', 'allocation', 'artifact']
"""

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:  # for editors and type checkers, which run nothing;
    # "x as x" says that a name is for users, and isort would split them
    from . import (  # noqa: I001
        allocation as allocation,
        artifact as artifact,
        checks as checks,
        datasets as datasets,
        digits as digits,
        distillation as distillation,
        export as export,
        figures as figures,
        graph as graph,
        hardware as hardware,
        kernels as kernels,
        layers as layers,
        low_rank as low_rank,
        measuring as measuring,
        models as models,
        pipeline as pipeline,
        plotting as plotting,
        pruning as pruning,
        quantization as quantization,
        studies as studies,
        tables as tables,
        training as training,
        widgets as widgets,
        zoo as zoo,
    )
    from .artifact import load as load, save as save
    from .hardware import ledger as ledger

# name -> the module that defines it; a name that maps to itself is a module
_LAZY = {
    "allocation": "allocation",
    "artifact": "artifact",
    "checks": "checks",
    "datasets": "datasets",
    "digits": "digits",
    "distillation": "distillation",
    "export": "export",
    "figures": "figures",
    "graph": "graph",
    "hardware": "hardware",
    "kernels": "kernels",
    "layers": "layers",
    "low_rank": "low_rank",
    "measuring": "measuring",
    "models": "models",
    "pipeline": "pipeline",
    "plotting": "plotting",
    "pruning": "pruning",
    "quantization": "quantization",
    "studies": "studies",
    "tables": "tables",
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
