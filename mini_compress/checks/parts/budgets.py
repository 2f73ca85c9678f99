"""What design problems share: a network within a budget of bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from ...measuring import Score
from .attempt import Attempt, show

if TYPE_CHECKING:
    from torch import nn

    from ...datasets import Split

SAME_BYTES = (
    "Numbers that were rounded, or set to 0, but stay float32 take as many "
    "bytes as before."
)
WHERE_MACS = "Which layers do the multiplications, and which hold the weights?"


def check_budget(
    function: Callable,
    *,
    network: str,
    dataset: str,
    num_bytes: int,
    num_correct: int,
    hint: str,
    kind: type[nn.Module] | None = None,
    num_macs: int | None = None,
    num_steps: int | None = None,
) -> Any:
    """Check a compressed network: the bytes of its file, and its accuracy.

    function : (model) -> a compressed copy of the model, or its student
    network, dataset : the shipped network that is given to it
    num_bytes : its file must have fewer
    num_correct : so many validation images must be right at least
    hint : what to look at if they are not
    kind : the class of the result, None for that of the model
    num_macs : an image must take fewer; None for any number
    num_steps : so many steps of any optimizer of torch may be taken at most;
        None for any number
    returns : the compressed network

    What is judged is the file: the network is read back from its bytes. It
    is a failure to look at the test images meanwhile.
    """
    from ... import datasets, zoo
    from ...hardware import layer_costs

    model = zoo.load(network, dataset)
    attempt = Attempt(function, "model")
    small, taken = _compress(attempt, model)
    validation = datasets.load(dataset).validation
    kind = kind or type(model)
    with attempt.must(
        f"the result is {_called(kind)} that can be saved and used"
    ):
        data, score = _save_and_score(attempt, small, kind, validation)
        macs = layer_costs(small).macs
    says = "the file has {} bytes"
    require_fewer(attempt, says, len(data), num_bytes, SAME_BYTES)
    if num_macs is not None:
        says = "an image takes {} MACs"
        require_fewer(attempt, says, macs, num_macs, WHERE_MACS)
    require_right(attempt, score, num_correct, hint)
    if num_steps is not None:
        _require_steps(attempt, taken, num_steps)
    return small


def require_fewer(
    attempt: Attempt, says: str, number: int, limit: int, hint: str
) -> None:
    """Print what was counted, and refuse as many as the limit, or more.

    says : a sentence with {} in the place of the number
    """
    print(f"        {says.format(f'{number:,}')}")
    with attempt.must(says.format(f"fewer than {limit:,}"), hint):
        if number >= limit:
            attempt.fail(f"< {limit:,}", f"{number:,}")


def require_right(
    attempt: Attempt, score: Score, num_correct: int, hint: str
) -> None:
    """Print how many images are right, and refuse less than is asked for."""
    print(f"        {score.num_correct} of {len(score)} images are right")
    with attempt.must(f"at least {num_correct} are right", hint):
        if score.num_correct < num_correct:
            attempt.fail(f">= {num_correct}", f"{score.num_correct}")


def _compress(attempt: Attempt, model: nn.Module) -> tuple[Any, int]:
    """Return the answer's network, and the steps of optimizers it took."""
    with attempt.must(
        "nothing is chosen on the test images",
        "Compare candidates on data.validation.",
    ):
        with _noted_parts() as parts, _counted_steps() as steps:
            small = attempt.call(model)
        if "test" in parts:
            attempt.fail("no use of data.test", "its images were looked at")
    return small, len(steps)


def _require_steps(attempt: Attempt, taken: int, limit: int) -> None:
    """Print how many steps training took, and refuse more than the limit."""
    print(f"        it took {taken} steps of the optimizer")
    with attempt.must(f"at most {limit} steps of the optimizer"):
        if taken > limit:
            attempt.fail(f"<= {limit} steps", f"{taken} steps")


def _save_and_score(
    attempt: Attempt, small: Any, kind: type, split: Split
) -> tuple[bytes, Score]:
    """Return a network's file, and the score of what is read back from it."""
    from torch import nn

    from ... import artifact
    from ...training import evaluate

    if not isinstance(small, nn.Module):
        model = isinstance(getattr(small, "model", None), nn.Module)
        attempt.fail(
            "a network",
            f"{type(small).__name__}: {show(small)}",
            hint="Return its .model." * model,
        )
    if type(small) is not kind:
        attempt.fail(_called(kind), _called(type(small)))
    try:
        data = artifact.to_bytes(small)
        return data, evaluate(artifact.from_bytes(data, small), split)
    except (TypeError, ValueError, RuntimeError) as error:
        attempt.fail(
            "layers of torch or mini_compress that fit together",
            f"{type(error).__name__}: {error}",
            hint="A file knows the layers of torch and mini_compress.layers; "
            "low_rank.factorize puts in such as LowRankLinear.",
            cause=error,
        )


def _called(kind: type) -> str:
    """Return a class's name with its article."""
    name = kind.__name__
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


@contextmanager
def _counted_steps() -> Iterator[list[None]]:
    """Count the steps that optimizers take meanwhile."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    steps: list[None] = []
    handle = register_optimizer_step_post_hook(
        lambda *arguments: steps.append(None)
    )
    try:
        yield steps
    finally:
        handle.remove()


@contextmanager
def _noted_parts() -> Iterator[set[str]]:
    """Note which parts of data sets give out images or pixels meanwhile.

    A part looks at its own pixels when it is made, which does not count.
    """
    from ...datasets import Split
    from ...datasets import __name__ as package

    noted: set[str] = set()
    get = Split.__getattribute__

    def noting(split: Split, name: str) -> Any:
        asks = sys._getframe(1).f_globals.get("__name__", "")
        is_inside = asks.startswith(f"{package}.")
        if name in ("images", "pixels") and not is_inside:
            noted.add(get(split, "part"))
        return get(split, name)

    with mock.patch.object(Split, "__getattribute__", noting):
        yield noted
