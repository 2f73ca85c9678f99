"""The statistics of shares: one, two paired ones, a table of them.

Everything here is about n images, each classified rightly or wrongly. Two
networks on the same images are told apart by the images in dispute: `lost`
ones only the first network has right, `gained` ones only the second.

The intervals are score intervals: they hold every value that a test of that
value would not reject, z standard deviations being computed *under* it.
Shares are fractions here, 0 to 1; `scores` makes percent of them.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from .._require import require_int, require_number

_NORMAL = NormalDist()
NEGLIGIBLE_BITS = 70  # a term smaller by so many bits: a float has 53


def normal_quantile(probability: float) -> float:
    """Return z such that a standard normal value is below it so often.

    probability : in [0, 1); 0 gives minus infinity

    >>> round(normal_quantile(0.975), 2)
    1.96
    """
    probability = require_number("probability", probability, 0, 1)
    return _NORMAL.inv_cdf(probability) if probability else -math.inf


def normal_probability(z: float) -> float:
    """Return how often a standard normal value is below z.

    >>> normal_probability(0.0)
    0.5
    """
    return _NORMAL.cdf(z)


def wilson_interval(
    num_correct: int, n: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Wilson's score interval for a share.

    num_correct : 0..n
    n : number of images, >= 1
    confidence : in [0, 1)

    Unlike the share plus or minus two standard errors it stays within 0 and
    1, and it has a width where everything, or nothing, is correct.

    >>> low, high = wilson_interval(979, 1_000)
    >>> f"{low:.4f} to {high:.4f}"
    '0.9681 to 0.9862'

    See [wilson1927probable].
    """
    n = require_int("n", n, 1)
    num_correct = require_int("num_correct", num_correct, 0, n)
    confidence = require_number("confidence", confidence, 0, 1)
    z = normal_quantile((1 + confidence) / 2)
    share = num_correct / n
    center = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    shrink = 1 + z * z / n
    low, high = (center - half) / shrink, (center + half) / shrink
    # the ends are 0 and 1 up to rounding where nothing, or all, is correct
    return max(min(low, share), 0.0), min(max(high, share), 1.0)


def mcnemar_p_value(lost: int, gained: int) -> float:
    """Return how surprising the disputes are if neither network is better.

    lost, gained : >= 0

    McNemar's test, exact and two-sided: if neither is better, each image in
    dispute is lost or gained with probability 1/2.

    >>> mcnemar_p_value(1, 7)
    0.0703125

    See [mcnemar1947note] and [fagerland2014recommended].
    """
    lost = require_int("lost", lost, 0)
    gained = require_int("gained", gained, 0)
    disputed, fewer = lost + gained, min(lost, gained)
    # how many of the 2**disputed outcomes have so few on one side, or fewer
    tail = term = math.comb(disputed, fewer)
    for k in range(fewer, 0, -1):
        term = term * k // (disputed - k + 1)  # comb(disputed, k - 1)
        tail += term
        if tail.bit_length() - term.bit_length() > NEGLIGIBLE_BITS:
            break
    return min(1.0, 2 * tail / 2**disputed)


def tango_z(lost: int, gained: int, n: int, drop: float) -> float:
    """Return by how many standard deviations more was lost than expected.

    drop : the true drop that is put to the test, a fraction in [-1, 1]

    What is expected is lost - gained = n * drop. The deviation follows from
    the likeliest true share of gained images, given the drop: the larger
    root of a quadratic. At drop 0 this is McNemar's statistic.

    >>> tango_z(40, 20, 1_000, drop=0) == (40 - 20) / math.sqrt(40 + 20)
    True

    See [tango1998equivalence].
    """
    lost, gained, n = _require_counts(lost, gained, n)
    a = 2 * n
    b = (2 * n - lost + gained) * drop - lost - gained
    c = -gained * drop * (1 - drop)
    share = (math.sqrt(max(b * b - 4 * a * c, 0)) - b) / (2 * a)
    variance = n * (2 * share + drop * (1 - drop))
    excess = lost - gained - n * drop
    if variance > 0:
        return excess / math.sqrt(variance)
    return math.copysign(math.inf, excess) if excess else 0.0


def tango_bound(lost: int, gained: int, n: int, z: float) -> float:
    """Return the drop, a fraction in [-1, 1], at which `tango_z` is z.

    `tango_z` falls as the drop rises, so halving the range finds it.

    >>> print(f"{tango_bound(16, 8, 86, 1.96):.3f}")
    -0.020
    >>> print(f"{tango_bound(16, 8, 86, -1.96):.3f}")
    0.207

    The example is that of [agresti2005simple].
    """
    lost, gained, n = _require_counts(lost, gained, n)
    low, high = -1.0, 1.0
    for _ in range(60):  # the range, 2, is halved to 2**-59
        middle = (low + high) / 2
        if tango_z(lost, gained, n, middle) > z:
            low = middle
        else:
            high = middle
    return high


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Correct the p-values of a table for how many there are.

    p_values : (k,) floats, 0..1
    returns : (k,) float64 in the order given

    The smallest is multiplied by k, the next by k - 1, and so on; none may
    fall below the one before. If all values below 0.05 are then called
    findings, the chance of even one false finding is at most 5 %.

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])

    See [holm1979simple].
    """
    for p_value in p_values:
        require_number("p_value", p_value, 0, math.nextafter(1, 2))
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p)
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(factors * p[order])
    return np.minimum(adjusted, 1)


def _require_counts(lost: int, gained: int, n: int) -> tuple[int, int, int]:
    n = require_int("n", n, 1)
    lost = require_int("lost", lost, 0, n)
    return lost, require_int("gained", gained, 0, n - lost), n
