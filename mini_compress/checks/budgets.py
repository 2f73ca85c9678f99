"""What design problems share: a network within a budget of bytes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from torch import nn

from .. import artifact, datasets, zoo
from ..hardware import layer_costs
from ..measuring import Score
from ..training import evaluate
from .core import Attempt, show


def check_budget(
    function: Callable,
    *,
    network: str,
    dataset: str,
    num_bytes: int,
    num_correct: int,
    hint: str,
    num_macs: int | None = None,
) -> None:
    """Check a compressed network: the bytes of its file, and its accuracy.

    function : (model) -> a compressed copy of the model
    network, dataset : the shipped network that is given to it
    num_bytes : its file must have fewer
    num_correct : so many validation images must be right at least
    hint : what to look at if they are not
    num_macs : an image must take fewer; None for any number

    What is judged is the file: the network is read back from its bytes. It
    is a failure to look at the test images meanwhile.
    """
    model = zoo.load(network, dataset)
    attempt = Attempt(function, "model")
    with attempt.must(
        "nothing is chosen on the test images",
        "Compare candidates on data.validation.",
    ):
        with _noted_parts() as parts:
            small = attempt.call(model)
        if "test" in parts:
            attempt.fail("no use of data.test", "its images were looked at")
    validation = datasets.load(dataset).validation
    with attempt.must(f"the result is a {network} that can be saved and used"):
        data, score = _save_and_score(attempt, small, type(model), validation)
        macs = layer_costs(small).macs
    print(f"        its file has {len(data):,} bytes")
    with attempt.must(
        f"the file has fewer than {num_bytes:,} bytes",
        "Numbers that were rounded, or set to 0, but stay float32 take as "
        "many bytes as before.",
    ):
        if len(data) >= num_bytes:
            attempt.fail(f"< {num_bytes:,} bytes", f"{len(data):,} bytes")
    if num_macs is not None:
        _check_macs(attempt, macs, num_macs)
    print(f"        {score.num_correct} of {len(score)} images are right")
    with attempt.must(f"at least {num_correct} are right", hint):
        if score.num_correct < num_correct:
            attempt.fail(f">= {num_correct}", f"{score.num_correct}")


def _check_macs(attempt: Attempt, macs: int, limit: int) -> None:
    print(f"        an image takes {macs:,} MACs")
    with attempt.must(
        f"an image takes fewer than {limit:,} MACs",
        "Which layers do the multiplications, and which hold the weights?",
    ):
        if macs >= limit:
            attempt.fail(f"< {limit:,} MACs", f"{macs:,} MACs")


def _save_and_score(
    attempt: Attempt, small: object, kind: type, split: datasets.Split
) -> tuple[bytes, Score]:
    """Return a network's file, and the score of what is read back from it."""
    if not isinstance(small, nn.Module):
        attempt.fail("a network", f"{type(small).__name__}: {show(small)}")
    if type(small) is not kind:
        attempt.fail(f"a {kind.__name__}", f"a {type(small).__name__}")
    try:
        data = artifact.to_bytes(small)
        return data, evaluate(artifact.from_bytes(data), split)
    except (TypeError, ValueError, RuntimeError) as error:
        attempt.fail(
            "layers of torch or mini_compress that fit together",
            f"{type(error).__name__}: {error}",
            cause=error,
        )


@contextmanager
def _noted_parts() -> Iterator[set[str]]:
    """Note which parts of data sets give out images meanwhile."""
    noted: set[str] = set()

    def images(split: datasets.Split) -> torch.Tensor:
        noted.add(split.part)
        return datasets.to_images(split.pixels)

    with mock.patch.object(datasets.Split, "images", property(images)):
        yield noted
