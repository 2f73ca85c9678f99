"""Running a recipe: step after step, each measured and written down."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import nn

from .. import artifact, datasets
from .._inference import HasModel, network_of
from .._require import require_bool
from ..artifact.header import read_header
from ..datasets import Dataset
from ..training import evaluate
from .forms import FILE
from .kinds import Given
from .outcomes import Outcome, measure
from .planning import naming, require_possible, require_teacher_used
from .recipes import Recipe, Step
from .results import Result
from .steps import STEPS
from .store import Store, origin_of


def run(
    recipe: Recipe | str | Path,
    model: nn.Module,
    data: Dataset | str,
    *,
    teacher: nn.Module | HasModel | None = None,
    folder: str | Path | None = None,
    test: bool = False,
    progress: bool = True,
) -> Result:
    """Compress a copy of a network by a recipe, and measure it at every step.

    recipe : or the path of its TOML file
    model : maps images of data to logits; is not changed, and on the CPU, as
        every step is: it takes up the file that the one before has left
    data : or the name of one for `datasets.load`; each step is scored on its
        validation images
    teacher : of a step that distills with teacher="given"
    folder : keeps what is done. A run that was interrupted goes on after its
        last whole step and gives the same result, on as many threads; one
        with another recipe takes over the steps that both begin with. None
        keeps nothing.
    test : score the network on the test images too, once, at the end
    progress : say on stderr what is done, with bars where it trains

    A recipe that cannot be followed is an error before any work, see
    `require_possible`; whatever a method refuses later is an error that names
    the step, and what was done before it is in the folder.

    >>> from mini_compress import zoo
    >>> from mini_compress.pipeline import Recipe, Step
    >>> recipe = Recipe(
    ...     "half, in 4 bits",
    ...     [
    ...         Step("prune_weights", sparsity=0.5),
    ...         Step("quantize_weights", bits=4),
    ...     ],
    ... )
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> result = run(recipe, net, "mnist5k", progress=False)
    >>> [outcome.num_bytes // 1000 for outcome in result.outcomes]
    [1067, 1067, 137]
    """
    if not isinstance(recipe, Recipe):
        recipe = Recipe.from_toml(recipe)
    require_bool("test", test)
    require_bool("progress", progress)
    job = prepare([recipe], model, data, teacher, folder, progress=progress)
    return job.follow(recipe, test=test)


def prepare(
    recipes: Sequence[Recipe],
    model: nn.Module,
    data: Dataset | str,
    teacher: nn.Module | HasModel | None,
    folder: str | Path | None,
    *,
    progress: bool,
) -> "Job":
    """Check all that can be checked before any work; arguments as of `run`."""
    if isinstance(data, str):
        data = datasets.load(data)
    for recipe in recipes:
        require_possible(recipe, model, data, teacher)
    require_teacher_used(recipes, teacher)
    return Job(
        model=model,
        data=data,
        teacher=None if teacher is None else network_of(teacher),
        folder=None if folder is None else Path(folder),
        progress=progress,
    )


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a recipe is run on; all of it as `run` has it, and checked."""

    model: nn.Module
    data: Dataset
    teacher: nn.Module | None
    folder: Path | None
    progress: bool

    @cached_property
    def store(self) -> Store:
        """Where outcomes are kept."""
        origin = origin_of(self.model, self.data, self.teacher)
        return Store(self.folder, origin)

    def start(self) -> Outcome:
        """Measure the network before the first step."""
        return measure(None, self.model, self.data, 0.0)

    def follow(
        self,
        recipe: Recipe,
        *,
        test: bool = False,
        done: Sequence[Outcome] = (),
    ) -> Result:
        """Run a recipe that is possible.

        done : outcomes before and after its first steps, if they are known
        """
        outcomes = list(done) or [self.start()]
        self._say(recipe.name)
        for outcome in outcomes:
            self._say(f"  {outcome}")
        for number in range(len(outcomes), len(recipe.steps) + 1):
            with naming(recipe, number):
                steps = recipe.steps[:number]
                outcomes.append(self._outcome(steps, outcomes[-1]))
            self._say(f"  {outcomes[-1]}")
        final = restore(outcomes[-1], self.model)
        return Result(
            recipe=recipe,
            outcomes=tuple(outcomes),
            model=final,
            test=(
                (
                    evaluate(self.model, self.data.test),
                    evaluate(final, self.data.test),
                )
                if test
                else None
            ),
        )

    def _outcome(self, steps: Sequence[Step], before: Outcome) -> Outcome:
        """Find what steps came to, or take the last of them."""
        kind, settings = STEPS[steps[-1].name], steps[-1].settings
        found = self.store.find(steps)
        if found and kind.makes != FILE:  # a file may have gone since
            return found
        if reason := self.store.why_not(steps):
            self._say(f"  step {len(steps)} is taken anew: {reason}")
        started = time.perf_counter()
        given = Given(
            model=restore(before, self.model),
            original=self.model,
            given_teacher=self.teacher,
            data=self.data,
            progress=self.progress,
        )
        made = kind.apply(given, settings)
        seconds = time.perf_counter() - started
        outcome = measure(steps[-1], made, self.data, seconds)
        self.store.add(steps, outcome)
        return outcome

    def _say(self, text: str) -> None:
        if self.progress and text:
            print(text, file=sys.stderr, flush=True)


def restore(outcome: Outcome, original: nn.Module) -> nn.Module:
    """Rebuild the network of an outcome.

    Each step is given what lay in a file, even if it was made a moment ago:
    so it does not matter where a run was interrupted.
    """
    contents, _, _ = read_header(outcome.data, "data")
    itself_a_layer = "" in contents.modules  # or integers: of no other class
    return artifact.from_bytes(
        outcome.data, None if itself_a_layer else original
    )
