"""Recipes: short lists of steps, which a TOML file can hold.

name = "half the filters, then 8 bits"

[[steps]]
step = "prune_filters"
channel_ratio = 0.5

[[steps]]
step = "quantize_network"
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._files import write_beside
from .._require import require_one_of, require_text
from .toml import toml_text

SHIPPED = Path(__file__).parent / "shipped"
PLAIN = (str, bool, int, float)  # what a setting can be, alone or in a list


@dataclass(frozen=True, init=False)
class Step:
    """A method of the book with its settings.

    name : a key of `STEPS`
    settings : by keyword, of the step: texts, numbers, lists and tables of
        them, so that a file can hold them

    >>> print(Step("quantize_weights", bits=4))
    quantize_weights(bits=4)
    """

    name: str
    settings: dict[str, Any]

    def __init__(self, name: str, /, **settings: Any) -> None:
        require_text("name of a step", name)
        plain = {
            key: _plain(f"{key} of {name}", value)
            for key, value in settings.items()
        }
        object.__setattr__(self, "name", name)  # the class is frozen
        object.__setattr__(self, "settings", plain)

    def __str__(self) -> str:
        options = [f"{name}={value!r}" for name, value in self.settings.items()]
        return f"{self.name}({', '.join(options)})"


@dataclass(frozen=True)
class Recipe:
    """Steps in the order in which they are taken.

    name : what tables call it
    steps : one or several

    >>> recipe = Recipe("small", [Step("quantize_weights", bits=4)])
    >>> print(recipe.to_toml())
    name = "small"
    <BLANKLINE>
    [[steps]]
    step = "quantize_weights"
    bits = 4
    <BLANKLINE>
    >>> Recipe.from_text(recipe.to_toml()) == recipe
    True
    """

    name: str
    steps: Sequence[Step]

    def __post_init__(self) -> None:
        require_text("name", self.name)
        if isinstance(self.steps, str) or not isinstance(self.steps, Sequence):
            got = type(self.steps).__name__
            raise TypeError(f"steps must be a list of steps, got {got}")
        for step in self.steps:
            if not isinstance(step, Step):
                got = type(step).__name__
                raise TypeError(f"each of steps must be a Step, got {got}")
        if not self.steps:
            raise ValueError(f"steps of {self.name!r} must not be empty")
        object.__setattr__(self, "steps", tuple(self.steps))

    def __str__(self) -> str:
        return f"{self.name}: {', then '.join(map(str, self.steps))}"

    @classmethod
    def from_toml(cls, path: str | Path) -> "Recipe":
        """Read a file; what is wrong in it is one error with its path."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{path} must be text in UTF-8") from None
        return cls.from_text(text, str(path))

    @classmethod
    def from_text(cls, text: str, source: str = "recipe") -> "Recipe":
        """Read what a file would hold; `source` is what errors call it."""
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{source} must be TOML, got {error}") from None
        try:
            return _from_table(found)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{source}: {error}") from None

    def to_toml(self, path: str | Path | None = None) -> str:
        """Write the recipe as a text, and into a file if a path is given."""
        text = toml_text(
            {"name": self.name},
            [{"step": x.name, **x.settings} for x in self.steps],
        )
        if path is not None:
            with write_beside(Path(path)) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
        return text


def shipped(name: str) -> Recipe:
    """Return a recipe that comes with the package.

    name : "no_training", "few_epochs" or "smallest_file", for any network;
        "deep_compression", for LeNet300 on MNIST

    >>> print(", ".join(step.name for step in shipped("no_training").steps))
    fold_batchnorm, equalize, quantize_network
    """
    names = sorted(path.stem for path in SHIPPED.glob("*.toml"))
    require_one_of("name", name, names)
    return Recipe.from_toml(SHIPPED / f"{name}.toml")


def asks_teacher(steps: Sequence[Step]) -> bool:
    """Tell whether any of the steps learns from a teacher that is given."""
    return any(step.settings.get("teacher") == "given" for step in steps)


def _from_table(found: Mapping[str, Any]) -> Recipe:
    if others := found.keys() - {"name", "steps"}:
        got = ", ".join(sorted(others))
        raise ValueError(f"a recipe has a name and [[steps]], got {got}")
    tables = found.get("steps", [])
    if not isinstance(tables, list):
        got = type(tables).__name__
        raise TypeError(f"steps must be [[steps]], got {got}")
    steps = []
    for number, table in enumerate(tables, start=1):
        if not isinstance(table, dict) or "step" not in table:
            raise ValueError(
                f"entry {number} of steps must say its step, got {table!r}"
            )
        settings = {x: y for x, y in table.items() if x != "step"}
        steps.append(Step(table["step"], **settings))
    return Recipe(found.get("name", ""), steps)


def _plain(name: str, value: Any) -> Any:
    """Copy a value; refuse what a file cannot hold and give back as it was."""
    if isinstance(value, Mapping):
        for key in value:
            require_text(f"each key of {name}", key)
        return {x: _plain(f"{name}[{x!r}]", y) for x, y in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(f"each of {name}", x) for x in value]
    if type(value) not in PLAIN:
        got = type(value).__name__
        raise TypeError(
            f"{name} must be a text, a number, true or false, or a list or "
            f"table of these, got {got}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return value
