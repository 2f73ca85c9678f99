"""Running a study: plan, train the baselines, measure, write the result.

The grid is plain joblib: one thread for each job, as many jobs as cores. To
share it out in a cluster, call `run_study` inside `joblib.parallel_config`
with the cluster's back end.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from ... import zoo
from ..._inference import torch_threads
from . import baselines, provenance
from .grid import Run, Study, key_of
from .journal import Header, Journal
from .rows import AnyRow, write_row
from .schema import write_file

Place = tuple[str, str, int]  # network, dataset and seed of a baseline


def run_study(
    study: Study,
    folder: Path,
    *,
    jobs: int,
    smoke: bool = False,
    restart: bool = False,
) -> Path:
    """Run what is not yet in the journal; return where the result is.

    folder : gets NAME.json, and NAME.journal.jsonl until that is complete
    jobs : runs side by side; a study of timings takes one whatever is asked
    smoke : take the cut-down grid
    restart : begin anew instead of going on from the journal

    A journal of another grid, version or machine is a ValueError.
    """
    started = time.perf_counter()
    runs = study.grid(smoke)
    jobs = 1 if study.alone else jobs
    path = folder / f"{study.name}.journal.jsonl"
    if restart:
        path.unlink(missing_ok=True)
    journal = Journal(path, _header(study, runs))
    done = {key_of(row) for row in journal.rows}
    pending = [run for run in runs if key_of(run) not in done]
    places = [] if study.own_baselines else _untrained(pending)
    print(_plan(study, runs, pending, places, jobs), flush=True)
    _train(places, jobs)
    _measure(study, pending, jobs, journal)
    result = folder / f"{study.name}.json"
    write_file(result, _facts(study, runs, journal, smoke))
    path.unlink()
    minutes = (time.perf_counter() - started) / 60
    print(f"complete: {len(runs)} rows, {minutes:.1f} minutes this time")
    return result


def _header(study: Study, runs: Sequence[Run]) -> Header:
    """Say what all rows have in common; data that is missing shows here."""
    names = sorted({run.dataset for run in runs if run.dataset})
    return {
        "study": study.name,
        "definition": provenance.fingerprint(study, runs),
        "machine": provenance.describe_machine(),
        "versions": provenance.list_versions(study.uses),
        "dataset_sha256": {
            name: baselines.load_data(name).sha256 for name in names
        },
    }


def _untrained(runs: Sequence[Run]) -> list[Place]:
    """List the baselines that the runs need and that have to be trained."""
    places = dict.fromkeys(
        (run.network, run.dataset, run.seed) for run in runs if run.network
    )
    return [place for place in places if not baselines.is_trained(*place)]


def _plan(
    study: Study,
    runs: Sequence[Run],
    pending: Sequence[Run],
    places: Sequence[Place],
    jobs: int,
) -> str:
    """Say what will be done, and how long it will take."""
    training = sum(_training_seconds(place) for place in places)
    measuring = sum(study.run_seconds(run) for run in pending)
    minutes = (training + measuring) / 60
    return (
        f"{study.name}: {study.summary}\n"
        f"{len(runs)} runs, {len(runs) - len(pending)} of them done before\n"
        f"{len(places)} baselines to train: {training / 60:.1f} minutes; "
        f"{len(pending)} runs: {measuring / 60:.1f} minutes\n"
        f"about {minutes / jobs:.1f} minutes, {jobs} at a time on "
        f"{provenance.THREADS} thread each"
    )


def _training_seconds(place: Place) -> float:
    """Look up how long the zoo's network of the same recipe took."""
    network, dataset, _ = place
    return zoo.record(network, dataset)["seconds"]


def _train(places: Sequence[Place], jobs: int) -> None:
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
    tasks = (
        delayed(_on_one_thread)(baselines.train_baseline, place)
        for place in places
    )
    for number, path in enumerate(parallel(tasks), start=1):
        print(f"[{number}/{len(places)}] trained: {path.stem}", flush=True)


def _measure(
    study: Study, runs: Sequence[Run], jobs: int, journal: Journal
) -> None:
    """Measure the runs and write each row down as it comes in."""
    parallel = Parallel(
        n_jobs=jobs, return_as="generator_unordered", batch_size=1
    )
    tasks = (delayed(_on_one_thread)(study.measure, (run,)) for run in runs)
    for number, row in enumerate(parallel(tasks), start=1):
        journal.append(row)
        print(f"[{number}/{len(runs)}] {_line(row)}", flush=True)


def _on_one_thread(function: Callable, arguments: tuple) -> object:
    """Call a function in a job; an error says which run it was."""
    with threadpool_limits(provenance.THREADS):
        with torch_threads(provenance.THREADS):
            try:
                return function(*arguments)
            except Exception as error:
                error.add_note(f"in {arguments}")
                raise


def _line(row: AnyRow) -> str:
    run = Run(row.network, row.dataset, row.method, row.settings, row.seed)
    return f"{run}: {row}"


def _facts(
    study: Study, runs: Sequence[Run], journal: Journal, smoke: bool
) -> dict:
    """Put the result together, rows in the order of the grid."""
    rows = {key_of(row): row for row in journal.rows}
    ordered = [rows[key_of(run)] for run in runs]
    command = f"python -m mini_compress.studies {study.name}"
    header = {
        name: value
        for name, value in journal.header.items()
        if name != "definition"
    }
    return {
        **header,
        "command": command + " --smoke" * smoke,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(sum(row.seconds for row in ordered), 1),
        "rows": [write_row(row) for row in ordered],
    }
