"""Codebooks: loops, scikit-learn, kmeans1d and laws."""

import kmeans1d
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.cluster import KMeans

from mini_compress.kernels import naive
from mini_compress.kernels.codebook import (
    equal_mass,
    fit_codebook,
    look_up,
    nearest_codes,
    optimal_codebook,
    squared_error,
)
from mini_compress.kernels.codebook.stretches import sort_values
from mini_compress.kernels.planes import pack_planes
from tests.support.strategies import quick

LAWS = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "laplace": lambda rng, n: rng.laplace(size=n),
    "uniform": lambda rng, n: rng.random(n),
    "far from 0": lambda rng, n: rng.standard_normal(n) + 1000,
    "few": lambda rng, n: rng.integers(0, 40, n),
    "two heaps": lambda rng, n: rng.standard_normal(n) * 0.01 + n % 2,
}


@st.composite
def fittable(draw, largest_side=12):
    """Draw values, and no more levels than there are distinct ones."""
    few = st.integers(-8, 8).map(float)
    reals = st.floats(-100, 100, width=32)
    shape = draw(hnp.array_shapes(max_dims=2, max_side=largest_side))
    values = draw(hnp.arrays(np.float32, shape, elements=few | reals))
    distinct = len(sort_values(values, 1).values)
    return values, draw(st.integers(1, min(distinct, 6)))


def some_values(law, count=5_000):
    values = LAWS[law](np.random.default_rng(0), count)
    return values.astype(np.float32)


def close(values):
    """Return the error of sums of squares that rounding may leave."""
    return 1e-12 * float((values.astype(np.float64) ** 2).sum())


@quick
@given(fittable(), st.sampled_from(["linear", "density", "random"]))
def test_k_means_equals_the_loops(drawn, start):
    values, num_levels = drawn
    got = fit_codebook(values, num_levels, start=start, seed=3)
    assert got.dtype == np.float32 and got.shape == (num_levels,)
    assert (np.diff(got) > 0).all()
    again = fit_codebook(values, num_levels, start=got)
    assert np.allclose(got, again, rtol=0, atol=1e-5)
    if start == "linear":
        begun = np.linspace(values.min(), values.max(), num_levels)
        expected = naive.fit_codebook(values, begun)
        ours, theirs = (squared_error(values, x) for x in (got, expected))
        # where a value lies in the middle, the loops may take the other level
        assert np.allclose(got, expected, atol=1e-4) or ours <= theirs * 1.5


@pytest.mark.parametrize("fit", [fit_codebook, optimal_codebook, equal_mass])
def test_differences_that_are_lost_in_sums_are_none(fit):
    values = np.array([0, 2e-38, 1, 1], np.float32)  # k-means went on forever
    np.testing.assert_array_equal(fit(values, 2), np.array([0, 1], np.float32))
    with pytest.raises(ValueError, match="got 2 distinct values"):
        fit(values, 3)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("num_levels", [2, 4, 16])
def test_k_means_is_that_of_scikit_learn(law, num_levels):
    values = some_values(law)
    start = np.quantile(np.unique(values), np.linspace(0.1, 0.9, num_levels))
    start = start.astype(np.float32)
    got = fit_codebook(values, num_levels, start=start)
    theirs = KMeans(
        num_levels,
        init=start[:, None].astype(np.float64),
        n_init=1,
        tol=0,
        max_iter=10_000,
    ).fit(values[:, None].astype(np.float64))
    expected = np.sort(theirs.cluster_centers_.ravel())
    assert np.allclose(got, expected, rtol=3e-7, atol=1e-7)
    assert squared_error(values, got) <= theirs.inertia_ * (1 + 1e-6)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("num_levels", [1, 3, 16, 33])
def test_the_optimum_is_that_of_kmeans1d(law, num_levels):
    values = some_values(law)
    got = squared_error(values, optimal_codebook(values, num_levels))
    clustered = kmeans1d.cluster(values.astype(np.float64), num_levels)
    theirs = squared_error(values, np.float32(clustered.centroids))
    assert abs(got - theirs) <= close(values) + 1e-6 * theirs
    for start in ("linear", "density", "random"):
        fitted = fit_codebook(values, num_levels, start=start)
        assert got <= squared_error(values, fitted) * (1 + 1e-6)
    assert got <= squared_error(values, equal_mass(values, num_levels))


