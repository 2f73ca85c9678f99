"""Rows, the schema of results, and what is read out of them."""

import copy
import json
import re

import pytest

from mini_compress import studies
from mini_compress.measuring import Comparison, non_inferior
from mini_compress.studies import schema
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.grid import Run, key_of
from mini_compress.studies.rows import read_row

METHOD, SETTINGS = "quantize_weights", {"bits": 4, "granularity": "tensor"}


def row(**changes) -> dict:
    """A baseline's row, with some fields changed."""
    facts = {
        "network": "LeNet300",
        "dataset": "mnist5k",
        "method": "float",
        "settings": {},
        "seed": 0,
        "n": 1000,
        "correct": 940,
        "b": 0,
        "c": 0,
        "num_bytes": 1_067_152,
        "macs": 266_200,
        "seconds": 0.5,
    }
    return facts | changes


def quantized(b: int, c: int, **changes) -> dict:
    facts = {"method": METHOD, "settings": SETTINGS, "num_bytes": 140_000}
    return row(**facts, correct=940 - b + c, b=b, c=c) | changes


def timed(**changes) -> dict:
    facts = {
        "network": "",
        "dataset": "",
        "method": "numpy float32",
        "settings": {"shape": "2 x 3 x 4"},
        "seed": 0,
        "kernel": "numpy float32",
        "repeats": 5,
        "median_ms": 2.0,
        "min_ms": 1.5,
        "max_ms": 9.0,
        "macs": 24,
        "seconds": 0.1,
    }
    return facts | changes


def result(**changes) -> dict:
    facts = {
        "study": "post_training_quantization",
        "command": "python -m mini_compress.studies a",
        "created": "2025-01-31T12:00:00+00:00",
        "seconds": 1.5,
        "machine": {
            "processor": "a processor",
            "vectors": "AVX2",
            "cores": 2,
            "threads_per_job": 1,
        },
        "versions": {
            "mini_compress": "1",
            "python": "3.11.7",
            "numpy": "2.4.6",
            "torch": "2.13.0",
        },
        "dataset_sha256": {"mnist5k": "0" * 64},
        "rows": [row(), quantized(20, 10)],
    }
    return facts | changes


def without(facts: dict, key: str) -> dict:
    return {name: value for name, value in facts.items() if name != key}


@pytest.mark.parametrize(
    ("facts", "error", "message"),
    [
        ([], TypeError, "result must be a table, got list"),
        (without(result(), "seconds"), ValueError, "got no seconds"),
        (result(host="a"), ValueError, "got the unknown host"),
        (result(study=""), TypeError, "study must be a text, got ''"),
        (result(command=7), TypeError, "command must be a text, got 7"),
        (result(created="today"), ValueError, "date and time, got 'today'"),
        (result(created=3), ValueError, "date and time, got 3"),
        (result(seconds=float("nan")), ValueError, "seconds must be in"),
        (result(machine="fast"), TypeError, "machine must be a table"),
        (
            result(machine=without(result()["machine"], "cores")),
            ValueError,
            "machine must have the keys .* got no cores",
        ),
        (
            result(machine=result()["machine"] | {"cores": 0}),
            ValueError,
            "cores must be >= 1, got 0",
        ),
        (
            result(versions=without(result()["versions"], "torch")),
            ValueError,
            "got no torch",
        ),
        (
            result(versions=result()["versions"] | {"onnx": 1}),
            TypeError,
            "version of onnx must be a text, got 1",
        ),
        (result(dataset_sha256={}), ValueError, "got no mnist5k"),
        (
            result(dataset_sha256={"mnist5k": "0" * 64, "mnist": "0" * 64}),
            ValueError,
            "got the unknown mnist",
        ),
        (
            result(dataset_sha256={"mnist5k": "abc"}),
            ValueError,
            "must be 64 hexadecimal digits, got 'abc'",
        ),
        (result(rows=[]), TypeError, "rows must be a list that is not empty"),
        (result(rows=[row(), row()]), ValueError, "all differ, got .* twice"),
        (result(rows=[row(), timed()]), ValueError, "row 2 must be a Row like"),
        (result(rows=[quantized(1, 0)]), ValueError, "hold the baseline of"),
        (
            result(rows=[row(), quantized(20, 10, correct=931)]),
            ValueError,
            "correct of quantize_weights, LeNet300, seed 0 must be 930",
        ),
        (
            result(rows=[row(), quantized(20, 10, n=1001)]),
            ValueError,
            "n of quantize_weights, LeNet300, seed 0 must be 1000, got 1001",
        ),
        (
            result(rows=[row(b=1, c=1)]),
            ValueError,
            "b and c of a baseline must be 0, got 1 and 1",
        ),
    ],
)
def test_the_schema_refuses(facts, error, message):
    with pytest.raises(error, match=message):
        schema.read_facts(facts)


