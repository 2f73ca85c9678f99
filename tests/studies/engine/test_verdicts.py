"""One claim, one verdict: the home's, by largest p-value and Holm."""

import itertools

import pytest

from mini_compress import studies
from mini_compress.measuring import Comparison
from mini_compress.studies.engine import schema, verdicts
from tests.support.study_facts import METHOD, claim, quantized, result, row

LOSSES = {  # of three seeds, by bits
    8: [(30, 25), (40, 30), (20, 25)],
    6: [(60, 40), (50, 26), (50, 45)],
    4: [(90, 45), (70, 40), (80, 41)],
    2: [(300, 10), (310, 11), (290, 12)],
}


def facts_of(claimed=(8, 6, 4), **changes) -> dict:
    rows = [row(seed=seed, n=10_000, correct=9_000) for seed in range(3)]
    for bits, losses in LOSSES.items():
        for seed, (b, c) in enumerate(losses):
            sizes = {"n": 10_000, "correct": 9_000 - b + c, "seed": seed}
            rows.append(quantized(b, c, settings={"bits": bits}, **sizes))
    claims = [claim(settings={"bits": bits}) for bits in claimed]
    return result(rows=rows, claims=claims) | changes


@pytest.fixture
def read(tmp_path):
    """A function that writes facts and reads the result."""

    def write_and_read(facts: dict) -> studies.Result:
        schema.write_file(tmp_path / "a.json", facts)
        return studies.read(tmp_path / "a.json")

    return write_and_read


def closed_test(p_values: list[float]) -> list[float]:
    """Correct p-values by testing all intersections with Bonferroni.

    The closure of Bonferroni's test is what Holm's steps are a short cut for.
    """
    k = len(p_values)
    sets = [
        part
        for size in range(1, k + 1)
        for part in itertools.combinations(range(k), size)
    ]
    return [
        max(
            min(1, len(part) * min(p_values[i] for i in part))
            for part in sets
            if claimed in part
        )
        for claimed in range(k)
    ]


def test_the_largest_p_value_is_corrected_for_the_claims(read):
    found = read(facts_of())
    largest = [
        max(Comparison(b, c, 10_000).p_inferior(0.5) for b, c in LOSSES[bits])
        for bits in (8, 6, 4)
    ]
    expected = closed_test(largest)
    for bits, p, adjusted in zip((8, 6, 4), largest, expected, strict=True):
        verdict = found.one(bits=bits).verdict
        assert verdict.p == p
        assert verdict.p_adjusted == pytest.approx(adjusted, rel=1e-12)
        assert verdict.passes == bool(verdict) == (adjusted < 0.05)
        assert verdict.answer == ("**yes**" if adjusted < 0.05 else "no")
        assert verdict.family_size == 3
        assert verdict.declared
        assert verdict.home == "post_training_quantization"
    assert [bool(found.one(bits=bits).verdict) for bits in LOSSES] == [
        *(True, True, False),
        False,
    ]


def test_one_seed_that_fails_fails_the_claim(read):
    facts = facts_of(claimed=(8,))
    bad = next(x for x in facts["rows"] if x["settings"] == {"bits": 8})
    bad |= {"b": 100, "c": 20, "correct": 8_920}
    verdict = read(facts).one(bits=8).verdict
    assert not verdict
    assert verdict.bound == Comparison(100, 20, 10_000).upper_bound()
    assert verdict.bound > 0.5


def test_the_bound_and_the_share_of_the_margin(read):
    verdict = read(facts_of()).one(bits=6).verdict
    bounds = [Comparison(b, c, 10_000).upper_bound() for b, c in LOSSES[6]]
    assert verdict.bound == max(bounds) < 0.5
    assert verdict.margin_share == pytest.approx(5)  # 0.5 of 10 % errors
    assert str(verdict) == (
        "a drop of 0.5 pp is ruled out (p-value corrected for 3 claims of "
        "post_training_quantization; largest upper 95 % bound 0.39 pp, not "
        "corrected)"
    )


def test_rows_that_nobody_claims_change_no_verdict(read):
    few = facts_of(claimed=(8,))
    several = facts_of()
    one, other = (read(facts).one(bits=8).verdict for facts in (few, several))
    assert one.p == other.p
    assert (one.family_size, other.family_size) == (1, 3)
    assert one.p_adjusted == one.p < other.p_adjusted


def test_claims_of_another_network_do_not_count(read):
    facts = facts_of()
    others = [x | {"network": "LeNet5"} for x in facts["rows"]]
    facts["rows"] = facts["rows"] + others
    facts["claims"] += [x | {"network": "LeNet5"} for x in facts["claims"]]
    facts["baselines"] += [facts["baselines"][0] | {"network": "LeNet5"}]
    found = read(facts)
    assert found.one(bits=8, network="LeNet5").verdict.family_size == 3


def test_a_claim_made_afterwards_says_so(read):
    verdict = read(facts_of(claimed=(8,))).one(bits=6).verdict
    assert not verdict.declared
    assert verdict.family_size == 2  # the claims, and this one more
    assert ", declared after the run; largest" in str(verdict)


def test_controls_and_baselines_have_no_verdict(read):
    found = read(facts_of(claimed=(), controls=[METHOD]))
    assert {setting.verdict for setting in found.table()} == {None}


def test_a_claim_is_judged_at_home_wherever_it_is_shown(read, monkeypatch):
    """Elsewhere the same run lost more: the home's rows decide."""
    home = schema.read_facts(facts_of(study="home"))
    monkeypatch.setattr(verdicts, "shipped", lambda: ["home"])
    monkeypatch.setattr(verdicts, "facts_of", lambda _: home)
    elsewhere = facts_of(claimed=(4,), study="elsewhere")
    found = read(elsewhere)
    shown = found.one(bits=8).verdict
    assert (shown.home, shown.family_size) == ("home", 3)
    own = found.one(bits=4).verdict
    assert (own.home, own.family_size) == ("elsewhere", 1)
    assert found.one(bits=2).verdict.home == "elsewhere"


@pytest.mark.parametrize("name", studies.shipped())
def test_every_shipped_claim_has_a_verdict(name):
    found = studies.load(name)
    settings = (
        {}
        if found.margin is None
        else {verdicts.claim_key(x.rows[0]): x for x in found.table()}
    )
    for facts in found.claims:
        setting = settings[verdicts.claim_key(facts)]
        assert len(setting.seeds) >= 3
        assert setting.verdict.home == name
        assert setting.verdict.declared
