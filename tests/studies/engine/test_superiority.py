"""Claims of "better" are declared, kept, and judged by the paired interval."""

import json
from dataclasses import replace

import pytest
from scipy import stats

from mini_compress import studies
from mini_compress.studies import Better, Run, Study, cross
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine import runner, schema
from mini_compress.studies.engine.superiority import better_table, declare
from tests.support.study_facts import claim, quantized, result, row

GAINS = {1: (40, 52, 43, 39, 47), 2: (40, -52, 43, 39, 47), 3: (-9,) * 5}


def grid(smoke: bool) -> list[Run]:
    levels = [1] if smoke else list(GAINS)
    settings = [("plain", {}), *(("taught", {"level": x}) for x in levels)]
    seeds = range(2) if smoke else range(5)
    return cross([("LeNet300", "mnist5k")], seeds, settings)


def measure(run: Run) -> studies.Row:
    gain = GAINS[run.settings["level"]][run.seed] if run.settings else 0
    sizes = {"n": 1000, "num_bytes": 8, "macs": 7, "total_epochs": 3}
    b, c = max(-gain, 0), max(gain, 0)
    return studies.Row(
        **vars(run), correct=800 + gain, b=b, c=c, seconds=0.1, **sizes
    )


def better(name: str, **first) -> Better:
    return Better(name, "plain", first=first, second={"method": "plain"})


STUDY = Study(
    name="teaching",
    summary="a study that takes no time",
    grid=grid,
    measure=measure,
    run_seconds=lambda _: 1,
    better=tuple(better(f"level {x}", level=x) for x in GAINS),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> studies.Result:
    folder = tmp_path_factory.mktemp("results")
    return studies.read(runner.run_study(STUDY, folder, jobs=1))


def test_each_claim_has_its_verdict(found):
    assert [claim.words for claim in found.better] == [
        f"level {x} better than plain" for x in GAINS
    ]
    verdicts = [claim.verdict for claim in found.better]
    assert verdicts == ["better", "not shown", "worse"]
    assert [bool(claim) for claim in found.better] == [True, False, False]
    for claimed, gains in zip(found.better, GAINS.values(), strict=True):
        points = [gain / 10 for gain in gains]
        assert claimed.gain.values.by_seed == pytest.approx(points)
        if len({*gains}) > 1:  # scipy's own test of the same pairs
            interval = stats.ttest_1samp(points, 0).confidence_interval(0.95)
            assert claimed.gain.interval == pytest.approx(tuple(interval))


def test_a_claim_is_said_in_a_sentence(found):
    first, second, third = map(str, found.better)
    assert first == (
        "level 1 is better than plain: +4.42 pp on average over 5 seeds, "
        "95 % interval +3.75 to +5.09 pp, ahead in 5 of 5"
    )
    assert second.startswith("level 2 is not shown to be better than plain: +")
    assert third.startswith("level 3 is worse than plain: \N{MINUS SIGN}0.90")


def test_a_gain_is_written_for_a_sentence_and_for_a_cell(found):
    minus = "\N{MINUS SIGN}"
    first, second, third = (claim.gain for claim in found.better)
    assert first.in_words == "+4.42 pp (95 % interval +3.75 to +5.09)"
    assert third.in_words.endswith(f"{minus}0.90 to {minus}0.90)")
    assert first.marked == "**+4.42**"
    assert (second.marked, third.marked) == ("+2.34", f"{minus}0.90")


def test_errors_are_what_is_not_right(found):
    taught = found.one(level=1)
    assert taught.errors.by_seed == tuple(200 - x for x in GAINS[1])


def test_all_claims_are_shown(found):
    lines = found.markdown_better().splitlines()
    assert len(lines) == 2 + 3
    assert lines[0].count("|") == 6
    assert lines[2].startswith("| level 1 better than plain | +4.42 (+3.90 to")
    assert lines[2].endswith("| +3.75 to +5.09 | 5 of 5 | better |")
    assert lines[3].endswith("| 4 of 5 | not shown |")


def test_claims_are_shown_by_their_words(found):
    whole = found.markdown_better().splitlines()
    some = found.markdown_better("level 3", "better than plain").splitlines()
    assert some == [*whole[:2], whole[4]]
    with pytest.raises(ValueError, match="got level 1, level 3; claims are l"):
        found.markdown_better("level 1", "level 3")


def test_claims_name_data_sets_in_words(found):
    named = replace(found.better[0], name="taught, fashion_mnist")
    table = better_table([named])
    assert "| taught, Fashion-MNIST better than plain |" in table


def test_claims_are_written_before_the_first_row(tmp_path, monkeypatch):
    broken = replace(STUDY, measure=lambda run: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        runner.run_study(broken, tmp_path, jobs=1)
    journal = tmp_path / "teaching.journal.jsonl"
    header = json.loads(journal.read_text().splitlines()[0])
    place = {"network": "LeNet300", "dataset": "mnist5k"}
    assert header["better_claims"][0] == {
        "names": ["level 1", "plain"],
        "first": {**place, "method": "taught", "settings": {"level": 1}},
        "second": {**place, "method": "plain", "settings": {}},
    }
    fewer = replace(STUDY, better=STUDY.better[:1])
    with pytest.raises(ValueError, match=r"better_claims was .*--restart"):
        runner.run_study(fewer, tmp_path, jobs=1)


def test_a_cut_down_grid_keeps_the_claims_that_it_has(tmp_path):
    path = runner.run_study(STUDY, tmp_path, jobs=1, smoke=True)
    [only] = studies.read(path).better
    assert (only.name, only.verdict, bool(only)) == (
        *("level 1", "too few seeds"),
        False,
    )
    assert "has too few seeds (of 5) to be better than plain: " in str(only)
    assert "over 2 seeds" in str(only)
    none = replace(STUDY, name="none", better=STUDY.better[1:])
    path = runner.run_study(none, tmp_path, jobs=1, smoke=True)
    assert "better_claims" not in json.loads(path.read_text())
    assert studies.read(path).better == []


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        (
            [better("a", method="taught")],
            "first of 'a' better than 'plain' in teaching must match one "
            "setting of the grid, got 3 with .*'level': 3",
        ),
        ([better("a", level=7)], "must match one setting .*, got 0 with"),
        ([better("a", method="plain")], "must be two, got one twice"),
        (
            [better("a", level=1), better("a", level=2)],
            "names of what teaching claims must differ, got a better than",
        ),
    ],
)
@pytest.mark.parametrize("smoke", [False, True])
def test_claims_that_do_not_fit_the_grid_are_refused(
    claims, message, smoke, tmp_path
):
    study = replace(STUDY, better=tuple(claims))
    with pytest.raises(ValueError, match=message):
        runner.run_study(study, tmp_path, jobs=1, smoke=smoke)
    assert not list(tmp_path.iterdir())


