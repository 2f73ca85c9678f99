"""What a test set of n images can tell, before it is used.

The truth is given: how much one network really loses, and on which share of
all images the two disagree. How many of n test images are in dispute, and how
many of those are lost, is then chance; the chances of all possible counts are
summed, nothing is simulated. Drops are in pp and shares in percent.
"""

import math
from bisect import bisect_left

import numpy as np

from .._require import require_extra, require_int, require_number
from .significance import normal_quantile, tango_z

NEGLECTED = 1e-9  # chance of all counts of disputes that are left out


def chance_noticed(
    n: int, *, drop: float, disputed: float, level: float = 0.05
) -> float:
    """Return how often a worse network is called significantly worse.

    n : number of test images
    drop : what it truly loses, in pp, at most `disputed`
    disputed : images on which the two networks differ, in percent of all
    level : of McNemar's exact two-sided test; more must be lost than gained
    returns : percent of all test sets

    >>> round(chance_noticed(1_000, drop=1, disputed=4), 1)
    29.8
    """
    level = require_number("level", level, 0, 1)
    binom = require_extra("scipy.stats", "lab").binom
    counts, chances, lost_share = _disputes(n, drop, disputed)
    # a fair coin shows more than this many heads with probability <= level / 2
    most = binom.isf(level / 2, counts, 0.5)
    return 100 * float(chances @ binom.sf(most, counts, lost_share))


def chance_shown(
    n: int,
    *,
    drop: float,
    disputed: float,
    margin: float = 0.5,
    confidence: float = 0.95,
) -> float:
    """Return how often a network is shown to be non-inferior.

    n, drop, disputed : as for `chance_noticed`
    margin : in pp; shown is that less than this was lost
    confidence : of the one-sided upper bound of the drop
    returns : percent of all test sets

    >>> round(chance_shown(10_000, drop=0, disputed=4), 1)
    80.1
    """
    margin = require_number("margin", margin, 0, 100)
    binom = require_extra("scipy.stats", "lab").binom
    counts, chances, lost_share = _disputes(n, drop, disputed)
    limit = -normal_quantile(confidence)
    most = [_most_lost(c, n, margin / 100, limit) for c in counts.tolist()]
    return 100 * float(chances @ binom.cdf(most, counts, lost_share))


def _most_lost(disputes: int, n: int, drop: float, limit: float) -> int:
    """Return how many of the disputes may be lost; -1 if even 0 are too many.

    The more are lost, the higher is `tango_z`; it must stay below the limit.
    """

    def is_too_many(lost: int) -> bool:
        return tango_z(lost, disputes - lost, n, drop) >= limit

    return bisect_left(range(disputes + 1), True, key=is_too_many) - 1


def _disputes(
    n: int, drop: float, disputed: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return counts of disputes, their chances, the share of them lost."""
    n = require_int("n", n, 1)
    disputed = require_number("disputed", disputed, 0, 100)
    drop = require_number(
        "drop", drop, -disputed, math.nextafter(disputed, math.inf)
    )
    binom = require_extra("scipy.stats", "lab").binom
    share = disputed / 100
    first, last = binom.interval(1 - NEGLECTED, n, share)
    counts = np.arange(int(first), int(last) + 1)
    lost_share = (1 + drop / disputed) / 2 if disputed else 0.5
    return counts, binom.pmf(counts, n, share), lost_share
