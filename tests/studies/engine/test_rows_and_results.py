"""Results are read and selected from; grids name their runs."""

import re

import numpy as np
import pytest

from mini_compress import studies
from mini_compress.measuring import Comparison, Score, compare
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine import images, schema
from mini_compress.studies.engine.grid import Run, key_of
from mini_compress.studies.engine.verdicts import claim_key
from tests.support.study_facts import METHOD, claim, quantized, result, row

EIGHT, TWO = ({"bits": bits, "granularity": "tensor"} for bits in (8, 2))


def three_seeds(settings: dict, *losses: tuple[int, int]) -> list[dict]:
    return [
        quantized(b, c, seed=seed, settings=settings)
        for seed, (b, c) in enumerate(losses)
    ]


def write(path, rows, **changes) -> studies.Result:
    """Write a result and read it again."""
    facts = result(rows=[facts | {"n": 10_000} for facts in rows], **changes)
    schema.write_file(path, facts)
    return studies.read(path)


@pytest.fixture
def found(tmp_path) -> studies.Result:
    """Three seeds, of which one lost more than the others at 2 bits."""
    rows = [row(seed=seed) for seed in range(3)]
    rows += three_seeds(EIGHT, (0, 0), (1, 1), (0, 1))
    rows += three_seeds(TWO, (0, 0), (40, 0), (1, 1))
    claims = [claim(settings=EIGHT), claim(settings=TWO)]
    return write(tmp_path / "a.json", rows, claims=claims)


def test_rows_are_selected_by_fields_and_settings(found):
    assert len(found.select()) == 9
    assert [row.seed for row in found.select(bits=8)] == [0, 1, 2]
    [row] = found.select(bits=2, seed=1, network="LeNet300")
    assert (row.b, row.c, row.accuracy) == (40, 0, 9.0)
    assert row.comparison == Comparison(lost=40, gained=0, n=10_000)
    message = "got none: bits=4, seed=1; there are bits 8, 2; seed 0, 1, 2"
    with pytest.raises(ValueError, match=message):
        found.select(bits=4, seed=1)
    with pytest.raises(ValueError, match=r"got none: bit=8.*bit nowhere"):
        found.select(bit=8)


def test_settings_keep_their_seeds_apart(found):
    baseline, eight, two = found.table()
    assert (baseline.method, eight.method) == ("float", METHOD)
    assert two.settings == TWO
    assert two.seeds == (0, 1, 2)
    assert two.accuracy.by_seed == pytest.approx((9.4, 9.0, 9.4))
    assert two.accuracy.mean == pytest.approx((9.4 + 9.0 + 9.4) / 3)
    assert f"{two.accuracy:.2f}" == "9.27 (9.00 to 9.40)"
    assert f"{two.drop:+.2f}" == "+0.13 (+0.00 to +0.40)"
    assert f"{two.num_bytes:,}" == "140,000"
    ratio = 1_067_152 / 140_000
    assert two.compression_ratio.by_seed == pytest.approx((ratio,) * 3)
    assert two.total_epochs == 30
    assert two.seconds.by_seed == (0.5,) * 3