def test_a_claim_takes_five_seeds_and_one_data_set():
    fewer = replace(STUDY, grid=lambda smoke: grid(smoke)[:12])
    with pytest.raises(ValueError, match=r"must be at least 5 .*, got 2"):
        declare(fewer, smoke=False)
    places = [("LeNet300", "mnist5k"), ("LeNet300", "mnist")]
    two = replace(
        STUDY,
        grid=lambda smoke: cross(places, range(5), [("plain", {})]),
        better=(
            Better(
                *("a", "b"),
                first={"dataset": "mnist", "method": "plain"},
                second={"dataset": "mnist5k", "method": "plain"},
            ),
        ),
    )
    with pytest.raises(ValueError, match=r"dataset of 'a' .* must be mnist, "):
        declare(two, smoke=False)
    with pytest.raises(ValueError, match="must be of all seeds, got seed=0"):
        better("a", level=1, seed=0)


@pytest.mark.parametrize("name", STUDIES)
def test_what_our_studies_claim_fits_their_grids(name):
    assert len(declare(STUDIES[name], smoke=False)) == len(STUDIES[name].better)


def one_claim(**changes) -> dict:
    pair = {"first": claim(), "second": claim(method="float", settings={})}
    return {"names": ["four bits", "float"], **pair} | changes


@pytest.mark.parametrize(
    ("claims", "error", "message"),
    [
        ({}, TypeError, "better_claims must be a list, got dict"),
        ([3], TypeError, "claim 1 of better must be a table, got int"),
        ([{"names": []}], ValueError, "got no first, second"),
        ([one_claim(names=["a"])], TypeError, "names of .* must be two, got"),
        ([one_claim(names=["a", ""])], TypeError, "name in .* must be a text"),
        (
            [one_claim(), one_claim(second=claim(settings={"bits": 9}))],
            ValueError,
            "second of claim 2 of better must have scores, got none",
        ),
        (
            [one_claim(first=claim(seed=1))],
            ValueError,
            "first of claim 1 of better must have the keys",
        ),
    ],
)
def test_the_schema_refuses(claims, error, message):
    with pytest.raises(error, match=message):
        schema.read_facts(result(better_claims=claims))


def test_one_seed_has_a_gain_and_no_interval(tmp_path):
    path = tmp_path / "a.json"
    rows = [row(), quantized(20, 10)]
    facts = result(better_claims=[one_claim()], rows=rows)
    schema.write_file(path, facts)
    assert json.loads(path.read_text()) == facts
    [claimed] = studies.read(path).better
    assert (claimed.verdict, claimed.interval) == ("too few seeds", "")
    assert claimed.gain.in_words == "\N{MINUS SIGN}1.00 pp"
    assert str(claimed).endswith("pp on average over 1 seed, ahead in 0 of 1")
