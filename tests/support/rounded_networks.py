"""Small networks for methods that round layer after layer."""

import torch
from torch import nn

# inputs that go together: neighbours of a blurred picture
IMAGES = nn.functional.avg_pool2d(
    torch.rand(60, 2, 12, 12, generator=torch.Generator().manual_seed(0)), 3, 1
)  # (60, 2, 10, 10)


class Backwards(nn.Module):
    """It registers its layers in another order than it runs them."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 4)
        self.conv = nn.Conv2d(2, 6, 3)

    def forward(self, x):
        return self.head(self.conv(x).relu().mean((2, 3)))


class Again(nn.Module):
    """It runs one layer twice."""

    def __init__(self):
        super().__init__()
        self.first, self.again = nn.Linear(10, 8), nn.Linear(8, 8)

    def forward(self, x):
        x = self.first(x.mean((1, 2)))
        return self.again(self.again(x).relu())


class OneByOne(nn.Module):
    """Its convolution sees images without a batch axis."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(2, 8, 3), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(torch.stack([self.conv(i).mean((1, 2)) for i in x]))


class Choosing(nn.Module):
    """It looks at values, so that no graph can be made of it."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(10, 3)

    def forward(self, x):
        return self.layer(x.mean((1, 2)) if x.sum() > 0 else x[:, 0, 0])


def perceptron():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(200, 20), nn.ReLU(), nn.Linear(20, 5)
    )


def grouped():
    """Convolutions with groups, steps and gaps, and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1, groups=2),
        nn.ReLU(),
        nn.Conv2d(6, 8, (3, 2), stride=2, dilation=(2, 1), groups=2),
        nn.Conv2d(8, 8, 2, groups=8, bias=False),
        nn.Flatten(),
        nn.LazyLinear(3),
    )


def made(make, seed=0):
    """Build a network, its lazy layers too, in which no ReLU is dead."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        model = make()
        model(IMAGES)
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.abs_().add_(2)
    return model.eval()
