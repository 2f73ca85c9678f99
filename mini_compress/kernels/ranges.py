"""Which range codes are to cover: clip few values, or blur all of them.

A wide range has wide steps, and each value is rounded by up to half a step. A
narrow one has small steps, and the values beyond it are clipped to its end.
Each rule here looks at a `Histogram` and names a range, low <= 0 <= high, for
`affine.choose_affine`. None of them knows the network's accuracy.
"""

from collections.abc import Callable, Iterable

import numpy as np

from .._require import require_int, require_number, require_real
from .affine import AffineParams, choose_affine
from .divergence import divergence
from .histograms import Histogram

__all__ = [
    "RULES",
    "Histogram",
    "entropy",
    "grid_of",
    "least_squares",
    "min_max",
    "moving_average",
    "percentile",
    "range_error",
]

Range = tuple[float, float]

SHRINKS = [percent / 100 for percent in range(100, 0, -1)]  # of an end
CANDIDATES = 256  # ranges that `entropy` compares, at most
NARROWEST = 16  # it takes no less than a 16th: 128 of 2,048 bins, as NVIDIA's


def min_max(histogram: Histogram, bits: int = 8) -> Range:
    """Cover every value: nothing is clipped.

    bits : changes nothing; the rules are called alike

    >>> min_max(Histogram.of(np.array([0.5, 8.0, -1.0])))
    (-1.0, 8.0)

    See [jacob2018quantization], section 3.
    """
    _require_filled(histogram, bits)
    return histogram.low, histogram.high


def percentile(
    histogram: Histogram, bits: int = 8, *, share: float = 99.9
) -> Range:
    """Leave out at most 100 - share percent of the values on either side.

    share : in percent, from 50 up to less than 100
    bits : changes nothing
    returns : the ends, read off within a bin as if its values lay evenly.
        onnxruntime leaves out half as much on a side, and takes whole bins.

    >>> values = np.arange(1001.0)
    >>> low, high = percentile(Histogram.of(values), share=99)
    >>> low, round(high)
    (0.0, 990)

    See [wu2020integer].
    """
    _require_filled(histogram, bits)
    require_number("share", share, 50, 100)
    cumulated = np.concatenate([[0], np.cumsum(histogram.counts)])
    outside = histogram.total * (100 - share) / 100
    ends = [outside, histogram.total - outside]
    # an edge is where so many values lie below it
    low, high = np.interp(ends, cumulated, histogram.edges)
    return (
        float(np.clip(low, histogram.low, 0)),
        float(np.clip(high, 0, histogram.high)),
    )


def least_squares(histogram: Histogram, bits: int = 8) -> Range:
    """Make the mean squared error of clipping and rounding small.

    Tries 100 shares of both ends, then of the upper, then of the lower one.

    >>> outlier = Histogram.of(np.array([0.1] * 10_000 + [8.0]))
    >>> low, high = least_squares(outlier, bits=4)
    >>> low, high < 8
    (0.0, True)

    See [wu2020integer] for this and other rules.
    """
    low, high = min_max(histogram, bits)
    centers = histogram.centers

    def error(ends: Range) -> float:
        return sum(_error(histogram, centers, ends, bits))

    both = ((low * part, high * part) for part in SHRINKS)
    low, high = min(both, key=error)
    _, high = min(((low, high * part) for part in SHRINKS), key=error)
    return min(((low * part, high) for part in SHRINKS), key=error)


