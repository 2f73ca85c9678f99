"""Results are read, selected from, and judged; grids name their runs."""

import re
from dataclasses import replace

import pytest

from mini_compress import studies
from mini_compress.measuring import Comparison, non_inferior
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine import schema
from mini_compress.studies.engine.grid import Run, key_of
from mini_compress.studies.engine.rows import read_row
from tests.support.study_facts import METHOD, quantized, result, row, timed


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


def test_the_mean_of_equal_accuracies_is_their_accuracy(found):
    """A sum of three, divided by 3, is a little more: beyond the highest."""
    equal = [replace(row, correct=8978, c=0) for row in found.select(bits=8)]
    setting = studies.engine.results.Setting(tuple(equal), non_inferior=True)
    assert setting.mean_accuracy == max(setting.accuracies) == 89.78


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
    assert study.name == name
