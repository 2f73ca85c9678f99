"""What several seeds say together: of a claim, and of "better".

A claim about a method must hold for every seed, so its p-value is the largest
of theirs (the intersection-union test); Holm corrects for how many claims
there are. That one method is *better* than another is a claim about its
trainings, of which each seed is one: Student's t over the gains, seed by seed.
"""

import math
import statistics
from collections.abc import Sequence

import numpy as np

from .._require import require_extra, require_int, require_number, require_real
from .scores import Comparison
from .significance import holm

MIN_SEEDS = 5  # fewer trainings cannot show that one method is better


def claim_p_values(
    claims: Sequence[Sequence[Comparison]], *, margin: float
) -> np.ndarray:
    """Return the p-value of each of k claims to lose less than the margin.

    claims : for each claim its seeds, every one against its own baseline
    margin : the smallest drop that would matter, in pp, fixed beforehand
    returns : (k,) float64, the largest over the seeds, corrected by Holm

    >>> good, bad = Comparison(30, 25, 10_000), Comparison(90, 50, 10_000)
    >>> claim_p_values([[good, good], [good, bad]], margin=0.5).round(4)
    array([0.    , 0.2017])

    See [berger1982multiparameter] and [holm1979simple].
    """
    return holm([largest_p_value(seeds, margin=margin) for seeds in claims])


def largest_p_value(seeds: Sequence[Comparison], *, margin: float) -> float:
    """Return the p-value of a claim that must hold for every seed.

    >>> seeds = [Comparison(30, 25, 10_000), Comparison(40, 25, 10_000)]
    >>> largest_p_value(seeds, margin=0.5) == seeds[1].p_inferior(0.5)
    True
    """
    require_int("number of seeds", len(seeds), 1)
    return max(seed.p_inferior(margin) for seed in seeds)


def paired_t_interval(
    gains: Sequence[float], *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Student's interval for the mean of paired differences.

    gains : of k seeds, k >= 2, each the same seed's difference
    returns : the interval's ends, in the unit of the gains

    >>> low, high = paired_t_interval([0.28, 0.52, 0.43, 0.39, 0.47])
    >>> f"{low:.2f} to {high:.2f}"
    '0.31 to 0.53'

    See [student1908probable].
    """
    require_int("number of gains", len(gains), 2)
    require_number("confidence", confidence, 0, 1)
    for gain in gains:
        require_real("gain", gain)
    special = require_extra("scipy.special", "lab")  # stats takes a second
    quantile = float(special.stdtrit(len(gains) - 1, (1 + confidence) / 2))
    half = quantile * statistics.stdev(gains) / math.sqrt(len(gains))
    mean = statistics.fmean(gains)
    return mean - half, mean + half
