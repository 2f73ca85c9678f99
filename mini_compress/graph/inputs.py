"""What each layer of a network is given, on example images.

Calibration asks for ranges; low rank and second-order rounding ask for the
products of inputs. One run over the images serves them all.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._examples import does_not_fit, require_examples
from .._inference import (
    BATCH_SIZE,
    copy_model,
    require_float32,
    require_module,
)
from .._require import require_one_of
from ..layers.plain import require_plain_weights

Visit = Callable[[str, Tensor], None]


@torch.no_grad()
def capture_inputs(
    model: nn.Module,
    names: Iterable[str],
    images: Tensor,
    visit: Visit,
    *,
    batch_size: int = BATCH_SIZE,
) -> None:
    """Hand what each layer is given to a visitor, batch by batch.

    model : is not changed; a copy runs in evaluation mode
    names : of the layers to watch; each must run
    images : (n, ...) float32, finite, n >= 1; or int64, token ids. Training
        images: the test set must not choose anything.
    visit : (name of the layer, its input) -> None, for each run of the layer.
        The input has no gradient and must not be changed.

    NaN or infinity in an input is a ValueError that names layer and images.

    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> sums = {"0": torch.zeros(2, 2), "2": torch.zeros(3, 3)}
    >>> def add_products(name, x):  # X^T X of every layer
    ...     sums[name] += x.T @ x
    >>> capture_inputs(model, sums, torch.eye(2), add_products)
    >>> sums["0"]
    tensor([[1., 0.],
            [0., 1.]])
    """
    require_module("model", model)
    require_examples(images)
    require_plain_weights(model)
    require_float32(model)
    copied = copy_model(model).eval()
    modules = dict(copied.named_modules(remove_duplicate=False))
    watch = _Watch(visit)
    names = list(names)
    for name in names:
        require_one_of("name of a layer", name, modules)
        modules[name].register_forward_pre_hook(
            partial(watch.see, name), with_kwargs=True
        )
    for batch in images.split(batch_size):
        watch.begin(batch)
        try:
            copied(batch)
        except (AssertionError, IndexError, RuntimeError) as error:
            raise does_not_fit(images, error) from error
    missing = [name for name in names if name not in watch.seen]
    if missing:
        raise ValueError(
            "every layer must be run by the calibration images, "
            f"got no input for {', '.join(missing)}"
        )


def observe_ranges(
    model: nn.Module, names: Iterable[str], images: Tensor
) -> dict[str, np.ndarray]:
    """Note the smallest and largest input of each layer over some images.

    model, names, images : as for `capture_inputs`
    returns : name -> (2,) float32: lowest, highest

    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> observe_ranges(model, ["1"], torch.tensor([[0.5, -2.0, 1.0, 0.0]]))
    {'1': array([-2.,  1.], dtype=float32)}
    """
    ranges: dict[str, np.ndarray] = {}
    capture_inputs(model, names, images, partial(widen, ranges))
    return ranges


def widen(ranges: dict[str, np.ndarray], name: str, x: Tensor) -> None:
    """Let the range of that name contain more values.

    ranges : name -> (2,) float32: lowest, highest; is changed
    """
    low, high = x.min().item(), x.max().item()
    before = ranges.get(name, (low, high))
    ends = [min(low, before[0]), max(high, before[1])]
    ranges[name] = np.array(ends, np.float32)


def next_images(images: range, batch: Tensor) -> range:
    """Return the numbers of a batch's images, which come behind these."""
    return range(images.stop, images.stop + len(batch))


def require_finite_rows(name: str, x: Tensor, images: range) -> None:
    """Refuse NaN and infinity; say from which images they come.

    images : the numbers of those that run now

    >>> x = torch.tensor([[1.0], [torch.nan]])
    >>> require_finite_rows("input of 'fc'", x, range(500, 502))
    Traceback (most recent call last):
    ValueError: input of 'fc' must be finite, got NaN for image 501
    """
    # a finite sum, found in one pass, is a proof; a large one is none
    if x.sum().isfinite() or (finite := x.isfinite()).all():
        return
    got = "NaN" if x.isnan().any() else "infinity"
    where = f"images {images[0]} to {images[-1]}"
    if x.ndim and len(x) == len(images):
        bad = (~finite).flatten(1).any(dim=1).nonzero().flatten().tolist()
        where = "image " + ", ".join(str(images[i]) for i in bad[:10])
        where += f" and {len(bad) - 10} more" if len(bad) > 10 else ""
    raise ValueError(f"{name} must be finite, got {got} for {where}")


class _Watch:
    """Hands inputs on, and knows from which images they come."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.seen: set[str] = set()
        self.images = range(0)  # the numbers of those that run now

    def begin(self, batch: Tensor) -> None:
        """Note that the next images run."""
        self.images = next_images(self.images, batch)

    def see(
        self,
        name: str,
        _: nn.Module,
        inputs: tuple[Any, ...],
        named_inputs: dict[str, Any],
    ) -> None:
        """Be called by torch before a layer runs."""
        given = [*inputs, *named_inputs.values()]
        if len(given) != 1 or not isinstance(given[0], Tensor):
            kinds = ", ".join(type(x).__name__ for x in given)
            raise TypeError(
                f"layer {name!r} must be given one tensor, got {kinds}"
            )
        require_finite_rows(f"input of {name!r}", given[0], self.images)
        self.seen.add(name)
        self.visit(name, given[0].detach())
