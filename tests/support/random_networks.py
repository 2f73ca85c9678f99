"""Small networks of every form that an integer network follows, by a seed."""

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 12  # of the images: (n, 3, 12, 12)


class Branches(nn.Module):
    """Two convolutions of one input that are added, or joined."""

    def __init__(self, channels: int, *, join: bool) -> None:
        super().__init__()
        self.join = join
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.other = nn.Sequential(
            nn.Conv2d(channels, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.one(x), self.other(x)
        if self.join:
            return torch.cat([one, other, x], dim=1)
        return (one + other).relu() + x


class RandomNetwork(nn.Module):
    """A chain of three blocks, drawn; then a mean or a flattening, and Linear.

    (n, 3, 12, 12) float32 to (n, 5)
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        generator = torch.Generator().manual_seed(seed)

        def draw(*choices):
            return choices[
                int(torch.randint(len(choices), (), generator=generator))
            ]

        channels = draw(4, 8)
        self.stem = nn.Conv2d(3, channels, 3, stride=draw(1, 2), padding=1)
        self.pool = draw(
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.AvgPool2d(3, stride=1, padding=1),
            nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False),
        )
        self.conv = nn.Conv2d(
            channels,
            2 * channels,
            draw(1, 2, 3),
            dilation=draw(1, 2),
            padding=draw(0, 1),
            groups=draw(1, 2, channels),
            bias=False,
        )
        self.norm = nn.BatchNorm2d(2 * channels)
        self.act = draw(nn.ReLU(), nn.ReLU6(), nn.GELU(), nn.Tanh())
        self.branches = Branches(2 * channels, join=draw(True, False))
        with torch.no_grad():
            flat = self.features(torch.zeros(2, 3, SIDE, SIDE))
        self.drop = nn.Dropout()
        self.head = nn.Linear(flat.shape[1], 5)

    def features(self, x: Tensor) -> Tensor:
        """Map images to (n, features)."""
        x = self.pool(functional.relu(self.stem(x)))
        x = self.branches(self.act(self.norm(self.conv(x))))
        if self.seed % 3:
            return x.view(x.size(0), -1)
        return functional.adaptive_avg_pool2d(x, 1).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.features(x)))


def random_network(seed: int) -> nn.Module:
    """Draw a network whose weights and statistics depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = RandomNetwork(seed)
        with torch.no_grad():
            model.norm.running_mean.normal_(std=0.1)
            model.norm.running_var.uniform_(0.02, 0.2)
    return model.eval()


def random_images(count: int, seed: int = 0) -> Tensor:
    """Draw images for these networks, some below 0."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, SIDE, SIDE, generator=generator)
