"""The four networks of the book, for gray images of 28 by 28 pixels.

Two old ones that most papers on compression begin with, LeNet300 and LeNet5,
and two small modern ones, ConvNet and ResNet8, with batch normalization.
All map (n, 1, 28, 28) float32 pixels in [0, 1] to (n, 10) float32 logits.
Each lists its layers in the order in which it runs them, and each batch
normalization stands right after its convolution, where it can be folded in.
"""

import torch
from torch import Tensor, nn

from ._require import require_int, require_one_of

NUM_CLASSES = 10


class LeNet300(nn.Module):
    """Multilayer perceptron 784-300-100-10: 266,610 parameters.

    See [lecun1998gradient], section III.C.
    """

    trained_on: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(28 * 28, 300),
            nn.ReLU(),
            nn.Linear(300, 100),
            nn.ReLU(),
            nn.Linear(100, NUM_CLASSES),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, 10) logits."""
        return self.classifier(images)


class LeNet5(nn.Module):
    """Two convolutions and two linear layers: 431,080 parameters.

    The sizes are those of Caffe's example (20, 50 and 500), which the papers
    on pruning use; a ReLU follows both convolutions, where Caffe has none.
    The classifier holds 94 % of the parameters, the features do 82 % of the
    multiplications. After [lecun1998gradient], section II.B.
    """

    trained_on: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 20, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(20, 50, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(50 * 4 * 4, 500),
            nn.ReLU(),
            nn.Linear(500, NUM_CLASSES),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, 10) logits."""
        return self.classifier(self.features(images))


class ConvNet(nn.Module):
    """Four 3x3 convolutions with batch normalization: 33,338 parameters."""

    trained_on: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *conv_norm(1, 16, stride=2),
            nn.ReLU(),
            *conv_norm(16, 32),
            nn.ReLU(),
            *conv_norm(32, 32, stride=2),
            nn.ReLU(),
            *conv_norm(32, 64),
            nn.ReLU(),
        )
        self.classifier = average_and_classify(64)

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, 10) logits."""
        return self.classifier(self.features(images))


class ResNet8(nn.Module):
    """Residual network of 8 layers: a stem, three blocks, a classifier.

    77,754 parameters. See [he2016deep], section 4.2.
    """

    trained_on: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *conv_norm(1, 16, stride=2),
            nn.ReLU(),
            ResidualBlock(16, 16),
            ResidualBlock(16, 32, stride=2),
            ResidualBlock(32, 64, stride=2),
        )
        self.classifier = average_and_classify(64)

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, 10) logits."""
        return self.classifier(self.features(images))


class ResidualBlock(nn.Module):
    """relu(body(x) + skip(x)): two convolutions beside a short cut.

    The short cut is the identity where body keeps the shape of x, else a 1x1
    convolution with batch normalization. See [he2016deep], figure 2.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int = 1
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *conv_norm(in_channels, out_channels, stride=stride),
            nn.ReLU(),
            *conv_norm(out_channels, out_channels),
        )
        self.skip = nn.Sequential()  # an empty one is the identity
        if stride != 1 or in_channels != out_channels:
            self.skip.extend(
                conv_norm(in_channels, out_channels, size=1, stride=stride)
            )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to (n, out_channels, h/s, w/s)."""
        return self.relu(self.body(x) + self.skip(x))


def conv_norm(
    in_channels: int, out_channels: int, *, size: int = 3, stride: int = 1
) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """Return a convolution and the batch normalization that follows it.

    The convolution has no bias: the normalization would take it away again.

    >>> conv, norm = conv_norm(3, 8)
    >>> norm(conv(torch.zeros(1, 3, 10, 10))).shape
    torch.Size([1, 8, 10, 10])
    """
    conv = nn.Conv2d(
        in_channels,
        out_channels,
        size,
        stride=stride,
        padding=size // 2,
        bias=False,
    )
    return conv, nn.BatchNorm2d(out_channels)


def average_and_classify(channels: int) -> nn.Sequential:
    """Return global average pooling and a linear layer to the 10 classes.

    >>> average_and_classify(64)(torch.zeros(2, 64, 7, 7)).shape
    torch.Size([2, 10])
    """
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, NUM_CLASSES),
    )


NETWORKS: dict[str, type[nn.Module]] = {
    "LeNet300": LeNet300,
    "LeNet5": LeNet5,
    "ConvNet": ConvNet,
    "ResNet8": ResNet8,
}


def build(name: str, *, seed: int = 0) -> nn.Module:
    """Build an untrained network whose weights depend on the seed alone.

    name : a key of `NETWORKS`
    seed : >= 0; torch's global generator is left as it was
    returns : the network in training mode, with `trained_on` None

    >>> sum(p.numel() for p in build("LeNet300").parameters())
    266610
    """
    require_one_of("name", name, NETWORKS)
    require_int("seed", seed, 0)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return NETWORKS[name]()
