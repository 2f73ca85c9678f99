"""The form of a result file, checked when it is written and when it is read."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..._files import write_beside
from ..._require import require_equal, require_int, require_number
from .grid import key_of
from .provenance import MACHINE_KEYS
from .rows import FLOAT, AnyRow, Row, read_row, require_keys, require_text

KEYS = (
    *("study", "command", "created", "declared", "seconds", "machine"),
    *("versions", "dataset_sha256", "margin", "claims", "controls"),
    *("constants", "grids", "baselines", "rows"),
)
OPTIONAL = "better_claims"  # what is older than this key does without
CLAIM_KEYS = ("network", "dataset", "method", "settings")
BETTER_KEYS = ("names", "first", "second")
BASELINE_KEYS = ("network", "dataset", "recipe", "seeds", "accuracy")
VERSION_KEYS = ("mini_compress", "python", "numpy", "torch")


def read_facts(facts: Any) -> dict[str, Any]:
    """Check the content of a result file; return it with rows as objects.

    facts : a table with these keys
        study, command : text
        created : date and time, ISO 8601
        declared : the same, of when margin and claims were written down
        seconds : of processor time, all runs together
        machine : {processor, vectors, cores, threads_per_job}
        versions : name -> version, of at least mini_compress, python, numpy
            and torch
        dataset_sha256 : name -> checksum, of each data set in the rows
        margin : in pp; null where nothing is claimed
        claims : {network, dataset, method, settings}, each of which has rows
        controls : methods of which nothing is claimed
        constants : name -> whatever explains the rows
        grids : method -> setting -> its values
        baselines : {network, dataset, recipe, seeds, accuracy in percent},
            one for each network and data set with scores
        rows : tables, see `Row` and `TimingRow`; all of the same kind
        better_claims : {names, first, second}: two words, and two settings
            that have rows, as {network, dataset, method, settings}; absent
            where nothing is claimed to be better

    The first thing that is wrong is a TypeError or a ValueError that names
    it. Besides the form the sums are checked: a baseline's row for each row,
    and correct counts that differ by what was lost and gained.
    """
    _require_table("result", facts)
    require_keys("result", {OPTIONAL: []} | facts, [*KEYS, OPTIONAL])
    require_text("study", facts["study"])
    require_text("command", facts["command"])
    for name in ("created", "declared"):
        _require_date(name, facts[name])
    require_number("seconds", facts["seconds"], 0)
    _require_machine(facts["machine"])
    _require_versions(facts["versions"])
    if not isinstance(facts["rows"], list) or not facts["rows"]:
        raise TypeError("rows must be a list that is not empty")
    rows = tuple(
        read_row(row, f"row {number}")
        for number, row in enumerate(facts["rows"], start=1)
    )
    _require_rows(rows)
    _require_checksums(facts["dataset_sha256"], rows)
    require_claims(facts, rows)
    _require_better(facts.get(OPTIONAL, []), rows)
    _require_baselines(facts["baselines"], rows)
    return {**facts, "rows": rows}


def read_file(path: Path) -> dict[str, Any]:
    """Read a result file and check it."""
    try:
        facts = json.loads(path.read_text())
    except ValueError:
        raise ValueError(f"{path.name} must be JSON, got other text") from None
    return read_facts(facts)


def write_file(path: Path, facts: dict[str, Any]) -> None:
    """Check a result and write it, one row to a line."""
    read_facts(facts)
    keys = [x for x in (*KEYS, OPTIONAL) if x in facts and x != "rows"]
    head = {key: facts[key] for key in keys}
    rows = ",\n".join(f"  {json.dumps(row)}" for row in facts["rows"])
    opened = json.dumps(head, indent=1).removesuffix("\n}")
    with write_beside(path) as unfinished:
        unfinished.write_text(f'{opened},\n "rows": [\n{rows}\n ]\n}}\n')


def _require_machine(machine: Any) -> None:
    _require_table("machine", machine)
    require_keys("machine", machine, MACHINE_KEYS)
    for name in ("processor", "vectors"):
        require_text(name, machine[name])
    for name in ("cores", "threads_per_job"):
        require_int(name, machine[name], 1)


def _require_versions(versions: Any) -> None:
    _require_table("versions", versions)
    require_keys("versions", versions, [*VERSION_KEYS, *versions])
    for name, version in versions.items():
        require_text(f"version of {name}", version)


def _require_rows(rows: Sequence[AnyRow]) -> None:
    """Check that rows are of one kind, all different, and that sums agree."""
    for number, row in enumerate(rows, start=1):
        if type(row) is not type(rows[0]):
            raise ValueError(
                f"row {number} must be a {type(rows[0]).__name__} like row 1, "
                f"got a {type(row).__name__}"
            )
    keys = [key_of(row) for row in rows]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"rows must all differ, got {twice[0]} twice")
    scored = [row for row in rows if isinstance(row, Row)]
    baselines = {_place(row): row for row in scored if row.method == FLOAT}
    for row in scored:
        _require_baseline(row, baselines.get(_place(row)))


def _require_baseline(row: Row, baseline: Row | None) -> None:
    """Check a row against its baseline: correct = baseline's - b + c."""
    name = f"{row.network}, seed {row.seed}"
    if baseline is None:
        raise ValueError(f"rows must hold the baseline of {name}, got none")
    if row is baseline and (row.b or row.c):
        raise ValueError(
            f"b and c of a baseline must be 0, got {row.b} and {row.c}"
        )
    require_equal(f"n of {row.method}, {name}", baseline.n, row.n)
    expected = baseline.correct - row.b + row.c
    require_equal(f"correct of {row.method}, {name}", expected, row.correct)


