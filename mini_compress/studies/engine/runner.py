"""Running studies: plan, train the baselines, measure, write the results.

The grid is plain joblib: one thread for each job, as many jobs as cores. To
share it out in a cluster, call `run_studies` inside `joblib.parallel_config`
with the cluster's back end. Several studies share the jobs: the trainings
come first, then the longest runs. A run whose baseline another job is still
training waits for it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from ..._inference import torch_threads
from . import baselines, provenance
from .grid import Run, Study
from .rows import AnyRow
from .scoring import measure_run
from .session import Session, training_seconds

Call = tuple[Session | None, Callable, tuple]


def run_study(
    study: Study,
    folder: Path,
    *,
    jobs: int,
    smoke: bool = False,
    restart: bool = False,
) -> Path:
    """Run what is not yet in the journal; return where the result is.

    folder : gets NAME.json and NAME.npz, and NAME.journal.jsonl until those
        are complete
    jobs : runs side by side; a study of timings takes one whatever is asked
    smoke : take the cut-down grid
    restart : begin anew instead of going on from the journal

    A journal of another grid, version or machine, or one that another process
    is writing, is a ValueError.

    >>> import tempfile
    >>> from mini_compress import studies
    >>> from mini_compress.quantization import quantize_weights
    >>> study = studies.Study(
    ...     name="four_bits",
    ...     summary="what four bits cost the smallest network",
    ...     grid=lambda smoke: studies.cross(
    ...         [("LeNet300", "mnist5k")], [0], [("quantize", {"bits": 4})]
    ...     ),
    ...     run_seconds=lambda run: 1.0,
    ...     compress=lambda baseline, run: quantize_weights(
    ...         baseline, **run.settings
    ...     ),
    ...     margin=1.0,
    ...     claims=lambda run: run.method == "quantize",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = run_study(study, Path(folder), jobs=1)  # doctest: +ELLIPSIS
    ...     found = studies.read(path).one(method="quantize")
    four_bits: what four bits cost the smallest network
    ...
    complete: four_bits, 2 rows, ... minutes
    >>> found.verdict.home, found.verdict.family_size
    ('four_bits', 1)
    """
    [path] = run_studies(
        [study], folder, jobs=jobs, smoke=smoke, restart=restart
    )
    return path


def run_studies(
    studies: Sequence[Study],
    folder: Path,
    *,
    jobs: int,
    smoke: bool = False,
    restart: bool = False,
) -> list[Path]:
    """Run several studies with one pool of jobs, as `run_study` does one.

    Those that have to run alone come last, one after the other.
    """
    with ExitStack() as stack:
        sessions = []
        for study in studies:
            session = Session(study, folder, smoke=smoke, restart=restart)
            stack.enter_context(closing(session.journal))
            sessions.append(session)
            print(session.plan(1 if study.alone else jobs), flush=True)
        for session in sessions:
            if not session.pending:
                session.finish()
        shared = [session for session in sessions if not session.study.alone]
        _work(shared, jobs)
        for session in sessions:
            if session.study.alone:
                _work([session], 1)
    return [session.path for session in sessions]


def _work(sessions: Sequence[Session], jobs: int) -> None:
    """Do all that is left, and write each row down as it comes in."""
    started = time.perf_counter()
    calls = _calls(sessions)
    parallel = Parallel(
        n_jobs=jobs, return_as="generator_unordered", batch_size=1
    )
    tasks = (
        delayed(_on_one_thread)(number, function, arguments)
        for number, (_, function, arguments) in enumerate(calls)
    )
    for count, (number, found) in enumerate(parallel(tasks), start=1):
        session = calls[number][0]
        for line in _take(session, found, len(sessions) > 1):
            print(f"[{count}/{len(calls)}] {line}", flush=True)
        if session is not None and not session.journal.path.exists():
            minutes = (time.perf_counter() - started) / 60
            print(
                f"complete: {session.study.name}, {len(session.runs)} rows, "
                f"{minutes:.1f} minutes"
            )


def _calls(sessions: Sequence[Session]) -> list[Call]:
    """List trainings, runs that can start at once, and all others.

    Each kind begins with what takes longest, and a training is always in
    some job's hands before a run can wait for it.
    """
    places = dict.fromkeys(x for one in sessions for x in one.untrained())
    trainings = sorted(places, key=training_seconds, reverse=True)
    runs = [
        (one, part)
        for one in sessions
        for part in _parts(one.study, one.pending)
    ]

    def urgency(owned: tuple[Session, list[Run]]) -> tuple[bool, float]:
        session, part = owned
        waits = any((x.network, x.dataset, x.seed) in places for x in part)
        return waits, -sum(map(session.study.run_seconds, part))

    return [
        *((None, baselines.train_baseline, place) for place in trainings),
        *(
            (one, _measure_runs, (one.study, part))
            for one, part in sorted(runs, key=urgency)
        ),
    ]


def _parts(study: Study, runs: Sequence[Run]) -> list[list[Run]]:
    """Put the runs together that one process is to measure."""
    if study.together is None:
        return [[run] for run in runs]
    parts: dict[str, list[Run]] = {}
    for run in runs:
        parts.setdefault(study.together(run), []).append(run)
    return list(parts.values())


def _measure_runs(study: Study, runs: Sequence[Run]) -> list[AnyRow]:
    rows = []
    for run in runs:
        try:
            rows.append(measure_run(study, run))
        except Exception as error:
            error.add_note(f"in {run!r}")
            raise
    return rows


def _on_one_thread(
    number: int, function: Callable, arguments: tuple
) -> tuple[int, Any]:
    """Call a function in a job, on one thread."""
    with threadpool_limits(provenance.THREADS):
        with torch_threads(provenance.THREADS):
            return number, function(*arguments)


def _take(
    session: Session | None, found: Path | list[AnyRow], named: bool
) -> Iterator[str]:
    """Write rows down; say in a line each, or of a training, what it was."""
    if session is None or isinstance(found, Path):
        yield f"trained: {getattr(found, 'stem', found)}"
        return
    for row in found:
        session.add(row)
        run = Run(row.network, row.dataset, row.method, row.settings, row.seed)
        yield f"{session.study.name}: " * named + f"{run}: {row}"
