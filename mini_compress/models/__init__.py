"""Networks for gray images of 28 by 28 pixels, four of them the book's.

networks     LeNet300, LeNet5, ConvNet and ResNet8, which the zoo has trained
dense        fully connected ones of any size
transformer  a small vision transformer

All map (n, 1, 28, 28) float32 pixels in [0, 1] to (n, 10) float32 logits.
"""

from .building import NETWORKS, build, perceptron, vision_transformer
from .dense import NUM_CLASSES, Perceptron
from .networks import (
    ConvNet,
    LeNet5,
    LeNet300,
    ResidualBlock,
    ResNet8,
    average_and_classify,
    conv_norm,
)
from .transformer import Attention, Block, VisionTransformer

__all__ = [
    "NETWORKS",
    "NUM_CLASSES",
    "Attention",
    "Block",
    "ConvNet",
    "LeNet5",
    "LeNet300",
    "Perceptron",
    "ResNet8",
    "ResidualBlock",
    "VisionTransformer",
    "average_and_classify",
    "build",
    "conv_norm",
    "perceptron",
    "vision_transformer",
]
