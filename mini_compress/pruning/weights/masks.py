"""Weight pruning: a score for each weight, and the lowest scores go.

A mask is a bool tensor of a weight's shape, True where the weight is kept.
Masks come in a dict, by the name of the layer. Biases and normalizations are
never pruned: they are few.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..._inference import copy_model, require_float32, require_image_tensor
from ..._require import require_equal, require_int, require_one_of
from ...kernels import masks as kernels
from ...layers.selection import treatable_layers, weight_of
from .scores import Scores, loss_gradients, magnitude_scores

Masks = dict[str, Tensor]
Sparsity = float | Mapping[str, float]
SCOPES = ("layer", "global")


def magnitude_masks(
    model: nn.Module,
    sparsity: Sparsity,
    *,
    scope: str = "layer",
    layers: Sequence[str] | None = None,
) -> Masks:
    """Keep the weights of the largest absolute value.

    sparsity : share of the weights to remove, in [0, 1); or one for each of
        several layers, by name, and then no `layers`
    scope : "layer": that share of each layer; "global": that share of all
        layers together, one threshold for all
    layers : names of Linear and Conv2d layers; None for all
    returns : as many are kept as asked for, exactly; among equals the first

    >>> layer = nn.Linear(4, 1)
    >>> layer.weight.data = torch.tensor([[0.3, -0.5, 0.1, 0.2]])
    >>> magnitude_masks(nn.Sequential(layer), 0.5)
    {'0': tensor([[ True,  True, False, False]])}

    See [han2015learning], section 3.
    """
    scores = magnitude_scores(model, _named(layers, sparsity))
    return _masks(scores, sparsity, scope)


def random_masks(
    model: nn.Module,
    sparsity: Sparsity,
    *,
    seed: int = 0,
    scope: str = "layer",
    layers: Sequence[str] | None = None,
) -> Masks:
    """Keep weights drawn at random: what every criterion has to beat.

    seed : of the draw; other arguments as in `magnitude_masks`

    >>> masks = random_masks(nn.Sequential(nn.Linear(5, 4)), 0.75)
    >>> masks["0"].shape, int(masks["0"].sum())
    (torch.Size([4, 5]), 5)
    """
    require_int("seed", seed, 0)
    rng = np.random.default_rng(seed)
    found = magnitude_scores(model, _named(layers, sparsity))
    scores = {
        name: rng.random(score.shape, np.float32)
        for name, score in found.items()
    }
    return _masks(scores, sparsity, scope)


def taylor_masks(
    model: nn.Module,
    sparsity: Sparsity,
    images: Tensor,
    labels: Tensor,
    *,
    scope: str = "layer",
    layers: Sequence[str] | None = None,
) -> Masks:
    """Keep the weights whose removal changes the loss most, to first order.

    images, labels : (n, ...) float32 and (n,) int64, from the training set
    other arguments : as in `magnitude_masks`

    Setting a weight w to 0 changes the loss by about -w * gradient; the score
    is the absolute value of that, with the gradient of the mean loss over all
    images. See [molchanov2017pruning], section 2.2, there for feature maps.

    >>> layer = nn.Linear(2, 2)
    >>> images, labels = torch.tensor([[1.0, 0.0]]), torch.tensor([1])
    >>> taylor_masks(nn.Sequential(layer), 0.5, images, labels)  # 2nd input: 0
    {'0': tensor([[ True, False],
            [ True, False]])}
    """
    require_image_tensor(images)
    require_float32(model)
    found = magnitude_scores(model, _named(layers, sparsity))
    gradients = loss_gradients(model, images, labels)
    scores = {
        name: score * np.abs(gradients[f"{name}.weight".lstrip(".")].numpy())
        for name, score in found.items()
    }
    return _masks(scores, sparsity, scope)


def apply_masks(model: nn.Module, masks: Masks) -> nn.Module:
    """Return a copy whose masked weights are 0; its shapes stay as they are.

    masks : by layer; each of its weight's shape, bool
    returns : a network in evaluation mode

    >>> layer = nn.Linear(3, 1)
    >>> layer.weight.data = torch.tensor([[0.3, -0.5, 0.1]])
    >>> masks = {"0": torch.tensor([[True, True, False]])}
    >>> apply_masks(nn.Sequential(layer), masks)[0].weight.tolist()[0][2]
    0.0
    """
    _require_fitting(model, masks)
    masked = copy_model(model)
    with torch.no_grad():
        for name, mask in masks.items():
            weight = weight_of(masked, name)
            weight.mul_(mask.to(weight.device))
    return masked.eval()


def masks_of(model: nn.Module, layers: Sequence[str] | None = None) -> Masks:
    """Return the masks that a network's zeros amount to.

    layers : names of Linear and Conv2d layers; None for all

    >>> layer = nn.Linear(3, 1)
    >>> layer.weight.data = torch.tensor([[0.3, 0.0, 0.1]])
    >>> masks_of(nn.Sequential(layer))
    {'0': tensor([[ True, False,  True]])}
    """
    return {
        name: layer.weight.detach() != 0
        for name, layer in treatable_layers(model, layers).items()
    }


def sparsity_of(masks: Masks) -> float:
    """Return the share of all masked weights that are removed.

    >>> sparsity_of({"conv": torch.tensor([[True, False], [False, False]])})
    0.75
    """
    kept = sum(int(mask.sum()) for mask in masks.values())
    return 1 - kept / sum(mask.numel() for mask in masks.values())


def _named(
    layers: Sequence[str] | None, sparsity: Sparsity
) -> Sequence[str] | None:
    """Return the layers that are named, by one argument or the other."""
    if not isinstance(sparsity, Mapping):
        return layers
    if layers is not None:
        raise ValueError(
            "layers must be None where sparsity names the layers, "
            f"got {list(layers)}"
        )
    return list(sparsity)


def _masks(scores: Scores, sparsity: Sparsity, scope: str) -> Masks:
    """Keep the largest scores, of each layer or of all together."""
    require_one_of("scope", scope, SCOPES)
    if scope == "layer":
        shares = (
            sparsity
            if isinstance(sparsity, Mapping)
            else dict.fromkeys(scores, sparsity)
        )
        kept = [
            kernels.keep_largest(score, shares[name])
            for name, score in scores.items()
        ]
    elif isinstance(sparsity, Mapping):
        raise TypeError("sparsity must be one number for scope 'global'")
    else:
        kept = kernels.keep_largest_global(list(scores.values()), sparsity)
    return dict(zip(scores, map(torch.from_numpy, kept), strict=True))


def _require_fitting(model: nn.Module, masks: Masks) -> None:
    found = treatable_layers(model, list(masks))
    for name, mask in masks.items():
        expected = tuple(found[name].weight.shape)
        if mask.dtype != torch.bool:
            raise TypeError(f"mask of {name!r} must be bool, got {mask.dtype}")
        require_equal(
            f"shape of the mask of {name!r}", expected, tuple(mask.shape)
        )
