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

_spec = importlib.util.find_spec("torchvision")
_HOME = Path(_spec.origin).parent
_OPERATORS = torch.library.Library("torchvision", "FRAGMENT")


def _define_missing_operators() -> None:
    try:
        torch.ops.load_library(_HOME / "_C.so")
    except OSError:
        text = (_HOME / "_meta_registrations.py").read_text()
        pattern = r'register_(?:meta|fake)\("(?:torchvision::)?(\w+)"'
        for name in re.findall(pattern, text):
            _OPERATORS.define(f"{name}() -> ()")


_define_missing_operators()

import timm  # noqa: E402
from torchvision import models  # noqa: E402


def settled(name: str, size: int = 64) -> nn.Module:
    """Make a network whose normalizations have seen images.

    name : "timm/..." or one of torchvision's
    size : of the images, their height and width
    """
    torch.manual_seed(0)
    source, _, rest = name.rpartition("/")
    model = (
        timm.create_model(rest)
        if source == "timm"
        else models.get_model(rest, weights=None)
    )
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(8, 3, size, size, generator=generator)
    with torch.no_grad():
        model.train()(images)
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, std=0.1)
    return model.eval()
