"""Which range the input of each layer takes, found on example images."""

import copy
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn

from .._inference import require_image_tensor

BATCH_SIZE = 500


@torch.no_grad()
def observe_ranges(
    model: nn.Module, names: Iterable[str], images: Tensor
) -> dict[str, np.ndarray]:
    """Note the smallest and largest input of each layer over some images.

    model : is not changed; a copy runs in evaluation mode
    names : of the layers to watch
    images : (n, ...) float32, finite, n >= 1. Training images: the test set
        must not choose anything, ranges included.
    returns : name -> (2,) float32: lowest, highest
    """
    require_image_tensor(images)
    ranges: dict[str, np.ndarray] = {}
    observed = copy.deepcopy(model).eval()
    for name in names:
        observed.get_submodule(name).register_forward_pre_hook(
            _watch(name, ranges)
        )
    for batch in images.split(BATCH_SIZE):
        observed(batch)
    missing = set(names) - ranges.keys()
    if missing:
        raise ValueError(
            "every layer must be run by the calibration images, "
            f"got no input for {', '.join(sorted(missing))}"
        )
    return ranges


def _watch(name: str, ranges: dict[str, np.ndarray]) -> Callable[..., None]:
    """Return a hook that widens a layer's range by each input it sees."""

    def widen(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        low, high = ranges.get(name, (np.float32(np.inf), -np.float32(np.inf)))
        x = inputs[0]
        ranges[name] = np.array(
            [min(low, x.min().item()), max(high, x.max().item())], np.float32
        )

    return widen
