"""How much of a histogram's shape is lost when it is clipped and blurred."""

import numpy as np

__all__ = ["divergence"]


def divergence(counts: np.ndarray, start: int, stop: int, levels: int) -> float:
    """Return KL(clipped histogram, the same blurred to levels), in nats.

    counts : (bins,) of all values; those outside bins start to stop - 1 count
        for the outermost of these
    levels : at most stop - start; each is a run of bins of almost one length,
        and its counts are spread evenly over those that are not empty
    returns : inf where a level is empty that the clipped histogram needs

    >>> counts = np.array([4, 2, 1, 1])
    >>> divergence(counts, 0, 4, levels=4)
    0.0
    >>> round(divergence(counts, 0, 4, levels=2), 4)
    0.0425

    See [migacz2017inference].
    """
    inside = counts[start:stop].astype(np.float64)
    clipped = inside.copy()
    clipped[0] += counts[:start].sum()
    clipped[-1] += counts[stop:].sum()
    size = len(inside)
    # bin j belongs to level j * levels // size; the first bin of each level:
    firsts = -(-np.arange(levels) * size // levels)
    filled = clipped > 0
    sums = np.add.reduceat(inside, firsts)  # (levels,)
    shared = np.maximum(np.add.reduceat(filled.astype(float), firsts), 1)
    blurred = np.repeat(sums / shared, np.diff([*firsts, size]))  # (size,)
    if not blurred.sum() or (blurred[filled] == 0).any():
        return np.inf  # a level that the original needs is empty
    p, q = clipped[filled] / clipped.sum(), blurred[filled]
    return float(np.sum(p * np.log(p / (q / q.sum()))))
