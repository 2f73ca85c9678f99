"""Histograms that grow, and the ranges that are read off them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime.quantization import calibrate

from mini_compress.kernels import naive
from mini_compress.kernels.ranges import (
    RULES,
    Histogram,
    entropy,
    least_squares,
    min_max,
    moving_average,
    percentile,
    range_error,
)

# as float64 none of them is lost when it is divided by a width
NUMBERS = st.floats(-(2.0**100), 2.0**100, width=32)


@given(
    st.lists(st.lists(NUMBERS, min_size=1), min_size=1, max_size=5),
    st.integers(16, 40),
)
@settings(deadline=None, max_examples=50)
def test_histogram_does_not_depend_on_the_order(batches, num_bins):
    one, other = Histogram(num_bins), Histogram(num_bins)
    for batch in batches:
        one.add(np.array(batch))
    other.add(np.concatenate(batches[::-1]))
    assert one.width == other.width
    assert one.first == other.first
    assert np.array_equal(one.counts, other.counts)


@given(st.lists(NUMBERS, min_size=1))
@settings(deadline=None, max_examples=50)
def test_bins_hold_what_lies_between_their_edges(numbers):
    values = np.array(numbers)
    histogram = Histogram.of(values, num_bins=64)
    counts, _ = np.histogram(values, histogram.edges)
    inner = slice(None, -1)  # numpy's last bin holds its upper edge too
    assert np.array_equal(counts[inner], histogram.counts[inner])
    assert histogram.total == values.size
    assert len(histogram.counts) <= 64
    assert histogram.low == min(0, values.min())
    assert histogram.high == max(0, values.max())


def test_a_bin_is_as_narrow_as_the_number_of_bins_allows():
    histogram = Histogram.of(np.array([-3.0, 12.9]), num_bins=32)
    assert histogram.width == 0.5
    finer = np.floor(12.9 / 0.25) - np.floor(-3.0 / 0.25) + 1
    assert finer > 32


@pytest.mark.parametrize("share", [50, 90, 99, 99.9])
def test_percentile_is_within_a_bin_of_numpys(share):
    values = np.random.default_rng(0).normal(size=50_000)
    histogram = Histogram.of(values)
    expected = np.percentile(values, [100 - share, share])
    got = percentile(histogram, share=share)
    assert np.allclose(got, expected, rtol=0, atol=histogram.width)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("ends", [(-1.5, 2.0), (0.0, 3.0), (-4.0, 4.0)])
def test_range_error_equals_the_loops(bits, ends):
    # values in the middle of bins: there the histogram knows them exactly
    rng = np.random.default_rng(bits)
    values = (rng.integers(-256, 255, 300) + 0.5) / 64
    values[:2] = -3.9921875, 3.9921875
    histogram = Histogram.of(values, num_bins=512)
    assert histogram.width == 1 / 64
    got = range_error(histogram, ends, bits)
    expected = naive.range_error(values, ends, bits)
    assert np.allclose(got, expected, rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_least_squares_is_near_the_best_of_a_fine_search(bits):
    values = np.abs(np.random.default_rng(1).normal(size=20_000))
    histogram = Histogram.of(values)
    low, high = least_squares(histogram, bits)
    ends = np.linspace(0.005, 1, 400) * values.max()
    best = min(sum(range_error(histogram, (0.0, e), bits)) for e in ends)
    got = sum(range_error(histogram, (low, high), bits))
    # a hundredth of the range away, the error changes by little
    assert got <= 1.05 * best
    assert got <= sum(range_error(histogram, min_max(histogram), bits))


def test_entropy_finds_about_what_onnxruntime_finds():
    """Its candidates are symmetric, and its levels are 128."""
    values = np.random.default_rng(0).laplace(size=200_000)
    values[0] = 40  # an outlier, which both must leave out
    reach = np.abs(values).max()
    counts, edges = np.histogram(values, 2001, (-reach, reach))
    collector = calibrate.HistogramCollector(
        "entropy", True, 2001, 128, 0, "same"
    )
    low, high = collector.get_entropy_threshold(
        (counts, edges, values.min(), values.max()), 128
    )
    ours = entropy(Histogram.of(values, num_bins=4096), bits=7)
    assert -ours[0] == pytest.approx(-low, rel=0.35)
    assert ours[1] == pytest.approx(high, rel=0.35)
    assert ours[1] < reach / 2


def test_entropy_is_not_moved_by_the_zeros_of_a_relu():
    values = np.random.default_rng(0).exponential(size=100_000)
    zeros = np.zeros(300_000)
    with_zeros = entropy(Histogram.of(np.append(values, zeros)), 4)
    assert with_zeros == entropy(Histogram.of(values), 4)


@pytest.mark.parametrize("bits", [2, 4])
def test_entropy_leaves_a_16th_of_the_range(bits):
    """A spike near 0 has a divergence that a tiny range makes small."""
    rng = np.random.default_rng(0)
    values = np.append(np.full(50_000, 0.02), rng.uniform(0, 4, 2_000))
    _, high = entropy(Histogram.of(values), bits)
    assert high >= values.max() / 16


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("bits", [2, 5, 8])
@pytest.mark.parametrize(
    "values",
    [
        np.zeros(3),
        np.full(10, 3.0),
        np.full(10, -0.25),
        np.array([1e-42, 2e-42]),
        np.array([3e38, -3e38]),
        np.array([5.0] * 100 + [-1e6]),
    ],
    ids=["zeros", "constant", "negative", "tiny", "huge", "outlier"],
)
def test_ranges_hold_zero_and_nothing_beyond_the_values(rule, bits, values):
    low, high = RULES[rule](Histogram.of(values), bits)
    assert min(values.min(), 0) <= low <= 0 <= high <= max(values.max(), 0)


def test_moving_average_is_torchs():
    torch = pytest.importorskip("torch")
    observers = pytest.importorskip("torch.ao.quantization.observer")
    observer = observers.MovingAverageMinMaxObserver(averaging_constant=0.1)
    rng = np.random.default_rng(0)
    ranges = []
    for _ in range(20):
        batch = rng.normal(size=30).astype(np.float32)
        observer(torch.from_numpy(batch))
        ranges.append((float(batch.min()), float(batch.max())))
    low, high = moving_average(ranges, momentum=0.1)
    # torch's sums are float32
    assert low == pytest.approx(observer.min_val.item(), rel=1e-5)
    assert high == pytest.approx(observer.max_val.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Histogram(8), ValueError, "num_bins must be >= 16, got 8"),
        (lambda: Histogram.of(np.zeros(0)), ValueError, "must not be empty"),
        (
            lambda: Histogram.of(np.array([1.0, np.nan])),
            ValueError,
            "values must be finite",
        ),
        (
            lambda: Histogram.of(np.array([1, 2])),
            TypeError,
            "values must be float32 or float64, got int64",
        ),
        (lambda: min_max(Histogram()), ValueError, "must hold values"),
        (lambda: entropy([1.0]), TypeError, "must be a Histogram, got list"),
        (lambda: entropy(Histogram.of(np.ones(2)), 1), ValueError, "bits"),
        (
            lambda: percentile(Histogram.of(np.ones(2)), share=20),
            ValueError,
            "share must be",
        ),
        (
            lambda: range_error(Histogram.of(np.ones(2)), (1.0, 2.0)),
            ValueError,
            "ends must be low <= 0 <= high",
        ),
        (lambda: moving_average([]), ValueError, "one batch or more"),
        (lambda: moving_average([(0.0, np.nan)]), ValueError, "high must be f"),
        (lambda: moving_average([(2.0, 1.0)]), ValueError, "low must be <="),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
