"""A study that is being run: what is left to do, its journal, its result."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ... import zoo
from . import baselines, provenance
from .grid import Study, key_of
from .images import write_images
from .journal import DATE, Header, Journal
from .rows import FLOAT, AnyRow, Row, write_row
from .schema import OPTIONAL, write_file
from .scoring import find_data, find_recipe
from .superiority import declare

Place = tuple[str, str, int]  # network, dataset and seed of a baseline


class Session:
    """One study, from its plan to its result.

    folder : gets NAME.json with NAME.npz, and NAME.journal.jsonl until all
        rows are there
    smoke : take the cut-down grid
    restart : begin anew instead of going on from the journal

    pending : the runs that are not yet in the journal
    """

    def __init__(
        self, study: Study, folder: Path, *, smoke: bool, restart: bool
    ) -> None:
        self.study = study
        self.smoke = smoke
        self.runs = study.grid(smoke)
        self.path = folder / f"{study.name}.json"
        self.journal = Journal(
            folder / f"{study.name}.journal.jsonl",
            _header(study, self.runs, smoke=smoke),
            restart=restart,
        )
        done = {key_of(row) for row in self.journal.rows}
        self.pending = [run for run in self.runs if key_of(run) not in done]

    def untrained(self) -> list[Place]:
        """List the baselines that are needed and that have to be trained."""
        if self.study.baseline is not None or self.study.measure is not None:
            return []
        places = dict.fromkeys(
            (run.network, run.dataset, run.seed) for run in self.pending
        )
        return [x for x in places if not baselines.is_trained(*x)]

    def add(self, row: AnyRow) -> None:
        """Write a row down; after the last one, the result."""
        self.journal.append(row)
        if len(self.journal.rows) == len(self.runs):
            self.finish()

    def finish(self) -> None:
        """Write the result, rows in the order of the grid."""
        rows = {key_of(row): row for row in self.journal.rows}
        ordered = [rows[key_of(run)] for run in self.runs]
        write_images(self.path.with_suffix(".npz"), ordered)
        write_file(self.path, self._facts(ordered))
        self.journal.remove()

    def plan(self, jobs: int) -> str:
        """Say what will be done, and how long it will take."""
        places = self.untrained()
        training = sum(map(training_seconds, places))
        measuring = sum(map(self.study.run_seconds, self.pending))
        done = len(self.runs) - len(self.pending)
        minutes = (training + measuring) / 60
        return (
            f"{self.study.name}: {self.study.summary}\n"
            f"{len(self.runs)} runs, {done} of them done before\n"
            f"{len(places)} baselines to train: {training / 60:.1f} minutes; "
            f"{len(self.pending)} runs: {measuring / 60:.1f} minutes\n"
            f"about {minutes / jobs:.1f} minutes, {jobs} at a time on "
            f"{provenance.THREADS} thread each"
        )

    def _facts(self, rows: list[AnyRow]) -> dict[str, Any]:
        header = {
            name: value
            for name, value in self.journal.header.items()
            if name != "definition"
        }
        return {
            **header,
            "command": provenance.command(self.study) + " --smoke" * self.smoke,
            "created": _now(),
            "seconds": round(sum(row.seconds for row in rows), 1),
            "grids": _grids(self.runs),
            "baselines": _baselines(self.study, rows),
            "rows": [write_row(row) for row in rows],
        }


def training_seconds(place: Place) -> float:
    """Look up how long the zoo's network of the same recipe took."""
    network, dataset, _ = place
    return zoo.record(network, dataset)["seconds"]


def _header(study: Study, runs: Any, *, smoke: bool) -> Header:
    """Say what all rows have in common; data that is missing shows here."""
    names = sorted({run.dataset for run in runs if run.dataset})
    claims = [
        {name: value for name, value in vars(run).items() if name != "seed"}
        for run in study.list_claims(runs)
    ]
    better = declare(study, smoke=smoke)
    header = {
        "study": study.name,
        "definition": provenance.fingerprint(study, runs),
        "machine": provenance.describe_machine(),
        "versions": provenance.list_versions(study.uses),
        "dataset_sha256": {x: find_data(study, x).sha256 for x in names},
        "margin": study.margin,
        "claims": claims,
        "controls": study.controls,
        "constants": study.constants,
        **({OPTIONAL: better} if better else {}),
        DATE: _now(),
    }
    return json.loads(json.dumps(header))  # as a journal gives it back


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _grids(runs: Any) -> dict[str, dict[str, list[Any]]]:
    """List for each method the values of its settings."""
    grids: dict[str, dict[str, list[Any]]] = {}
    for run in runs:
        values = grids.setdefault(run.method, {})
        for name, value in run.settings.items():
            known = values.setdefault(name, [])
            if value not in known:
                known.append(value)
    return grids


def _baselines(study: Study, rows: list[AnyRow]) -> list[dict[str, Any]]:
    """Say how the baselines were trained, and how good they are."""
    places: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if isinstance(row, Row) and row.method == FLOAT:
            places.setdefault((row.network, row.dataset), []).append(row)
    return [
        {
            "network": network,
            "dataset": dataset,
            "recipe": find_recipe(study, network, dataset),
            "seeds": [row.seed for row in found],
            "accuracy": [row.accuracy for row in found],
        }
        for (network, dataset), found in places.items()
    ]
