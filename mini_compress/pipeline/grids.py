"""Many recipes on one network: shared beginnings once, side by side.

The grid is plain joblib, one thread for each job. Called inside
`joblib.parallel_config` with the back end of a cluster ("dask", "ray"), the
same grid runs on many machines: what a job is given and what it gives back
are networks and figures, so the machines need to share no folder.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from torch import nn
from tqdm.auto import tqdm

from .._inference import HasModel, torch_threads
from .._require import require_bool, require_int
from ..datasets import Dataset
from .grid_results import GridResult
from .outcomes import Outcome
from .recipes import Recipe, Step
from .results import Result
from .running import Job, prepare

Prefix = tuple[str, ...]  # steps as texts
Known = Mapping[Prefix, Sequence[Outcome]]


def cross(*choices: Sequence[Step | None]) -> list[Recipe]:
    """Combine steps into recipes: one choice from each list, in this order.

    choices : steps; None leaves this one out
    returns : each recipe once, its name made of its steps

    >>> found = cross(
    ...     [None, Step("prune_weights", sparsity=0.5)],
    ...     [Step("quantize_weights", bits=b) for b in (2, 4)],
    ... )
    >>> print(*(recipe.name for recipe in found), sep="; ")
    quantize_weights(bits=2); quantize_weights(bits=4); \
prune_weights(sparsity=0.5), quantize_weights(bits=2); \
prune_weights(sparsity=0.5), quantize_weights(bits=4)
    """
    found = {}
    for chosen in itertools.product(*choices):
        steps = [step for step in chosen if step is not None]
        if steps:
            name = ", ".join(map(str, steps))
            found[name] = Recipe(name, steps)
    return list(found.values())


def grid(
    recipes: Iterable[Recipe],
    model: nn.Module,
    data: Dataset | str,
    *,
    teacher: nn.Module | HasModel | None = None,
    folder: str | Path | None = None,
    jobs: int = 1,
    test: bool = False,
    progress: bool = True,
) -> GridResult:
    """Run many recipes on one network; what several begin with runs once.

    recipes : with different names; see `cross`. All are checked before any
        work, as `run` checks one.
    model, data, teacher, folder, test : as for `run`. Without a folder
        nothing is kept; with one, what was interrupted goes on. On a cluster
        it is best on a disk that all machines share: each job writes there
        after every step, and otherwise only what comes back is kept.
    jobs : recipes side by side, one thread each; -1 for as many as there are
        cores, or workers of a cluster
    progress : show a bar

    A recipe that a method refuses on the way has no result, but its reason in
    `failed`; the others go on.

    >>> from mini_compress import zoo
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> recipes = cross([Step("quantize_weights", bits=b) for b in (2, 4)])
    >>> found = grid(recipes, net, "mnist5k", progress=False)
    >>> found.best(max_bytes=100_000).recipe.name
    'quantize_weights(bits=2)'
    """
    recipes = _require_recipes(recipes)
    if jobs != -1:
        require_int("jobs", jobs, 1)
    require_bool("test", test)
    require_bool("progress", progress)
    job = prepare(recipes, model, data, teacher, folder, progress=False)
    known: dict[Prefix, Sequence[Outcome]] = {(): [job.start()]}
    results, failed = {}, {}
    waves = [*_shared(recipes), recipes]
    bar = tqdm(total=sum(map(len, waves)), unit="recipe", disable=not progress)
    with bar:
        for wave in waves:
            last = wave is recipes
            calls = (
                delayed(_follow)(job, x, test and last, _longest(x, known))
                for x in wave
            )
            found = Parallel(n_jobs=jobs, return_as="generator")(calls)
            for recipe, result in zip(wave, found, strict=True):
                bar.update()
                if isinstance(result, Result):
                    known[_prefix(recipe.steps)] = result.outcomes
                    _keep(job, result)
                if last and isinstance(result, Result):
                    results[recipe.name] = result
                elif last:
                    failed[recipe.name] = result
    return GridResult(results, failed)


def _require_recipes(recipes: Iterable[Recipe]) -> list[Recipe]:
    recipes = list(recipes)
    if not recipes:
        raise ValueError("recipes must hold at least one, got none")
    for recipe in recipes:
        if not isinstance(recipe, Recipe):
            got = type(recipe).__name__
            raise TypeError(f"each of recipes must be a Recipe, got {got}")
    counts = Counter(recipe.name for recipe in recipes)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise ValueError(
            f"recipes must have different names, got {twice[0]!r} "
            f"{counts[twice[0]]} times"
        )
    return recipes


def _prefix(steps: Sequence[Step]) -> Prefix:
    return tuple(map(str, steps))


def _shared(recipes: Sequence[Recipe]) -> list[list[Recipe]]:
    """Return what several recipes begin with before they part, as recipes.

    returns : waves, each of which goes on from those before
    """
    after: dict[Prefix, set[str | None]] = {}  # beginning -> what follows
    begins: dict[Prefix, Recipe] = {}
    for recipe in recipes:
        texts: list[str | None] = [*map(str, recipe.steps), None]
        for n in range(1, len(recipe.steps) + 1):
            begin = Recipe(recipe.name, recipe.steps[:n])
            begins.setdefault(_prefix(begin.steps), begin)
            after.setdefault(_prefix(begin.steps), set()).add(texts[n])
    parts = [x for x, follows in after.items() if len(follows) > 1]
    depths = [sum(y == x[: len(y)] for y in parts) for x in parts]
    waves: list[list[Recipe]] = [[] for _ in range(max(depths, default=0))]
    for part, depth in zip(parts, depths, strict=True):
        waves[depth - 1].append(begins[part])
    return waves


def _longest(recipe: Recipe, known: Known) -> Sequence[Outcome]:
    """Return the outcomes of the longest beginning that is known."""
    steps = _prefix(recipe.steps)
    return known[max((x for x in known if x == steps[: len(x)]), key=len)]


def _keep(job: Job, result: Result) -> None:
    """Write down what came back, unless the job wrote to the same folder."""
    for number, outcome in enumerate(result.outcomes[1:], start=1):
        job.store.add(result.recipe.steps[:number], outcome)


def _follow(
    job: Job, recipe: Recipe, test: bool, done: Sequence[Outcome]
) -> Result | str:
    """Run a recipe in a job of its own, on one thread."""
    with threadpool_limits(1), torch_threads(1):
        try:
            return job.follow(recipe, test=test, done=done)
        except (TypeError, ValueError) as error:
            return str(error)
