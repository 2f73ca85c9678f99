"""What the modules of a network give in a forward pass, gradients included.

Distillation compares a student's features and attention with a teacher's;
what `capture_inputs` hands on is detached, of images that nothing learns from.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn

from .._inference import require_module

MAX_LISTED = 10  # names in an error: what is longer is not read


@contextmanager
def capture_outputs(
    model: nn.Module, names: Iterable[str]
) -> Iterator[dict[str, Tensor]]:
    """Note what named modules give whenever a model runs.

    model : runs as ever; its hooks are gone when the context ends, in
        whatever way that is
    names : of modules, as `model.named_modules()` has them
    returns : name -> the output of the last forward pass, not detached. Each
        pass of the model begins with an empty dictionary.

    No module of that name is a ValueError before anything runs; so is, as it
    happens, a module that runs twice in one pass, and one that is asked for
    and has not run. An output that is not one tensor is a TypeError. A layer
    that changes its input in place changes the output noted before it.

    >>> import torch
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> with capture_outputs(model, ["1"]) as outputs:
    ...     logits = model(torch.ones(4, 2))
    >>> outputs["1"].shape, outputs["1"].requires_grad
    (torch.Size([4, 3]), True)
    """
    require_module("model", model)
    if isinstance(names, str):
        raise TypeError(f"names must be several strings, got {names!r} alone")
    modules = dict(model.named_modules(remove_duplicate=False))
    names = list(dict.fromkeys(names))
    _require_known(names, list(modules))
    outputs = _Outputs()
    with ExitStack() as hooks:
        # before all others, for the model itself may be among the named
        hooks.enter_context(
            model.register_forward_pre_hook(
                lambda *_: outputs.clear(), prepend=True
            )
        )
        for name in names:
            hooks.enter_context(
                modules[name].register_forward_hook(partial(outputs.note, name))
            )
        yield outputs


class _Outputs(dict[str, Tensor]):
    """The outputs of one pass; what is not there is an error that says why."""

    def note(self, name: str, _: nn.Module, inputs: Any, output: Any) -> None:
        """Be called by torch after a module has run."""
        if name in self:
            raise ValueError(
                f"module {name!r} must run once in a pass for its output to "
                "be captured, got a second run"
            )
        if not isinstance(output, Tensor):
            got = type(output).__name__
            raise TypeError(f"output of {name!r} must be one tensor, got {got}")
        self[name] = output

    def __missing__(self, name: str) -> Tensor:
        raise ValueError(
            f"output of {name!r} must be captured to be read, got "
            f"{', '.join(map(repr, self)) or 'none'}: it was not asked for or "
            "has not run"
        )


def _require_known(names: list[str], known: list[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        listed = list(filter(None, known))  # the model itself has no name
        more = len(listed) - MAX_LISTED
        rest = f" and {more} more" if more > 0 else ""
        raise ValueError(
            "names must be those of modules: "
            f"{', '.join(listed[:MAX_LISTED])}{rest}; "
            f"got {', '.join(map(repr, unknown))}"
        )
