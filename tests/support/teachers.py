"""Networks that teach and learn in the tests of distillation."""

import torch
from torch import Tensor, nn


class Moody(nn.Module):
    """A network whose modes matter, with some parts in each of the two.

    passes : (mode, whether gradients were computed) of each forward pass
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.filters = nn.Conv2d(1, 4, 5, stride=4)
            self.norm = nn.BatchNorm2d(4)
            self.head = nn.Linear(4 * 6 * 6, classes)
        self.dropout = nn.Dropout(0.5)
        self.passes: list[tuple[bool, bool]] = []
        self.train()
        self.filters.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, classes) logits."""
        self.passes.append((self.training, torch.is_grad_enabled()))
        x = self.norm(self.filters(images))  # (n, 4, 6, 6)
        return self.head(self.dropout(x.flatten(1)))


def modes_of(model: nn.Module) -> list[bool]:
    """Return which parts of a network are in training mode."""
    return [module.training for module in model.modules()]
