"""What several seeds say, against scipy and by another way of counting."""

import numpy as np
import pytest
from scipy import stats

from mini_compress.measuring import Comparison
from mini_compress.measuring.seeds import (
    claim_p_values,
    largest_p_value,
    paired_t_interval,
)


@pytest.mark.parametrize("size", [2, 5, 12])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_the_interval_is_that_of_a_paired_t_test(size, confidence):
    rng = np.random.default_rng(size)
    first, second = rng.normal(90, 0.3, (2, size))
    test = stats.ttest_rel(first, second)
    expected = test.confidence_interval(confidence)
    found = paired_t_interval((first - second).tolist(), confidence=confidence)
    assert found == pytest.approx(tuple(expected), rel=1e-9)


def test_equal_gains_leave_no_doubt():
    assert paired_t_interval([0.25] * 5) == (0.25, 0.25)


@pytest.mark.parametrize("gains", [[], [0.3]])
def test_one_seed_has_no_interval(gains):
    with pytest.raises(ValueError, match="number of gains must be >= 2"):
        paired_t_interval(gains)


def test_gains_must_be_finite():
    with pytest.raises(ValueError, match="gain must be finite, got NaN"):
        paired_t_interval([0.1, float("nan")])


def test_a_claim_stands_and_falls_with_its_worst_seed():
    seeds = [Comparison(30, 25, 10_000), Comparison(60, 30, 10_000)]
    worst = seeds[1].p_inferior(0.5)
    assert largest_p_value(seeds, margin=0.5) == worst
    assert claim_p_values([seeds], margin=0.5).tolist() == [worst]
    with pytest.raises(ValueError, match="number of seeds must be >= 1"):
        largest_p_value([], margin=0.5)


def test_claims_are_corrected_as_scipy_does():
    """Holm's steps, here from scipy's own p-values of a normal."""
    claims = [
        [Comparison(40 + 7 * i, 25, 10_000), Comparison(45 + 7 * i, 25, 10_000)]
        for i in range(4)
    ]
    worst = sorted(claim[1].p_inferior(0.5) for claim in claims)
    expected = np.maximum.accumulate([(4 - i) * p for i, p in enumerate(worst)])
    found = claim_p_values(claims, margin=0.5)
    assert np.sort(found) == pytest.approx(np.minimum(expected, 1))
