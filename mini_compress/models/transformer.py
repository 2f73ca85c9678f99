"""A small vision transformer, written out so that its attention can be seen.

An image becomes 16 tokens, one for each patch of 7 by 7 pixels. The matrix of
attention of a block is what its module `attention.softmax` gives: (n, heads,
tokens, tokens), whose rows say how much each token takes from every other.
"""

import math

import torch
from torch import Tensor, nn

from .._require import require_int
from .dense import NUM_CLASSES

SIDE = 28  # of an image, in pixels
PATCH = 7  # side of a patch; it divides that of the image
NUM_TOKENS = (SIDE // PATCH) ** 2
MLP_RATIO = 2  # hidden neurons of a block's perceptron, for each of a token
# spread of the first positions: small beside a token, as in BERT and ViT
POSITION_STD = 0.02


class VisionTransformer(nn.Module):
    """Patches, learned positions, blocks of attention, mean over the tokens.

    width : numbers of a token, a multiple of heads
    depth : number of blocks
    heads : of the attention

    41,674 parameters as it is built without arguments. The classes are read
    off the mean of the tokens, without a class token. The products of
    attention have no weights: `hardware.layer_costs`, which counts layers,
    leaves them out (8 % of a block).

    See [dosovitskiy2021image], section 3.1 and appendix D.3.
    """

    trained_on: str | None = None

    def __init__(
        self, *, width: int = 48, depth: int = 2, heads: int = 4
    ) -> None:
        super().__init__()
        require_int("depth", depth, 1)
        _require_heads(width, heads)
        self.patches = nn.Conv2d(1, width, PATCH, stride=PATCH)
        self.positions = nn.Embedding(NUM_TOKENS, width)
        nn.init.normal_(self.positions.weight, std=POSITION_STD)
        self.blocks = nn.Sequential(
            *(Block(width, heads) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, NUM_CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, 10) logits."""
        # (n, width, 4, 4) -> (n, tokens, width)
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        places = torch.arange(NUM_TOKENS, device=images.device)[None]
        tokens = self.blocks(tokens + self.positions(places))
        return self.head(self.norm(tokens).mean(dim=1))


class Block(nn.Module):
    """Attention, then a perceptron for each token; both add to their input.

    Each normalizes its input first. See [dosovitskiy2021image], equations 2
    and 3.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, MLP_RATIO * width),
            nn.GELU(),
            nn.Linear(MLP_RATIO * width, width),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (n, tokens, width) to the same shape."""
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class Attention(nn.Module):
    """Self-attention with several heads.

    >>> attention = Attention(8, heads=2)
    >>> attention(torch.zeros(3, 5, 8)).shape
    torch.Size([3, 5, 8])

    See [dosovitskiy2021image], appendix A.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        _require_heads(width, heads)
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.softmax = nn.Softmax(dim=-1)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (n, tokens, width) to the same shape."""
        # (n, tokens, 3 * width) -> 3 of (n, heads, tokens, width / heads)
        query, key, value = (
            self.qkv(tokens)
            .unflatten(-1, (3, self.heads, -1))
            .permute(2, 0, 3, 1, 4)
        )
        # by this root a sum of width / heads products keeps its spread
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        mixed = self.softmax(scores) @ value
        # (n, heads, tokens, width / heads) -> (n, tokens, width)
        return self.out(mixed.transpose(1, 2).flatten(2))


def _require_heads(width: int, heads: int) -> None:
    require_int("heads", heads, 1)
    require_int("width", width, 1)
    if width % heads:
        raise ValueError(f"width must be a multiple of {heads}, got {width}")
