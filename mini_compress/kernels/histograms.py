"""A histogram that grows: how often each value occurred, batch after batch.

Activations of a thousand images are millions of numbers. What a range is
chosen by is how often which values occur, and that fits into a few KB.
"""

import math

import numpy as np

from .._require import require_dtype, require_finite, require_int

__all__ = ["Histogram"]

SMALLEST_WIDTH = -126  # as a power of two: of float32's least normal number
LARGEST_SHIFT = 62  # of an int64, by which any bin's number becomes 0 or -1


class Histogram:
    """Counts of values in bins of one width, which adapts to what is added.

    num_bins : the most that are kept, 16 or more

    Bin i holds the values from i * width up to (i + 1) * width, and width is
    the smallest power of two with which so many bins reach from the lowest
    value to the highest, 0 included. When a value beyond them is added, bins
    are joined in pairs. So no count is ever guessed, and the order in which
    values come changes nothing.

    counts : (bins,) int64; first : number of the first bin, at most 0
    low, high : lowest and highest value so far, exactly; 0 is in between

    >>> histogram = Histogram(num_bins=16)
    >>> histogram.add(np.array([0.0, 1.0, 2.5], np.float32))
    >>> histogram.width, histogram.counts.tolist()
    (0.25, [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
    >>> histogram.add(np.array([-7.0], np.float32))
    >>> histogram.width, histogram.low, histogram.high, histogram.total
    (1.0, -7.0, 2.5, 4)
    """

    def __init__(self, num_bins: int = 2048) -> None:
        self.num_bins = require_int("num_bins", num_bins, 16)
        self.low = self.high = 0.0
        self.exponent = SMALLEST_WIDTH
        self.first = 0
        self.counts = np.zeros(1, np.int64)

    @classmethod
    def of(cls, values: np.ndarray, *, num_bins: int = 2048) -> "Histogram":
        """Return the histogram of some values; see `add`."""
        histogram = cls(num_bins)
        histogram.add(values)
        return histogram

    @property
    def width(self) -> float:
        """The width of each bin, a power of two."""
        return 2.0**self.exponent

    @property
    def total(self) -> int:
        """How many values were added."""
        return int(self.counts.sum())

    @property
    def edges(self) -> np.ndarray:
        """Where bins begin, and where the last ends: (bins + 1,) float64."""
        return (self.first + np.arange(len(self.counts) + 1)) * self.width

    @property
    def centers(self) -> np.ndarray:
        """The middle of each bin, within low and high: (bins,) float64."""
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        return np.clip(middle, self.low, self.high)

    def add(self, values: np.ndarray) -> None:
        """Count more values.

        values : (...) float32 or float64, finite, one or more
        """
        require_dtype("values", values, np.float32, np.float64)
        if values.size == 0:
            raise ValueError(f"values must not be empty, got {values.shape}")
        # NaN and infinity show up in one of the two
        ends = np.array([values.min(), values.max()], np.float64)
        require_finite("values", ends)
        low, high = min(self.low, ends[0]), max(self.high, ends[1])
        self._widen(float(low), float(high))
        bins = np.floor(values.ravel() / self.width).astype(np.int64)
        places = (bins - self.first).astype(np.intp)  # which bincount takes
        self.counts += np.bincount(places, minlength=len(self.counts))

    def _widen(self, low: float, high: float) -> None:
        """Make room for a range: join bins if need be, add empty ones."""
        exponent = self.exponent
        if high > low:
            enough = math.frexp((high - low) / self.num_bins)[1] - 1
            exponent = max(exponent, enough)
        while _bin(high, exponent) - _bin(low, exponent) >= self.num_bins:
            exponent += 1
        shift = min(exponent - self.exponent, LARGEST_SHIFT)
        joined = (self.first + np.arange(len(self.counts))) >> shift
        first, last = _bin(low, exponent), _bin(high, exponent)
        counts = np.zeros(last - first + 1, np.int64)
        np.add.at(counts, joined - first, self.counts)
        self.low, self.high = low, high
        self.exponent, self.first, self.counts = exponent, first, counts


def _bin(value: float, exponent: int) -> int:
    """Return the number of a value's bin."""
    return math.floor(math.ldexp(value, -exponent))