def test_one_is_exactly_one(found):
    assert found.one(bits=8).settings == EIGHT
    message = (
        "post_training_quantization must have one setting with "
        "network='LeNet300', got 3: they differ in method: float, "
        "quantize_weights; bits: -, 8, 2; granularity: -, tensor"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        found.one(network="LeNet300")
    assert found.one(bits=None).method == "float"
    with pytest.raises(ValueError, match="got none: bits=3; there are bits"):
        found.one(bits=3)


def test_a_table_has_a_line_for_each_setting(found):
    columns = {
        "bits": "bits",
        "drop (pp)": "drop:+.2f",
        "bound": "verdict.bound:.2f",
        "seeds": lambda setting: len(setting.seeds),
    }
    text = found.markdown(columns=columns)
    assert text.splitlines()[2:] == [
        "|  | +0.00 |  | 3 |",
        "| 8 | \u22120.00 (\u22120.01 to +0.00) | 0.04 | 3 |",
        "| 2 | +0.13 (+0.00 to +0.40) | 0.52 | 3 |",
    ]
    rows = {"eight": {"bits": 8}, "plain": found.one(method="float")}
    lines = found.markdown(rows=rows, columns={"KB": "num_bytes:,"})
    assert lines.splitlines()[2:] == [
        "| eight | 140,000 |",
        "| plain | 1,067,152 |",
    ]


def test_a_crosstab_joins_what_row_and_column_ask_for(found):
    ways = {"eight": {"bits": 8}, "two": {"bits": 2}}
    text = found.crosstab(
        {"tensor": {"granularity": "tensor"}},
        ways,
        "drop:+.2f",
        corner="by",
    )
    drops = [f"{found.one(**way).drop:+.2f}" for way in ways.values()]
    assert text.splitlines()[0] == "| by | eight | two |"
    assert text.splitlines()[2:] == [f"| tensor | {' | '.join(drops)} |"]
    with pytest.raises(ValueError, match="must have rows, got none"):
        found.crosstab({"": {"granularity": "channel"}}, ways, "drop")


def test_what_stands_beside_a_setting_is_of_its_network_and_data_set():
    study = studies.load("weight_pruning")
    random = {"method": "random", "epochs": 0}
    rule = {"method": "mean_gradient_taylor", "scope": "global"}
    for setting in study.table(**random, sparsity=(0.5, 0.9)):
        other = study.beside(setting, "sparsity", **rule)
        for name in ("network", "dataset"):
            assert getattr(other, name) == getattr(setting, name)
        assert other.settings["sparsity"] == setting.settings["sparsity"]
    with pytest.raises(ValueError, match="they differ in sparsity"):
        study.beside(setting, **random)


def test_timings_have_no_settings():
    with pytest.raises(ValueError, match="timing must measure accuracy"):
        studies.load("timing").table()


def test_gains_are_paired_by_seed_and_by_image(tmp_path):
    """The counts are those of the scores themselves."""
    rng = np.random.default_rng(0)
    n, rows, scores = 1003, [], {}
    for settings in (EIGHT, TWO):
        for seed in range(5):
            correct = rng.random(n) < 0.9
            scores[settings["bits"], seed] = Score(correct)
            rows.append((settings, seed, correct))
    facts = [
        *(row(seed=s, n=n, correct=900) for s in range(5)),
        *(
            quantized(
                max(900 - correct.sum().item(), 0),
                max(correct.sum().item() - 900, 0),
                n=n,
                seed=seed,
                settings=settings,
                correct=correct.sum().item(),
            )
            for settings, seed, correct in rows
        ),
    ]
    made = result(rows=facts, claims=[])
    schema.write_file(tmp_path / "a.json", made)
    bare = studies.read(tmp_path / "a.json")
    gain = bare.one(bits=8) - bare.one(bits=2)
    with pytest.raises(ValueError, match="images of a row must be kept"):
        _ = gain.bound
    float_wrong = np.arange(n) >= 900
    wrong = [float_wrong] * 5 + [~correct for _, _, correct in rows]
    whole = list(map(keep, facts, wrong))
    images.write_images(tmp_path / "a.npz", whole)
    found = studies.read(tmp_path / "a.json")
    gain = found.one(bits=8) - found.one(bits=2)
    pairs = [compare(scores[2, s], scores[8, s]) for s in range(5)]
    assert list(gain.comparisons) == pairs
    assert gain.values.by_seed == pytest.approx([-pair.drop for pair in pairs])
    assert gain.bound == max(pair.upper_bound() for pair in pairs)
    ahead = sum(pair.drop < 0 for pair in pairs)
    assert gain.ahead == f"{ahead} of 5"
    low, high = gain.interval
    assert gain.better is (low > 0)
    assert str(gain).endswith(", **better**") is gain.better
    assert low < gain.values.mean < high
    against_self = found.one(bits=8) - found.one(bits=8)
    assert {pair.p_value for pair in against_self.comparisons} == {1.0}


def keep(facts: dict, wrong: np.ndarray) -> studies.Row:
    return studies.Row(**facts, wrong=np.packbits(wrong).tobytes())


def test_images_of_another_result_are_refused(found, tmp_path):
    rows = [
        keep(row(seed=seed, n=8, correct=7), np.arange(8) == 3)
        for seed in range(2)
    ]
    images.write_images(tmp_path / "a.npz", rows)
    with pytest.raises(ValueError, match=r"rows of a\.npz must be 9, got 2"):
        studies.read(tmp_path / "a.json")
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ValueError, match=r"a\.npz must be npz, got"):
        studies.read(tmp_path / "a.json")


def test_fewer_than_five_seeds_cannot_be_better(found):
    gain = found.one(bits=8) - found.one(bits=2)
    assert gain.better is None
    assert gain.ahead == "2 of 3"
    assert f"{gain:+.2f}" == "+0.14 (+0.00 to +0.40)"
    assert f"{gain}" == str(gain) == "+0.14 (+0.00 to +0.40), 2 of 3"


def test_settings_of_other_images_are_not_paired(found, tmp_path):
    other = write(
        tmp_path / "b.json",
        [row()],
        claims=[],
        dataset_sha256={"mnist5k": "1" * 64},
    )
    with pytest.raises(ValueError, match="images must be 0000"):
        found.one(bits=8) - other.one(method="float")


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


def test_a_claim_has_one_home():
    claimed = [
        claim_key(run)
        for study in STUDIES.values()
        for run in study.list_claims(study.grid(False))
    ]
    assert len(claimed) == len({*claimed})


def test_what_two_studies_measure_has_one_name():
    """Rounds of magnitude pruning at 90 %: shown here, claimed there."""
    here = STUDIES["pruning_during_training"]
    home = STUDIES["weight_pruning"]
    claimed = {claim_key(run) for run in home.list_claims(home.grid(False))}
    shared = {
        claim_key(run)
        for run in here.grid(False)
        if run.method == "magnitude" and run.settings["sparsity"] == 0.9
    }
    assert len(shared) == 4  # at once and in rounds, on two data sets
    assert shared <= claimed