@pytest.mark.parametrize(
    ("facts", "error", "message"),
    [
        ([1], TypeError, "row must be a table, got list"),
        (without(row(), "b"), ValueError, "got no b$"),
        (
            without(row(bits=4), "c"),
            ValueError,
            "got no c and the unknown bits",
        ),
        (row(network="VGG"), ValueError, "one of LeNet300, .* got 'VGG'"),
        (row(dataset="cifar"), ValueError, "got 'cifar'"),
        (row(method=""), TypeError, "method must be a text"),
        (row(settings=[4]), TypeError, "settings must be a table, got list"),
        (row(settings={"a": [4]}), TypeError, "'a' must be a word or a numb"),
        (row(seed=-1), ValueError, "row: seed must be >= 0, got -1"),
        (row(n=0), ValueError, "n must be >= 1, got 0"),
        (row(n=1000.0), TypeError, "n must be a whole number, got float"),
        (row(correct=1001), ValueError, "correct must be in"),
        (row(b=61), ValueError, r"b must be in \[0, 60\], got 61"),
        (row(c=941), ValueError, r"c must be in \[0, 940\], got 941"),
        (row(num_bytes=0), ValueError, "num_bytes must be >= 1"),
        (row(macs=True), TypeError, "macs must be a whole number, got bool"),
        (row(seconds="1"), TypeError, "seconds must be a number, got str"),
        (timed(kernel=None), TypeError, "kernel must be a text, got None"),
        (timed(median_ms=1.0), ValueError, "median_ms must be in .1.5, inf"),
        (timed(max_ms=1.9), ValueError, "max_ms must be in"),
        (timed(network="VGG"), ValueError, "got 'VGG'"),
        (timed(repeats=0), ValueError, "repeats must be >= 1"),
    ],
)
def test_rows_are_refused(facts, error, message):
    with pytest.raises(error, match=message):
        read_row(facts)


@pytest.mark.parametrize(
    "facts", [result(), result(rows=[timed()], dataset_sha256={})]
)
def test_what_is_written_is_read(facts, tmp_path):
    path = tmp_path / "a.json"
    original = copy.deepcopy(facts)
    schema.write_file(path, facts)
    assert facts == original == json.loads(path.read_text())
    assert vars(studies.read(path).rows[-1]) == facts["rows"][-1]
    assert len(path.read_text().splitlines()) < 40  # a row takes one line


def test_nothing_is_written_that_the_schema_refuses(tmp_path):
    with pytest.raises(ValueError, match="got no seconds"):
        schema.write_file(tmp_path / "a.json", without(result(), "seconds"))
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"a\.json must be JSON"):
        studies.read(path)
    with pytest.raises(ValueError, match=r"name must be one of .*'alchemy'"):
        studies.load("alchemy")


def three_seeds(*losses: tuple[int, int], bits: int = 4) -> list[dict]:
    settings = {"bits": bits, "granularity": "tensor"}
    return [
        quantized(b, c, seed=seed, settings=settings)
        for seed, (b, c) in enumerate(losses)
    ]


