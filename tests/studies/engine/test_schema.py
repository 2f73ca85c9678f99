"""What the schema of results refuses, and that it takes the rest."""

import copy
import json

import pytest

from mini_compress import studies
from mini_compress.studies.engine import schema
from mini_compress.studies.engine.rows import read_row, write_row
from tests.support.study_facts import (
    baseline,
    claim,
    quantized,
    result,
    row,
    timed,
    without,
)


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
        (result(declared="soon"), ValueError, "declared must be a date"),
        (result(margin=None), ValueError, "margin must be given where"),
        (result(margin=-1), ValueError, "margin must be in .0, 100., got -1"),
        (
            result(claims=[claim(settings={"bits": 9})]),
            ValueError,
            "claim 1 must have rows, got none",
        ),
        (
            result(controls=["quantize_weights"]),
            ValueError,
            "claim 1 must be of a method, got the control 'quantize_weights'",
        ),
        (
            result(claims=[claim(seed=0)]),
            ValueError,
            "claim 1 must have the keys .* got the unknown seed",
        ),
        (
            result(baselines=[]),
            ValueError,
            r"baselines must be \[\('LeNet300', 'mnist5k'\)\], got \[\]",
        ),
        (
            result(baselines=[without(baseline(), "recipe")]),
            ValueError,
            "baseline 1 must have the keys .* got no recipe",
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
        (row(network=""), TypeError, "network must be a text, got ''"),
        (row(dataset=3), TypeError, "dataset must be a text, got 3"),
        (row(total_epochs=-1), ValueError, "total_epochs must be >= 0"),
        (row(wrong="AAA="), ValueError, "bytes of wrong must be 125, got 2"),
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
        (timed(network=3), TypeError, "network must be a text, got 3"),
        (timed(repeats=0), ValueError, "repeats must be >= 1"),
    ],
)
def test_rows_are_refused(facts, error, message):
    with pytest.raises(error, match=message):
        read_row(facts)


@pytest.mark.parametrize(
    "facts",
    [
        result(),
        result(
            rows=[timed()],
            dataset_sha256={},
            margin=None,
            claims=[],
            baselines=[],
        ),
    ],
)
def test_what_is_written_is_read(facts, tmp_path):
    path = tmp_path / "a.json"
    original = copy.deepcopy(facts)
    schema.write_file(path, facts)
    assert facts == original == json.loads(path.read_text())
    assert write_row(studies.read(path).rows[-1]) == facts["rows"][-1]
    rows = path.read_text().splitlines()[-2 - len(facts["rows"]) : -2]
    assert all(line.startswith("  {") for line in rows)  # one line each


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
