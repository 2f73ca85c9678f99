"""The one example on which a network runs: given by the caller, or blank."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from ._inference import device_of, inference, require_image_tensor
from ._require import require_int

IMAGE_SHAPE = (1, 28, 28)  # of the data sets that this package brings


class _IdsNeeded(Exception):  # noqa: N818, a finding and not an error
    """A table of embeddings was given floats."""


def example_shape(
    images: Tensor | None, input_shape: Sequence[int] | None
) -> tuple[int, ...]:
    """Return the shape of one example: that of images, else the one named.

    images : (n, ...)
    input_shape : without the batch axis; None for that of the images, and
        without images for (1, 28, 28)

    >>> example_shape(torch.rand(5, 3, 8, 8), None), example_shape(None, (9,))
    ((3, 8, 8), (9,))
    >>> example_shape(torch.rand(5, 9), (8,))
    Traceback (most recent call last):
    ValueError: input_shape must be (9,), as images have it, got (8,)
    """
    if input_shape is not None:
        if not isinstance(input_shape, tuple | list):
            got = type(input_shape).__name__
            raise TypeError(f"input_shape must be a tuple of sizes, got {got}")
        input_shape = tuple(
            require_int("each size in input_shape", size, 1)
            for size in input_shape
        )
    if images is None:
        return IMAGE_SHAPE if input_shape is None else input_shape
    if not isinstance(images, Tensor):
        got = type(images).__name__
        raise TypeError(f"images must be a float32 tensor, got {got}")
    if images.ndim == 0:
        raise ValueError("images must be a batch, (n, ...), got shape ()")
    own = tuple(images.shape[1:])
    if input_shape not in (None, own):
        raise ValueError(
            f"input_shape must be {own}, as images have it, got {input_shape}"
        )
    return own


def require_examples(images: Any) -> None:
    """Refuse anything but float32 images, finite, or int64 token ids.

    >>> require_examples(torch.zeros(2, 5, dtype=torch.int32))
    Traceback (most recent call last):
    TypeError: images must be a float32 tensor, or int64 token ids, got \
torch.int32
    """
    if isinstance(images, Tensor) and not images.is_floating_point():
        if images.dtype != torch.int64:
            raise TypeError(
                "images must be a float32 tensor, or int64 token ids, got "
                f"{images.dtype}"
            )
        images = images.float()
    require_image_tensor(images)


def one_example(
    model: nn.Module,
    images: Tensor | None,
    input_shape: Sequence[int] | None,
) -> Tensor:
    """Return the first of the images, else a blank example: (1, ...)."""
    shape = example_shape(images, input_shape)
    if images is None:
        return blank_images(model, 1, shape)
    require_int("number of images", len(images), 1)
    return images[:1]


def blank_images(
    model: nn.Module, count: int, shape: tuple[int, ...]
) -> Tensor:
    """Return zeros that a model can run on: of its dtype, on its device.

    They are int64 where the model looks up rows of an `nn.Embedding` or an
    `nn.EmbeddingBag` by them.

    >>> words = nn.Sequential(nn.Embedding(9, 2), nn.Linear(2, 9))
    >>> blank_images(words, 1, (3,)), blank_images(words[1], 1, (2,))
    (tensor([[0, 0, 0]]), tensor([[0., 0.]]))
    """
    dtypes = [x.dtype for x in model.parameters() if x.is_floating_point()]
    dtype = dtypes[0] if dtypes else torch.float32
    blank = torch.zeros(count, *shape, dtype=dtype, device=device_of(model))
    return blank.long() if _are_looked_up(model, blank) else blank


def run_example(model: nn.Module, example: Tensor, *, blank: bool) -> None:
    """Run a model on what `one_example` gave, or say that it does not fit.

    blank : whether it is blank, of a shape that the caller named

    >>> x = torch.zeros(1, 4)
    >>> run_example(nn.Linear(3, 2), x, blank=True)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: input_shape must fit the model, got (4,): ...
    """
    try:
        model(example)
    except (AssertionError, IndexError, RuntimeError, ValueError) as error:
        if not blank:
            raise does_not_fit(example, error) from error
        shape = tuple(example.shape[1:])
        raise ValueError(
            f"input_shape must fit the model, got {shape}: {error}"
            + ("; give images, of token ids" if "indices" in str(error) else "")
        ) from error


def does_not_fit(images: Tensor, error: Exception) -> ValueError:
    """Say that a model does not run on images, and what it says itself."""
    kind = str(images.dtype).removeprefix("torch.")
    shape = tuple(images.shape[1:])
    return ValueError(
        f"images must fit the model, got {kind} of shape {shape} each: {error}"
    )


def _are_looked_up(model: nn.Module, blank: Tensor) -> bool:
    """Tell whether floats come to a table of embeddings, which takes none."""
    kinds = (nn.Embedding, nn.EmbeddingBag)
    tables = [x for x in model.modules() if isinstance(x, kinds)]
    if not tables:
        return False

    def look(_: nn.Module, given: tuple[Any, ...], named: dict) -> None:
        ids = [*given, *named.values()][0]
        if ids.is_floating_point():
            raise _IdsNeeded

    with inference(model), ExitStack() as hooks:
        for table in tables:
            hook = table.register_forward_pre_hook(look, with_kwargs=True)
            hooks.enter_context(hook)
        try:
            model(blank)
        except _IdsNeeded:
            return True
        except Exception:  # said where the model is run
            return False
    return False