def _place(row: Row) -> tuple[str, str, int]:
    return row.network, row.dataset, row.seed


def _require_checksums(checksums: Any, rows: Sequence[AnyRow]) -> None:
    _require_table("dataset_sha256", checksums)
    used = sorted({row.dataset for row in rows if row.dataset})
    require_keys("dataset_sha256", checksums, used)
    for name, checksum in checksums.items():
        if not re.fullmatch(r"[0-9a-f]{64}", str(checksum)):
            raise ValueError(
                f"dataset_sha256 of {name} must be 64 hexadecimal digits, "
                f"got {checksum!r}"
            )


def require_claims(facts: dict[str, Any], rows: Sequence[AnyRow]) -> None:
    """Check what is claimed: of settings that have rows, none of controls."""
    margin, claims = facts["margin"], facts["claims"]
    if margin is not None:
        require_number("margin", margin, 0, 100)
    elif claims:
        raise ValueError("margin must be given where there are claims")
    controls = (FLOAT, *facts["controls"])
    known = {key_of(row, but=["seed"]) for row in rows}
    for number, claim in enumerate(claims, start=1):
        _require_table(f"claim {number}", claim)
        require_keys(f"claim {number}", claim, CLAIM_KEYS)
        if claim["method"] in controls:
            raise ValueError(
                f"claim {number} must be of a method, got the control "
                f"{claim['method']!r}"
            )
        if key_of(claim, but=["seed"]) not in known:
            raise ValueError(f"claim {number} must have rows, got none")


def _require_better(claims: Any, rows: Sequence[AnyRow]) -> None:
    """Check what is claimed to be better: pairs of settings with scores."""
    if not isinstance(claims, list):
        got = type(claims).__name__
        raise TypeError(f"{OPTIONAL} must be a list, got {got}")
    known = {key_of(row, but=["seed"]) for row in rows if isinstance(row, Row)}
    for number, claim in enumerate(claims, start=1):
        title = f"claim {number} of better"
        _require_table(title, claim)
        require_keys(title, claim, BETTER_KEYS)
        names = claim["names"]
        if not isinstance(names, list) or len(names) != 2:
            raise TypeError(f"names of {title} must be two, got {names!r}")
        for name in names:
            require_text(f"name in {title}", name)
        for side in ("first", "second"):
            _require_table(f"{side} of {title}", claim[side])
            require_keys(f"{side} of {title}", claim[side], CLAIM_KEYS)
            if key_of(claim[side], but=["seed"]) not in known:
                raise ValueError(
                    f"{side} of {title} must have scores, got none"
                )
        require_equal(
            f"dataset of {title}",
            *(claim[side]["dataset"] for side in ("first", "second")),
        )


def _require_baselines(baselines: Any, rows: Sequence[AnyRow]) -> None:
    """Check that rows are of networks and data sets that are declared."""
    declared = []
    for number, facts in enumerate(baselines, start=1):
        _require_table(f"baseline {number}", facts)
        require_keys(f"baseline {number}", facts, BASELINE_KEYS)
        declared.append((facts["network"], facts["dataset"]))
    scored = {(x.network, x.dataset) for x in rows if isinstance(x, Row)}
    require_equal("baselines", sorted(scored), sorted(declared))


def _require_table(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise TypeError(f"{name} must be a table, got {type(value).__name__}")


def _require_date(name: str, value: Any) -> None:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be a date and time, got {value!r}"
        ) from None
