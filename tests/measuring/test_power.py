"""The chances to notice and to show, against sums over every table."""

import pytest
from scipy import stats

from mini_compress.measuring import (
    Comparison,
    chance_noticed,
    chance_shown,
    mcnemar_p_value,
)

TRUTHS = [(0, 4), (1, 4), (0.5, 1), (-1, 2), (4, 4)]  # drop, disputed


def chance_of(n, drop, disputed, answer):
    """Sum the chances of all tables to which the answer is yes, in %."""
    shares = [(disputed + drop) / 200, (disputed - drop) / 200]
    table = stats.multinomial(n, [*shares, 1 - sum(shares)])
    return 100 * sum(
        table.pmf([lost, gained, n - lost - gained])
        for lost in range(n + 1)
        for gained in range(n + 1 - lost)
        if answer(lost, gained)
    )


@pytest.mark.parametrize(("drop", "disputed"), TRUTHS)
def test_noticed_is_the_exact_test(drop, disputed):
    def worse(lost, gained):
        return lost > gained and mcnemar_p_value(lost, gained) < 0.05

    expected = chance_of(90, drop, 3 * disputed, worse)
    got = chance_noticed(90, drop=drop, disputed=3 * disputed)
    assert got == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("drop", "disputed"), TRUTHS)
def test_shown_is_the_bound(drop, disputed):
    def non_inferior(lost, gained):
        return Comparison(lost, gained, 60).upper_bound(0.9) < 4

    expected = chance_of(60, drop, 3 * disputed, non_inferior)
    got = chance_shown(
        60, drop=drop, disputed=3 * disputed, margin=4, confidence=0.9
    )
    assert got == pytest.approx(expected, abs=1e-6)


def test_without_disputes_nothing_is_noticed_and_much_is_shown():
    assert chance_noticed(1_000, drop=0, disputed=0) == 0
    assert chance_shown(1_000, drop=0, disputed=0) == pytest.approx(100)
    assert chance_shown(100, drop=0, disputed=0) == 0


def test_refused_input():
    with pytest.raises(ValueError, match=r"drop must be in \[-1.0, 1"):
        chance_noticed(10, drop=2, disputed=1)
    with pytest.raises(ValueError, match=r"disputed must be in \[0, 100\)"):
        chance_shown(10, drop=0, disputed=101)
    with pytest.raises(ValueError, match=r"margin must be in"):
        chance_shown(10, drop=0, disputed=1, margin=-1)
    with pytest.raises(ValueError, match=r"n must be >= 1, got 0"):
        chance_noticed(0, drop=0, disputed=1)