def test_no_cell_of_the_optimum_is_left_out_among_many_values():
    values = some_values("laplace", 60_000)
    got = squared_error(values, optimal_codebook(values, 5))
    clustered = kmeans1d.cluster(values.astype(np.float64), 5)
    theirs = squared_error(values, np.float32(clustered.centroids))
    assert abs(got - theirs) <= close(values)


def test_a_value_in_the_middle_goes_to_the_lower_level():
    values = np.array([0, 1, 2], np.float32)
    got = fit_codebook(values, 2)
    assert got.tolist() == [0.5, 2]
    theirs = KMeans(2, init=np.array([[0.0], [2.0]]), n_init=1)
    theirs.fit(values[:, None])
    assert np.array_equal(got, theirs.cluster_centers_.ravel())


@quick
@given(fittable(largest_side=6))
def test_the_optimum_is_that_of_the_loops(drawn):
    values, num_levels = drawn
    got = optimal_codebook(values, num_levels)
    assert (np.diff(got) > 0).all()
    expected = naive.optimal_codebook(values, num_levels)
    ours, theirs = (squared_error(values, x) for x in (got, expected))
    assert abs(ours - theirs) <= close(values) + 1e-6 * theirs


@quick
@given(fittable())
def test_equal_mass_equals_the_loops_and_numpy(drawn):
    values, num_levels = drawn
    got = equal_mass(values, num_levels)
    expected = naive.equal_mass(values, num_levels)
    assert np.allclose(got, expected, rtol=1e-6, atol=1e-5)
    shares = np.array_split(np.sort(values, axis=None), num_levels)
    means = [share.mean(dtype=np.float64) for share in shares]
    assert np.allclose(got, means, rtol=1e-6, atol=1e-5)


@quick
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(max_dims=3, max_side=5),
        elements=st.integers(-20, 20).map(lambda x: x / 2),
    ),
    st.lists(st.integers(-8, 8), min_size=1, max_size=20),
)
def test_codes_are_the_nearest(values, levels):
    # halves: many values lie in the middle, and some levels are equal
    levels = np.array(sorted(levels), np.float32)
    got = nearest_codes(values, levels)
    assert got.dtype == np.uint8
    assert np.array_equal(got, naive.nearest_codes(values, levels))
    error = naive.squared_error(values, levels)
    assert squared_error(values, levels) == pytest.approx(error)


@pytest.mark.parametrize("bits", range(1, 9))
def test_levels_are_looked_up(bits):
    rng = np.random.default_rng(bits)
    levels = np.sort(rng.standard_normal(2**bits - (bits > 1))).astype("f4")
    codes = rng.integers(0, len(levels), 1003).astype(np.uint8)
    packed = pack_planes(codes, bits=bits)
    got = look_up(packed, levels, bits=bits, count=codes.size)
    assert got.dtype == np.float32
    assert np.array_equal(got, levels[codes])
    if bits in (1, 2, 4):
        loops = naive.look_up(packed, levels, bits=bits, count=codes.size)
        assert np.array_equal(got, loops)
    none = look_up(packed[:0], levels, bits=bits, count=0)
    assert none.shape == (0,)


def test_inputs_stay_as_they_are_and_doubles_count_as_singles():
    values = some_values("normal").reshape(50, 100)
    values.flags.writeable = False  # numpy raises where a kernel writes
    levels = fit_codebook(values, 8)
    levels.flags.writeable = False
    assert nearest_codes(values[::2, ::-1], levels).shape == (25, 100)
    assert np.array_equal(fit_codebook(values.astype(np.float64), 8), levels)
    assert np.array_equal(fit_codebook(values.T, 8), levels)
    assert np.array_equal(fit_codebook(values, np.int8(8)), levels)
    fit_codebook(values, 8, start=levels)


def test_running_sums_are_those_of_the_values():
    values = some_values("few", 300)
    data = sort_values(values, 3)
    cuts = np.array([0, 4, 11, len(data.values)])
    shares = np.split(np.sort(values), data.counts[cuts[1:-1]].astype(int))
    assert np.allclose(data.levels(cuts), [x.mean() for x in shares])
    errors = data.errors(cuts[:-1], cuts[1:])
    assert np.allclose(errors, [x.var() * x.size for x in shares])
    assert data.errors(np.array([5]), np.array([3])) == 0
