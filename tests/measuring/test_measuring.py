"""Scores and comparisons, against scipy, published examples and brute force.

Published examples are those that the R package ratesci 0.4 checks itself
with: Tango (1998), Agresti and Min (2005), Fagerland et al. (2014).
"""

import itertools
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.measuring import (
    Comparison,
    Score,
    compare,
    holm,
    mcnemar_p_value,
    non_inferior,
    tango_z,
    wilson_interval,
)

counts = st.tuples(
    st.integers(0, 60), st.integers(0, 60), st.integers(1, 10_000)
).map(lambda t: (t[0], t[1], t[0] + t[1] + t[2]))


@pytest.mark.parametrize("n", [1, 7, 1_000, 10_000])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.93, 1])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_wilson_interval_equals_scipys(n, share, confidence):
    correct = round(share * n)
    test = scipy.stats.binomtest(correct, n)
    expected = test.proportion_ci(confidence, method="wilson")
    got = wilson_interval(correct, n, confidence=confidence)
    assert got == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", [1, 7, 1_000, 50_000])
def test_wilson_interval_holds_the_share(n):
    for correct in (0, 1, n - 1, n):
        low, high = wilson_interval(correct, n)
        assert 0 <= low <= correct / n <= high <= 1


def test_score_is_in_percent_and_readable():
    score = Score(np.arange(1_000) < 979, "mnist5k test")
    assert (len(score), score.num_correct) == (1_000, 979)
    assert score.accuracy == pytest.approx(97.9, abs=1e-12)
    low, high = score.interval()
    assert (round(low, 2), round(high, 2)) == (96.81, 98.62)
    assert score.interval(0.99)[0] < low
    assert repr(score) == (
        "Score(97.90 % of 1,000 images, 95 % interval 96.81 to 98.62 %, "
        "mnist5k test)"
    )


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (1, 7), (40, 21), (3, 3)])
def test_mcnemar_equals_the_sign_test(lost, gained):
    expected = 1.0
    if lost + gained:
        expected = scipy.stats.binomtest(lost, lost + gained).pvalue
    assert mcnemar_p_value(lost, gained) == pytest.approx(expected, rel=1e-9)
    assert mcnemar_p_value(gained, lost) == mcnemar_p_value(lost, gained)


def test_mcnemar_survives_counts_beyond_floats():
    expected = scipy.stats.binomtest(2_100, 4_000).pvalue
    assert mcnemar_p_value(2_100, 1_900) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("lost", "gained"),
    [(0, 1), (12, 9), (63, 1), (120, 150), (490, 560), (700, 700), (3, 900)],
)
def test_mcnemar_is_exact(lost, gained):
    disputed = lost + gained
    tail = sum(math.comb(disputed, k) for k in range(min(lost, gained) + 1))
    exact = min(Fraction(1), Fraction(2 * tail, 2**disputed))
    assert mcnemar_p_value(lost, gained) == pytest.approx(
        float(exact), rel=1e-15
    )


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.int64])
def test_counts_of_numpy_are_pythons(kind):
    # what np.sum returns: 2**64, 100 * 90 and 97 / 200 overflow in these
    assert mcnemar_p_value(kind(3), kind(90)) == mcnemar_p_value(3, 90)
    pair, same = (
        Comparison(kind(3), kind(90), kind(120)),
        Comparison(3, 90, 120),
    )
    assert pair == same
    assert repr(pair) == repr(same)
    assert pair.interval() == same.interval()
    assert pair.p_inferior(np.float16(0.5)) == same.p_inferior(0.5)
    assert tango_z(kind(3), kind(90), kind(120), 0.01) == tango_z(
        3, 90, 120, 0.01
    )
    assert wilson_interval(kind(97), kind(120)) == wilson_interval(97, 120)


@pytest.mark.parametrize(
    ("lost", "gained", "n", "confidence", "low", "high"),
    [
        (9, 3, 32, 0.95, -2.7, 39.0),  # Tango (1998)
        (0, 1, 44, 0.90, -9.6, 3.7),  # Tango (1998)
        (16, 8, 86, 0.95, -2.0, 20.7),  # Agresti and Min (2005)
        (1, 7, 21, 0.95, -51.7, -2.6),  # Fagerland et al. (2014)
    ],
)
def test_interval_of_the_drop_is_the_published_one(
    lost, gained, n, confidence, low, high
):
    interval = Comparison(lost, gained, n).interval(confidence)
    assert tuple(round(bound, 1) for bound in interval) == (low, high)


def largest_likelihood_share(lost, gained, n, drop):
    """Find the likeliest share of gained images by search, not by formula."""

    def surprise(share):
        shares = np.array([share + drop, share, 1 - 2 * share - drop])
        seen = np.array([lost, gained, n - lost - gained])
        return -np.sum(scipy.special.xlogy(seen, np.maximum(shares, 1e-300)))

    bounds = (max(0, -drop), (1 - drop) / 2)
    return scipy.optimize.minimize_scalar(
        surprise, bounds=bounds, method="bounded", options={"xatol": 1e-12}
    ).x


@pytest.mark.parametrize("drop", [-0.3, -0.01, 0.0, 0.005, 0.2, 0.8])
@pytest.mark.parametrize("table", [(40, 20, 1_000), (3, 9, 25), (0, 5, 60)])
def test_tangos_statistic_uses_the_likeliest_table(table, drop):
    lost, gained, n = table
    share = largest_likelihood_share(lost, gained, n, drop)
    deviation = math.sqrt(n * (2 * share + drop - drop**2))
    expected = (lost - gained - n * drop) / deviation
    assert tango_z(*table, drop) == pytest.approx(expected, rel=1e-4)


