"""Networks for the tests of pruning: none of their numbers is special.

Freshly built, a batch normalization shifts by 0 and scales by 1, which hides
mistakes. Here everything is drawn at random, in float64, where rounding is far
below any mistake.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from mini_compress import models

EPS = 2.0**-52
NORMS = nn.BatchNorm1d | nn.BatchNorm2d


class Mixed(nn.Module):
    """A user's network: methods, functions, a sum, views, BatchNorm1d."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6, affine=False)
        self.body = nn.Conv2d(6, 6, 3, padding="same", bias=False)
        self.flat_norm = nn.BatchNorm1d(6 * 7 * 7)
        self.hidden = nn.Linear(6 * 7 * 7, 12)
        self.hidden_norm = nn.BatchNorm1d(12)
        self.drop = nn.Dropout(0.3)
        self.last = nn.Linear(12, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.norm(self.stem(x)), inplace=True)
        x = functional.max_pool2d(x, 2)
        x += self.body(x).relu()
        x = functional.avg_pool2d(torch.relu(x), kernel_size=2)
        x = self.flat_norm(x.view(x.size(0), -1))
        x = self.hidden_norm(self.hidden(x)).relu_()
        return self.last(self.drop(functional.dropout(x, 0.1, self.training)))


NETWORKS = {**models.NETWORKS, "Mixed": Mixed}


def build(name: str, *, seed: int = 0) -> nn.Module:
    """Build a network with random numbers everywhere, in float64."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = NETWORKS[name]().double().eval()
        for module in model.modules():
            if isinstance(module, NORMS):
                nn.init.normal_(module.running_mean)
                nn.init.uniform_(module.running_var, 0.5, 2)
                if module.affine:
                    nn.init.normal_(module.weight)
                    nn.init.normal_(module.bias)
    return model


def random_images(n: int, *, seed: int = 0) -> Tensor:
    """Draw float64 images."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, 1, 28, 28, generator=generator, dtype=torch.float64)


# what criteria that look at data are given
GIVEN = {"images": random_images(7).float(), "labels": torch.arange(7)}


@torch.no_grad()
def rounding_bound(model: nn.Module, images: Tensor) -> Tensor:
    """Bound how far two ways to add up the same sums may part, per output.

    A sum of n products is off by at most n * eps times the sum of their
    absolute values, whatever the order; the network of absolute values gives
    the latter, and n is the number of terms on the longest way through.
    """
    absolute = copy.deepcopy(model)
    terms = 0
    for module in absolute.modules():
        if isinstance(module, NORMS):
            module.running_mean = -module.running_mean.abs()
            terms += 4
        elif isinstance(module, nn.Linear | nn.Conv2d):
            terms += module.weight[0].numel() + 2
    for parameter in absolute.parameters():
        parameter.abs_()
    return 2 * terms * EPS * absolute(images.abs())
