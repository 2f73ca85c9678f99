"""The four networks of the book, for gray images of 28 by 28 pixels.

Two old ones that most papers on compression begin with, LeNet300 and LeNet5,
and two small modern ones, ConvNet and ResNet8, with batch normalization.
All map (n, 1, 28, 28) float32 pixels in [0, 1] to (n, 10) float32 logits.
Each lists its layers in the order in which it runs them, and each batch
normalization stands right after its convolution, where it can be folded in.

`width` makes a network narrower or wider: every number of hidden neurons or
channels is multiplied by it and rounded, to the even number in the middle of
two, and is at least 1.
"""

from torch import Tensor, nn

from .._require import require_number
from .dense import NUM_CLASSES, dense_layers


class LeNet300(nn.Module):
    """Multilayer perceptron 784-300-100-10: 266,610 parameters.

    See [lecun1998gradient], section III.C.
    """

    trained_on: str | None = None

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        self.classifier = dense_layers(scale((300, 100), width))

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

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        first, second, hidden = scale((20, 50, 500), width)
        self.features = nn.Sequential(
            nn.Conv2d(1, first, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(second * 4 * 4, hidden),
            nn.ReLU(),
            nn.Linear(hidden, NUM_CLASSES),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, 10) logits."""
        return self.classifier(self.features(images))


class ConvNet(nn.Module):
    """Four 3x3 convolutions with batch normalization: 33,338 parameters."""

    trained_on: str | None = None

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        a, b, c, d = scale((16, 32, 32, 64), width)
        self.features = nn.Sequential(
            *conv_norm(1, a, stride=2),
            nn.ReLU(),
            *conv_norm(a, b),
            nn.ReLU(),
            *conv_norm(b, c, stride=2),
            nn.ReLU(),
            *conv_norm(c, d),
            nn.ReLU(),
        )
        self.classifier = average_and_classify(d)

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, 10) logits."""
        return self.classifier(self.features(images))


class ResNet8(nn.Module):
    """Residual network of 8 layers: a stem, three blocks, a classifier.

    77,754 parameters. See [he2016deep], section 4.2.
    """

    trained_on: str | None = None

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        a, b, c = scale((16, 32, 64), width)
        self.features = nn.Sequential(
            *conv_norm(1, a, stride=2),
            nn.ReLU(),
            ResidualBlock(a, a),
            ResidualBlock(a, b, stride=2),
            ResidualBlock(b, c, stride=2),
        )
        self.classifier = average_and_classify(c)

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

    >>> import torch
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

    >>> import torch
    >>> average_and_classify(64)(torch.zeros(2, 64, 7, 7)).shape
    torch.Size([2, 10])
    """
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, NUM_CLASSES),
    )


def scale(counts: tuple[int, ...], width: float) -> list[int]:
    """Multiply numbers of channels; a layer keeps at least one.

    >>> scale((16, 32), 0.25), scale((16, 32), 0.01)
    ([4, 8], [1, 1])
    """
    require_number("width", width, 0)
    return [max(1, round(count * width)) for count in counts]
