"""Every method of every study runs once: the code behind each row works."""

import dataclasses
import functools

import pytest
import torch

from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine.grid import Run, Study
from mini_compress.studies.engine.rows import FLOAT, Row
from mini_compress.studies.engine.scoring import measure_run
from mini_compress.studies.pruning import lottery, slimming

EPOCHS = 1  # of whatever trains; a round takes one at least


def shortened(run: Run) -> Run:
    """Train for as little as the run's rounds allow."""
    settings = dict(run.settings)
    if settings.get("epochs"):
        settings["epochs"] = EPOCHS * settings.get("rounds", 1)
    return dataclasses.replace(run, settings=settings)


@functools.cache
def runs_of(name: str) -> dict[str, Run]:
    """Pick a run of each method and, where it trains, of each start."""
    picked: dict[str, Run] = {}
    for run in STUDIES[name].grid(True):
        trains = "trained" * bool(run.settings.get("epochs"))
        kind = (run.method, str(run.settings.get("start", "")), trains)
        if run.seed == 0:
            picked.setdefault(" ".join(filter(None, kind)), run)
    return picked


ACCURACY = [name for name, study in STUDIES.items() if study.compress]
CASES = [(name, kind) for name in ACCURACY for kind in runs_of(name)]


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True, scope="module")
def short_trainings():
    """Shorten those whose epochs stand in no run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(lottery.SETTINGS, "epochs", EPOCHS)
        for name in ("PENALTY_EPOCHS", "AFTER_EPOCHS", "EPOCHS"):
            patch.setattr(slimming, name, EPOCHS)
        lottery.climb.cache_clear()
        yield
    lottery.climb.cache_clear()


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_each_method_gives_a_row(name, kind):
    study: Study = STUDIES[name]
    run = shortened(runs_of(name)[kind])
    row = measure_run(study, run)
    assert isinstance(row, Row)
    assert row.unpack().sum() == row.n - row.correct
    assert row.accuracy > 9  # not a broken network: one guess in ten
    if run.method == FLOAT:
        assert (row.b, row.c) == (0, 0)
    if run.settings.get("epochs"):
        assert row.total_epochs >= run.settings["epochs"]


def test_every_method_of_the_full_grid_is_in_the_small_one():
    for study in STUDIES.values():
        full, smoke = ({run.method for run in study.grid(x)} for x in (0, 1))
        assert full == smoke, study.name
