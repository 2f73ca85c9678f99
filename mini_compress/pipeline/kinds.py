"""A kind of step: a function of the book, and where it may stand."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import nn

from .._inference import network_of
from .._require import require_one_of
from ..datasets import Dataset
from ..training import train
from .forms import LEARNING, NORMS, STORED, UNFOLDED, WHOLE
from .settings import CHECKS, Check

NUM_IMAGES = 500  # training images for what looks at some, unless it is said
# of `training.train`, for functions that hand settings on to it
TRAINING = ("epochs", "learning_rate", "weight_decay", "batch_size", "seed")


@dataclass(frozen=True)
class Given:
    """What a step can be given besides its settings.

    model : as the steps before have left it
    original : as it was before the first step
    given_teacher : what `run` was given for one
    """

    model: nn.Module
    original: nn.Module
    given_teacher: nn.Module | None
    data: Dataset
    progress: bool

    def fill(self, name: str, num_images: int) -> Any:
        """Return what a parameter of this name stands for."""
        if name in ("images", "labels"):
            train = self.data.train
            some = train.take(min(num_images, len(train)))
            return getattr(some, name)
        if name == "input_shape":
            return tuple(self.data.train.pixels.shape[1:])
        return getattr(self, name)


FILLED = (*Given.__annotations__, "images", "labels", "input_shape")


@dataclass(frozen=True)
class Kind:
    """A kind of step: a function, what it works on and what it makes of it.

    function : its parameters that `Given.fill` knows are filled in, all others
        are settings
    more : whose settings its `**settings` are; None for a training's
    on : forms of which the network must have one
    makes : the form that these become; None if they stay
    bars : forms that the network must not have beside them
    folds : whether it folds batch normalization
    labels : (settings) -> whether training images must have labels
    rules : settings of which exactly one must be given
    checks : of settings that mean something else than elsewhere
    """

    function: Callable[..., Any]
    on: frozenset[str] = LEARNING
    makes: str | None = None
    bars: frozenset[str] = frozenset()
    folds: bool = False
    labels: Callable[[Mapping[str, Any]], bool] = lambda settings: False
    rules: tuple[str, ...] = ()
    more: Callable[..., Any] | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)

    @cached_property
    def settings(self) -> dict[str, bool]:
        """Settings by name, and whether each has to be given."""
        found = _settings_of(self.function)
        if _hands_on(self.function):
            of_training = {name: name == "epochs" for name in TRAINING}
            others = _settings_of(self.more) if self.more else of_training
            found = {**others, **found}
        if "images" in inspect.signature(self.function).parameters:
            found["num_images"] = False
        return found

    def require_settings(self, settings: Mapping[str, Any]) -> None:
        """Refuse settings that are unknown, missing or of no possible value."""
        for name, value in settings.items():
            require_one_of("setting", name, self.settings)
            check = self.checks.get(name) or CHECKS[name]
            check(name, value)
        for name, needed in self.settings.items():
            if needed and name not in settings:
                raise ValueError(f"{name} must be given, got none")
        given = [name for name in self.rules if name in settings]
        if self.rules and len(given) != 1:
            raise ValueError(
                f"exactly one of {', '.join(self.rules)} must be given, got "
                f"{' and '.join(given) or 'none'}"
            )

    def after(
        self, forms: frozenset[str], settings: Mapping[str, Any]
    ) -> frozenset[str]:
        """Return the forms of a network after this step."""
        if self.folds:
            forms -= {NORMS}
        if self.makes is None:
            return forms
        if self.makes in WHOLE:
            return frozenset({self.makes})
        left = forms if "layers" in settings else forms - self.on
        if self.makes in STORED and NORMS in forms:
            left |= {UNFOLDED}
        return left | {self.makes}

    def apply(self, given: Given, settings: Mapping[str, Any]) -> nn.Module:
        """Take the step; what was given stays as it is."""
        options = dict(settings)
        num_images = options.pop("num_images", NUM_IMAGES)
        asked = [*inspect.signature(self.function).parameters]
        if _hands_on(self.function):
            asked += inspect.signature(self.more or train).parameters
        for name in asked:
            if name in FILLED:
                options[name] = given.fill(name, num_images)
        return network_of(self.function(**options))


def _settings_of(function: Callable[..., Any]) -> dict[str, bool]:
    """Return parameters that are not filled in, and whether each is needed."""
    return {
        name: parameter.default is parameter.empty
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in FILLED and parameter.kind is not parameter.VAR_KEYWORD
    }


def _hands_on(function: Callable[..., Any]) -> bool:
    """Tell whether a function hands settings on to another one."""
    parameters = inspect.signature(function).parameters.values()
    return any(x.kind is x.VAR_KEYWORD for x in parameters)