def entropy(histogram: Histogram, bits: int = 8) -> Range:
    """Keep as much of the histogram's shape as so many levels can show.

    Of ranges from a 16th of all bins upward, one bin a level at least, the one
    whose histogram, blurred to 2**bits levels, has the least Kullback-Leibler
    divergence from the clipped original. Ranges are |x| <= a threshold, as far
    as there are values. The bin of 0 counts as much as the one above it: half
    of what a ReLU gives is 0, which no range blurs.

    >>> rng = np.random.default_rng(0)
    >>> values = np.abs(rng.normal(size=100_000))
    >>> low, high = entropy(Histogram.of(values), bits=4)
    >>> low, 1 < high < 4
    (0.0, True)

    See [migacz2017inference]; the bin of 0 and the narrowest range are those
    of NVIDIA's pytorch-quantization. onnxruntime's rule of this name (1.32)
    differs: it counts the bin of 0 in full, blurs both signs to 128 levels,
    and has 128 bins in `quantize_static`, none of which it can leave out.
    """
    low, high = min_max(histogram, bits)
    levels, bins = 2**bits, len(histogram.counts)
    if bins <= levels:
        return low, high
    counts = histogram.counts.copy()
    zero = -histogram.first
    counts[zero] = counts[zero + 1 if zero + 1 < bins else zero - 1]
    # a reach of k bins keeps k of them on each side of 0, if there are so many
    whole = max(zero, bins - zero)
    least = max(levels // 2, -(-whole // NARROWEST))
    reaches = np.linspace(least, whole, CANDIDATES)
    places = [
        (max(zero - reach, 0), min(zero + reach, bins))
        for reach in np.unique(reaches.astype(int)).tolist()
        if min(zero, reach) + min(bins - zero, reach) >= levels
    ]
    losses = [divergence(counts, *place, levels) for place in places]
    best = len(losses) - 1 - int(np.argmin(losses[::-1]))  # the widest
    first, last = histogram.edges[list(places[best])]
    return float(max(first, low)), float(min(last, high))


def moving_average(ranges: Iterable[Range], *, momentum: float = 0.01) -> Range:
    """Follow the ranges of batches, each new one a little.

    ranges : (lowest, highest) of each batch, in turn; finite
    momentum : the share of what is new; 0.01 as torch's observer has it

    >>> moving_average([(0.0, 1.0), (0.0, 3.0)], momentum=0.5)
    (0.0, 2.0)

    See [jacob2018quantization], section 3.1.
    """
    require_number("momentum", momentum, 0, 1)
    low = high = None
    for batch_low, batch_high in map(_require_ends, ranges):
        if low is None or high is None:
            low, high = batch_low, batch_high
        low += momentum * (batch_low - low)
        high += momentum * (batch_high - high)
    if low is None or high is None:
        raise ValueError("ranges must be of one batch or more, got none")
    return min(low, 0.0), max(high, 0.0)


def range_error(
    histogram: Histogram, ends: Range, bits: int = 8
) -> tuple[float, float]:
    """Return the mean squared error by clipping, and that by rounding.

    ends : low <= 0 <= high, not both 0
    returns : in squared units of the values, each over all values; every
        value counts as the middle of its bin

    >>> values = Histogram.of(np.array([0.1, 0.4, 8.0], np.float32))
    >>> clipping, rounding = range_error(values, (0.0, 4.0), bits=4)
    >>> round(clipping, 2), round(rounding, 4)
    (5.33, 0.0089)

    Loops in `naive.range_error`, over the values themselves.
    """
    _require_filled(histogram, bits)
    low, high = _require_ends(ends)
    if not low <= 0 <= high or low == high:
        raise ValueError(
            f"ends must be low <= 0 <= high, not both 0, got {low}, {high}"
        )
    return _error(histogram, histogram.centers, ends, bits)


# by the names that `quantization.calibrate` knows
RULES: dict[str, Callable[..., Range]] = {
    "min_max": min_max,
    "percentile": percentile,
    "least_squares": least_squares,
    "entropy": entropy,
}


def _error(
    histogram: Histogram, x: np.ndarray, ends: Range, bits: int
) -> tuple[float, float]:
    """Return both errors; x : the centers of all bins."""
    params = choose_affine(np.array(ends), bits=bits, signed=False)
    scale, zero = np.ravel(params.scale)[0], np.ravel(params.zero_point)[0]
    codes = np.rint(x / scale) + zero
    kept = (params.quant_min <= codes) & (codes <= params.quant_max)
    back = scale * (np.clip(codes, params.quant_min, params.quant_max) - zero)
    squared = histogram.counts * (x - back) ** 2 / histogram.total
    return float(squared[~kept].sum()), float(squared[kept].sum())


def grid_of(ends: np.ndarray, bits: int) -> AffineParams:
    """Return the grid of unsigned codes, with one scale, that covers a range.

    ends : (2,) float32 or float64, lowest and highest value

    >>> grid = grid_of(np.array([-1.0, 2.0]), bits=2)
    >>> float(grid.scale), int(grid.zero_point)
    (1.0, 1)
    """
    chosen = choose_affine(ends, bits=bits, signed=False)
    scale, zero_point = np.asarray(chosen.scale), np.asarray(chosen.zero_point)
    return AffineParams(
        scale.item(), zero_point.item(), bits=bits, signed=False
    )


def _require_ends(ends: Range) -> Range:
    """Refuse what is no finite range, from lowest to highest."""
    low, high = ends
    require_real("low", low)
    require_real("high", high)
    if low > high:
        raise ValueError(f"low must be <= high, got {low} and {high}")
    return low, high


def _require_filled(histogram: Histogram, bits: int) -> None:
    """Refuse a histogram of nothing, and bits that a code cannot have."""
    if not isinstance(histogram, Histogram):
        got = type(histogram).__name__
        raise TypeError(f"histogram must be a Histogram, got {got}")
    if histogram.total == 0:
        raise ValueError("histogram must hold values, got none")
    require_int("bits", bits, 2, 8)
