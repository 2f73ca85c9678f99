"""An Explorer of what a study recorded: its settings, and what they cost."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._require import require_one_of
from .explorer import Explorer
from .metric import ACCURACY, Metric
from .settings import Value

if TYPE_CHECKING:
    from ..studies import Result, Setting

Ways = str | Mapping[Value, Mapping[str, Any]]
Found = dict[tuple[Value, ...], "Setting | None"]
BOUND = "drop, largest upper 95 % bound"

# name -> how it is shown, and what it is of a setting
METRICS: dict[str, tuple[Metric, Callable[["Setting"], Any]]] = {
    "accuracy": (ACCURACY, lambda setting: setting.accuracy.reading),
    "drop": (
        Metric("drop", "pp", digits=2, better="lower"),
        lambda setting: setting.drop.reading,
    ),
    "bound": (
        Metric(BOUND, "pp", digits=2, better="lower"),
        lambda setting: max(x.comparison.upper_bound() for x in setting.rows),
    ),
    "file": (
        Metric("file", "KB", better="lower"),
        lambda setting: setting.num_bytes.mean / 1000,
    ),
    "MACs": (
        Metric("MACs", "thousand", digits=0, better="lower"),
        lambda setting: setting.macs.mean / 1000,
    ),
}


def explore_results(
    result: "Result",
    title: str,
    *,
    knobs: Mapping[str, Ways],
    metrics: Sequence[str] = ("accuracy", "drop", "bound", "file"),
    over: "Mapping[str, Callable[[Setting], Setting]] | None" = None,
    default: Any = None,
    family: str = "float",
    note: str = "",
) -> Explorer:
    """Show settings of a study; what was never run is not offered.

    knobs : name -> what it chooses: {value that is shown: what `Result.one`
        is asked for}, or the name of a setting, for all values that it has
    metrics : of "accuracy", "drop", "bound", "file", "MACs"; the first two
        with the lowest and the highest seed
    over : name -> (setting) -> what it is held against; the gain in accuracy,
        paired by seed, is one more metric
    default, family : as in `Explorer`
    note : a sentence more; study, seeds and images are noted anyhow

    >>> from mini_compress import studies
    >>> explore_results(
    ...     studies.load("lottery"),
    ...     "Which weights does a mask keep?",
    ...     knobs={
    ...         "round": "round",
    ...         "network": {
    ...             "ticket": {"method": "ticket", "epochs": None},
    ...             "random mask": {"method": "random_mask"},
    ...         },
    ...     },
    ...     metrics=["file"],
    ...     default=(7, "ticket"),
    ... ).note
    'Recorded by the study lottery: mean of 5 seeds, with the lowest and the \
highest, on 10,000 test images. What was never run is not offered.'
    """
    for name in metrics:
        require_one_of("metrics", name, METRICS)
    ways = {name: _ways(result, name, way) for name, way in knobs.items()}
    found = _find_all(result, ways)
    for place, (name, way) in enumerate(knobs.items()):
        found = _drop_unrun(found, place, name, way)
    choices = [list(dict.fromkeys(x)) for x in zip(*found, strict=True)]
    shown = [_judged(*METRICS[name], result, found) for name in metrics]
    shown += [_gain(name, other) for name, other in (over or {}).items()]
    return Explorer(
        title,
        knobs=dict(zip(knobs, choices, strict=True)),
        metrics=[metric for metric, _ in shown],
        values={
            key: {metric.name: figure(setting) for metric, figure in shown}
            if setting
            else None
            for key, setting in found.items()
        },
        default=default,
        family=family,
        note=f"{_note(result, found.values(), metrics)} {note}".rstrip(),
    )


def _judged(
    metric: Metric,
    figure: Callable[["Setting"], Any],
    result: "Result",
    found: Found,
) -> tuple[Metric, Callable[["Setting"], Any]]:
    """Give a metric the study's margin, and one baseline if there is one."""
    if metric.name == ACCURACY.name:
        whole = {
            round(x.accuracy.mean + x.drop.mean, 2) for x in found.values() if x
        }
        if len(whole) == 1:
            metric = replace(metric, baseline=whole.pop())
    elif metric.unit != "pp":
        return metric, figure
    return replace(metric, margin=result.margin), figure


def _gain(
    name: str, other: "Callable[[Setting], Setting]"
) -> tuple[Metric, Callable[["Setting"], Any]]:
    """Return the metric of what a setting has over another, and its value."""
    metric = Metric(f"gain over {name}", "pp", digits=2, better="higher")
    return metric, lambda setting: (setting - other(setting)).values.reading


def _ways(
    result: "Result", name: str, way: Ways
) -> Mapping[Value, Mapping[str, Any]]:
    if not isinstance(way, str):
        return way
    values = {row.settings[way] for row in result.rows if way in row.settings}
    if not values:
        raise ValueError(f"{name} must be a setting of the study, got {way!r}")
    return {value: {way: value} for value in sorted(values)}


def _find_all(
    result: "Result", ways: Mapping[str, Mapping[Value, Mapping[str, Any]]]
) -> Found:
    """Find the setting of every position of the knobs, None if not run."""
    found = {}
    for choice in itertools.product(*(way.items() for way in ways.values())):
        wanted = {k: v for _, part in choice for k, v in part.items()}
        key = tuple(value for value, _ in choice)
        found[key] = _find(result, wanted)
    return found


def _drop_unrun(found: Found, place: int, name: str, way: Ways) -> Found:
    """Leave out the values of a knob with which nothing was run.

    That is for a setting's own values; one that was asked for is misspelled.
    """
    run = {key[place] for key, setting in found.items() if setting}
    for key in found:
        if key[place] not in run and not isinstance(way, str):
            raise ValueError(
                f"values of {name} must have been run, got {key[place]!r} for "
                f"{way[key[place]]}"
            )
    return {key: x for key, x in found.items() if key[place] in run}


def _find(result: "Result", wanted: Mapping[str, Any]) -> "Setting | None":
    try:
        result.select(**wanted)
    except ValueError:  # its only one: there is no such row
        return None
    return result.one(**wanted)


def _note(
    result: "Result",
    settings: "Iterable[Setting | None]",
    metrics: Sequence[str],
) -> str:
    """Say where the figures come from, and what they leave open."""
    settings = list(settings)
    ran = [setting for setting in settings if setting]
    seeds = " or ".join(str(x) for x in sorted({len(x.seeds) for x in ran}))
    images = " or ".join(f"{x:,}" for x in sorted({x.n for x in ran}))
    sentences = [
        f"Recorded by the study {result.study}: mean of {seeds} seeds, with "
        f"the lowest and the highest, on {images} test images."
    ]
    if "bound" in metrics:
        sentences.append(
            "A bound is one-sided and paired by image, the largest of all "
            "seeds', and not corrected for how many bounds there are."
        )
    if "bound" in metrics and result.claims:
        sentences.append(
            "The p-values of claims, declared before the run, that a drop is "
            f"below {result.margin} pp are corrected by Holm's method."
        )
    if len(ran) < len(settings):
        sentences.append("What was never run is not offered.")
    return " ".join(sentences)
