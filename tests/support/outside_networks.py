"""Networks that nobody here wrote: torchvision's and timm's definitions.

Their weights are random. torchvision's compiled operators do not load beside
torch's CPU build, and no classifier needs them: where that is so, their names
are defined without a body, or importing torchvision would fail.
"""

import importlib.util
import re
from pathlib import Path

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

_HOME = Path(importlib.util.find_spec("torchvision").origin).parent
_OPERATORS = torch.library.Library("torchvision", "FRAGMENT")


def _define_missing_operators() -> None:
    """Define what torchvision's Python code expects its C++ code to have."""
    try:
        torch.ops.load_library(_HOME / "_C.so")
    except OSError:  # it was made for another build of torch
        text = (_HOME / "_meta_registrations.py").read_text()
        pattern = r'register_(?:meta|fake)\("(?:torchvision::)?(\w+)"'
        for name in re.findall(pattern, text):
            _OPERATORS.define(f"{name}() -> ()")


_define_missing_operators()

import timm  # noqa: E402
from torchvision import models  # noqa: E402
from torchvision.models.vgg import VGG, make_layers  # noqa: E402


def settled(name: str, size: int = 64) -> nn.Module:
    """Make a network whose normalizations have seen images.

    name : "timm/..." or one of torchvision's
    size : of the images, their height and width
    """
    torch.manual_seed(0)
    source, _, rest = name.rpartition("/")
    if source == "timm":
        model = timm.create_model(rest)
    else:
        options = {"init_weights": True} if rest == "googlenet" else {}
        model = models.get_model(rest, weights=None, **options)
    return _settle(model, size)


def small_vgg() -> nn.Module:
    """Make a VGG with few filters: the smallest that is published has 129 M."""
    torch.manual_seed(0)
    model = VGG(make_layers([8, "M", 16, "M", 32, "M"], batch_norm=True))
    model.classifier = nn.Linear(32 * 7 * 7, 10)
    return _settle(model, 64)


def _settle(model: nn.Module, size: int) -> nn.Module:
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(8, 3, size, size, generator=generator)
    with torch.no_grad():
        model.train()(images)
        for module in model.modules():
            if isinstance(module, _BatchNorm):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, std=0.1)
    return model.eval()


def norms_of(model: nn.Module) -> list[str]:
    """Name the batch normalizations of a network."""
    modules = model.named_modules()
    return [name for name, x in modules if isinstance(x, _BatchNorm)]
