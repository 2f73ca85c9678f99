"""Checks of knobs, and of what is given for each of their settings.

A setting is a tuple: one value of each knob, in the knobs' order.
"""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from numbers import Integral
from typing import Any

from .._require import require_equal, require_real, require_text
from ..writing import in_words
from .metric import Metric, Reading

MAX_KNOBS = 3
NUMBER = re.compile(r"\d+(?:[.,/]\d+)*")  # 8, 0.25, 1,000, 1/16
NAMED = 4  # of many settings that are missing, so many are named

Value = str | int | float
Setting = tuple[Value, ...]
Knobs = dict[str, tuple[Value, ...]]


def check_knobs(knobs: Mapping[str, Sequence[Value]]) -> Knobs:
    """Return a copy of one to three knobs, each with two values at least."""
    if not isinstance(knobs, Mapping):
        got = type(knobs).__name__
        raise TypeError(f"knobs must be a dict of name and values, got {got}")
    if not 1 <= len(knobs) <= MAX_KNOBS:
        raise ValueError(f"knobs must be 1 to {MAX_KNOBS}, got {len(knobs)}")
    return {name: _check_knob(name, values) for name, values in knobs.items()}


def _check_knob(name: str, values: Sequence[Value]) -> tuple[Value, ...]:
    require_text("name of a knob", name)
    if isinstance(values, str) or not isinstance(values, Iterable):
        got = type(values).__name__
        raise TypeError(f"values of {name} must be a list, got {got}")
    values = tuple(values)
    for value in values:
        if not isinstance(value, str):
            require_real(f"values of {name}", value)
    if len(values) < 2:
        raise ValueError(f"values of {name} must be 2 or more, got {values}")
    if len(set(write_values(values).values())) < len(values):
        raise ValueError(f"values of {name} must differ, got {values}")
    return values


def is_ordered(values: Sequence[Value]) -> bool:
    """Return whether a knob slides: over numbers, or names that count.

    >>> is_ordered([8, 4]), is_ordered(["8 bits", "4 bits"]), is_ordered("ab")
    (True, True, False)
    """
    if not any(isinstance(value, str) for value in values):
        return True
    texts = list(map(str, values))
    found = [NUMBER.search(text) for text in texts]
    rests = {NUMBER.sub("", text, count=1) for text in texts}
    if len(rests) > 1 or not all(found):
        return False
    try:
        numbers = [Fraction(x[0].replace(",", "")) for x in found if x]
    except (ValueError, ZeroDivisionError):  # as in 1/2/3
        return False
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    return min(steps) > 0 or max(steps) < 0


def choose_axis(knobs: Knobs) -> int:
    """Return the place of the knob over which curves are drawn.

    The first that slides over three values or more, else the first that
    slides, else the first.
    """
    slides = [i for i, x in enumerate(knobs.values()) if is_ordered(x)]
    long = [i for i in slides if len([*knobs.values()][i]) > 2]
    return next(iter([*long, *slides, 0]))


def write_values(values: Sequence[Value]) -> dict[Value, str]:
    """Write a knob's values as the reader sees them.

    Names of the code are written in words (`writing.WORDS`). Numbers are
    rounded to a millionth of the smallest of them and of their steps, so what
    `np.arange` and float32 add behind it is not shown.

    >>> write_values([0.1 + 0.2, 0.4, "all"])
    {0.30000000000000004: '0.3', 0.4: '0.4', 'all': 'all'}
    """
    numbers = sorted({float(x) for x in values if not isinstance(x, str)})
    step = min((b - a for a, b in itertools.pairwise(numbers)), default=1)
    # less than a millionth of a millionth of the step is a 0 with an error
    sizes = (abs(x) for x in numbers if abs(x) > 1e-12 * step)
    digits = 6 - math.floor(math.log10(min([step, *sizes])))
    return {value: _write_value(value, digits) for value in values}


def _write_value(value: Value, digits: int) -> str:
    if isinstance(value, str):
        return in_words(value)
    if isinstance(value, Integral):
        return f"{value:,}"
    return f"{round(float(value), digits):,}"


def list_settings(knobs: Knobs) -> list[Setting]:
    """Return all settings; the last knob changes fastest."""
    return list(itertools.product(*knobs.values()))


def as_setting(key: Any) -> Setting:
    """Return a key as a tuple: one knob may be keyed by its plain value."""
    return key if isinstance(key, tuple) else (key,)


def check_setting(name: str, key: Any, knobs: Knobs) -> Setting:
    """Return a setting of the knobs."""
    setting = as_setting(key)
    fits = len(setting) == len(knobs) and all(
        value in values
        for value, values in zip(setting, knobs.values(), strict=True)
    )
    if not fits:
        expected = ", ".join(knobs)
        raise ValueError(
            f"{name} must be a setting ({expected}) of the knobs, got {key!r}"
        )
    return setting


def check_metrics(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """Return one metric or more, each with a name of its own."""
    metrics = tuple(metrics)
    for metric in metrics:
        if not isinstance(metric, Metric):
            got = type(metric).__name__
            raise TypeError(f"metrics must be of type Metric, got {got}")
    names = [metric.name for metric in metrics]
    if not names:
        raise ValueError("metrics must be 1 or more, got none")
    if len(set(names)) < len(names):
        raise ValueError(f"metrics must have different names, got {names}")
    return metrics


def read_metrics(
    name: str, values: Mapping[str, Any] | None, metrics: Sequence[Metric]
) -> dict[str, Reading | None]:
    """Check the values of one setting; None stands for none of them."""
    if values is None:
        return dict.fromkeys(metric.name for metric in metrics)
    if not isinstance(values, Mapping):
        got = type(values).__name__
        raise TypeError(f"{name} must be a dict of metric and value, got {got}")
    require_equal(
        f"metrics of {name}", sorted(m.name for m in metrics), sorted(values)
    )
    return {
        metric.name: metric.read(
            f"{metric.name} of {name}", values[metric.name]
        )
        for metric in metrics
    }


def check_values(
    values: Mapping[Any, Mapping[str, Any] | None],
    knobs: Knobs,
    metrics: Sequence[Metric],
) -> dict[Setting, dict[str, Reading | None]]:
    """Return the readings of every setting, in the knobs' order."""
    given = {
        check_setting("key of values", key, knobs): value
        for key, value in values.items()
    }
    if len(given) < len(values):
        raise ValueError(
            f"values must have each setting once, got {list(values)}"
        )
    settings = list_settings(knobs)
    missing = [setting for setting in settings if setting not in given]
    if missing:
        named = ", ".join(map(str, missing[:NAMED]))
        more = len(missing) - NAMED
        rest = f" and {more} more" if more > 0 else ""
        raise ValueError(
            "values must have every setting, with None where there is no "
            f"value; missing {named}{rest}"
        )
    return {
        setting: read_metrics(f"values[{setting}]", given[setting], metrics)
        for setting in settings
    }