@pytest.fixture
def found(tmp_path) -> studies.Result:
    """Three seeds, of which one lost more than the others at 2 bits."""
    rows = [row(seed=seed) for seed in range(3)]
    rows += three_seeds((0, 0), (1, 1), (0, 1), bits=8)
    rows += three_seeds((0, 0), (40, 0), (1, 1), bits=2)
    rows = [facts | {"n": 10_000} for facts in rows]
    schema.write_file(tmp_path / "a.json", result(rows=rows))
    return studies.read(tmp_path / "a.json")


def test_rows_are_selected_by_fields_and_settings(found):
    assert len(found.select()) == 9
    assert [row.seed for row in found.select(bits=8)] == [0, 1, 2]
    [row] = found.select(bits=2, seed=1, network="LeNet300")
    assert (row.b, row.c, row.accuracy) == (40, 0, 9.0)
    assert row.comparison == Comparison(lost=40, gained=0, n=10_000)
    with pytest.raises(ValueError, match=r"got none: bits=4, seed=1"):
        found.select(bits=4, seed=1)
    with pytest.raises(ValueError, match="got none: bit=8"):
        found.select(bit=8)


def test_settings_keep_their_seeds_apart(found):
    baseline, eight, two = found.table()
    assert (baseline.method, eight.method) == ("float", METHOD)
    assert two.settings == {"bits": 2, "granularity": "tensor"}
    assert two.accuracies == pytest.approx((9.4, 9.0, 9.4))
    assert two.mean_accuracy == pytest.approx((9.4 + 9.0 + 9.4) / 3)
    assert two.num_bytes == 140_000


def test_one_seed_that_fails_fails_the_setting(found):
    verdicts = [setting.non_inferior for setting in found.table()]
    assert verdicts == [True, True, False]


def test_holm_counts_the_whole_table_of_a_network(found):
    """A loss that is ruled out alone, but not among six: no choice helps."""
    rows = [vars(row) for row in found.rows]
    pair = Comparison(lost=58, gained=26, n=10_000)
    assert non_inferior([pair]).all()
    several = [row.comparison for row in found.rows if row.method != "float"]
    assert not non_inferior([*several[1:], pair])[-1]
    changes = {"b": 58, "c": 26, "correct": 940 - 58 + 26}
    rows[3] |= changes
    borderline = studies.Result(**(vars(found) | {"rows": to_rows(rows)}))
    [alone] = borderline.table(bits=8)
    assert not alone.non_inferior
    rows = [facts | {"network": "LeNet5"} for facts in rows[4:]] + rows[:4]
    apart = studies.Result(**(vars(found) | {"rows": to_rows(rows)}))
    [alone] = apart.table(bits=8, network="LeNet300")
    assert alone.non_inferior  # another network's rows do not count


def to_rows(rows: list[dict]) -> tuple[studies.Row, ...]:
    return tuple(map(read_row, rows))


def test_timings_have_no_verdicts(found):
    facts = vars(found) | {"study": "timing", "rows": (read_row(timed()),)}
    with pytest.raises(ValueError, match="timing must measure accuracy"):
        studies.Result(**facts).table()


def test_keys_name_runs_whatever_the_order_of_settings():
    one = Run("LeNet5", "mnist", "prune", {"a": 1, "b": 2}, seed=1)
    other = Run("LeNet5", "mnist", "prune", {"b": 2, "a": 1}, seed=1)
    assert key_of(one) == key_of(other)
    assert str(one) == "LeNet5 seed 1 prune a=1 b=2"
    others = [
        Run("LeNet5", "mnist", "prune", {"a": 1, "b": b}, 1) for b in (2, 3)
    ]
    assert [key_of(run) == key_of(one) for run in others] == [True, False]


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("smoke", [False, True])
def test_grids_name_each_run_once(name, smoke):
    study = STUDIES[name]
    runs = study.grid(smoke)
    assert len({key_of(run) for run in runs}) == len(runs)
    assert all(study.run_seconds(run) > 0 for run in runs)
    assert re.fullmatch(r"[a-z0-9][^.\n]{10,60}", study.summary)
    assert study.name == study.measure.__module__.rpartition(".")[2]