@given(counts, st.floats(0.5, 0.999))
def test_interval_holds_the_drop_and_mirrors(table, confidence):
    lost, gained, n = table
    pair = Comparison(lost, gained, n)
    low, high = pair.interval(confidence)
    assert -100 <= low <= pair.drop <= high <= 100
    mirrored = Comparison(gained, lost, n).interval(confidence)
    assert mirrored == pytest.approx((-high, -low), abs=1e-9)
    one_sided = pair.upper_bound((1 + confidence) / 2)
    assert one_sided == pytest.approx(high, abs=1e-9)


@given(counts, st.floats(0.01, 20), st.floats(0.5, 0.999))
def test_bound_and_p_value_give_one_answer(table, margin, confidence):
    pair = Comparison(*table)
    bound = pair.upper_bound(confidence)
    if not math.isclose(bound, margin, rel_tol=1e-6):
        below = bound < margin
        assert (pair.p_inferior(margin) < 1 - confidence) == below
        assert (
            non_inferior([pair], margin=margin, confidence=confidence).tolist()
        ) == [below]


@pytest.mark.parametrize("disputed", [0.02, 0.05, 0.2])
def test_a_loss_of_the_margin_is_seldom_called_none(disputed):
    """Sum the chances of all tables of n images that give a wrong answer."""
    n, margin = 1_000, 0.01
    chance = 0.0
    lost_share, gained_share = (disputed + margin) / 2, (disputed - margin) / 2
    agreed = scipy.stats.multinomial(
        n, [lost_share, gained_share, 1 - lost_share - gained_share]
    )
    spread = 5 * math.sqrt(n * disputed)
    middle = n * disputed / 2
    around = range(max(0, int(middle - spread)), int(middle + spread))
    for lost, gained in itertools.product(around, around):
        if lost - gained < n * margin and tango_z(
            lost, gained, n, margin
        ) < scipy.stats.norm.ppf(0.05):
            chance += agreed.pmf([lost, gained, n - lost - gained])
    assert 0.03 < chance < 0.06


def test_holm_equals_testing_every_subset():
    """Reject a row only if Bonferroni rejects every subset that holds it."""
    rng = np.random.default_rng(0)
    for size in (1, 2, 5):
        p = rng.uniform(0, 0.1, size)
        subsets = [
            subset
            for length in range(1, size + 1)
            for subset in itertools.combinations(range(size), length)
        ]
        expected = [
            max(
                min(1, len(subset) * p[list(subset)].min())
                for subset in subsets
                if row in subset
            )
            for row in range(size)
        ]
        np.testing.assert_allclose(holm(p), expected, rtol=1e-12)
    assert holm([0.9, 0.8]).tolist() == [1, 1]
    assert holm([]).shape == (0,)


def test_a_longer_table_needs_stronger_rows():
    row = Comparison(lost=30, gained=30, n=10_000)
    assert 0.01 < row.p_inferior(0.15) < 0.05
    assert non_inferior([row], margin=0.15).tolist() == [True]
    assert non_inferior([row] * 5, margin=0.15).tolist() == [False] * 5


def test_compare_counts_where_two_disagree():
    rng = np.random.default_rng(1)
    before, after = rng.random((2, 500)) < 0.8
    pair = compare(Score(before, "x"), Score(after, "x"))
    lost = sum(b and not a for b, a in zip(before, after, strict=True))
    gained = sum(a and not b for b, a in zip(before, after, strict=True))
    assert (pair.lost, pair.gained, pair.n) == (lost, gained, 500)
    assert pair.drop == pytest.approx(
        Score(before).accuracy - Score(after).accuracy
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: Score(np.array([1.0, 0.0])),
            TypeError,
            "correct must be bool, got float64",
        ),
        (
            lambda: Score([True]),
            TypeError,
            "correct must be a numpy array, got list",
        ),
        (
            lambda: Score(np.zeros((2, 2), bool)),
            ValueError,
            "correct must have 1 axes, got shape",
        ),
        (
            lambda: Score(np.zeros(0, bool)),
            ValueError,
            "number of images must be >= 1, got 0",
        ),
        (
            lambda: compare(Score(np.zeros(2, bool)), Score(np.zeros(3, bool))),
            ValueError,
            "number of images must be 2, got 3",
        ),
        (
            lambda: compare(
                Score(np.zeros(2, bool), "mnist test"),
                Score(np.zeros(2, bool), "fashion_mnist test"),
            ),
            ValueError,
            "images must be mnist test, got fashion_mnist test",
        ),
        (
            lambda: Comparison(lost=5, gained=6, n=10),
            ValueError,
            r"gained must be in \[0, 5\], got 6",
        ),
        (
            lambda: Comparison(lost=1, gained=1, n=10).interval(95),
            ValueError,
            r"confidence must be in \[0, 1\), got 95",
        ),
        (
            lambda: Comparison(lost=1, gained=1, n=10).p_inferior(-0.5),
            ValueError,
            r"margin must be in \[0, 100\), got -0.5",
        ),
        (
            lambda: wilson_interval(11, 10),
            ValueError,
            r"num_correct must be in \[0, 10\], got 11",
        ),
        (
            lambda: holm([0.5, math.nan]),
            ValueError,
            "p_value must be in .*, got nan",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_measuring_needs_no_torch():
    code = (
        "import sys, mini_compress.measuring; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
