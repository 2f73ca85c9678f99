"""Masks: exact counts, ties by position, against the loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import masks, naive
from mini_compress.kernels.masks import (
    keep_largest,
    keep_largest_blocks,
    keep_largest_global,
    keep_largest_nm,
    num_pruned,
)
from tests.support.strategies import quick, reals

SPARSITIES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99])
# few different values, so that ties are everywhere
TIED = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=5),
    elements=st.sampled_from([0.0, 1.0, -1.0, 2.0]),
)
SCORES = TIED | reals(hnp.array_shapes(max_dims=3, max_side=5))


@quick
@given(SCORES, SPARSITIES)
def test_keep_largest_equals_the_loops(scores, sparsity):
    scores.flags.writeable = False  # numpy raises where a kernel writes
    kept = keep_largest(scores, sparsity)
    assert kept.dtype == bool
    assert np.array_equal(kept, naive.keep_largest(scores, sparsity))


@quick
@given(SCORES, SPARSITIES)
def test_exactly_as_many_stay_as_asked(scores, sparsity):
    kept = keep_largest(scores, sparsity)
    removed = round(sparsity * scores.size)
    assert np.count_nonzero(~kept) == num_pruned(scores.size, sparsity)
    assert np.count_nonzero(~kept) == removed
    if 0 < removed < scores.size:
        assert scores[kept].min() >= scores[~kept].max()


def test_ties_are_not_pruned_beyond_the_count():
    # a threshold `score <= sorted[k]` removes all six of these
    kept = keep_largest(np.ones(6, np.float32), 0.5)
    assert kept.tolist() == [True] * 3 + [False] * 3


@quick
@given(
    st.lists(SCORES.filter(lambda x: x.dtype == np.float32), min_size=1),
    SPARSITIES,
)
def test_keep_largest_global_equals_the_loops(scores, sparsity):
    kept = keep_largest_global(scores, sparsity)
    expected = naive.keep_largest_global(scores, sparsity)
    assert len(kept) == len(scores)
    for one, other, score in zip(kept, expected, scores, strict=True):
        assert one.shape == score.shape
        assert np.array_equal(one, other)


@st.composite
def grouped(draw):
    """Draw scores, ties among them, with whole groups along the last axis."""
    group = draw(st.sampled_from([2, 3, 4, 8, 20]))  # in pairs, and sorted
    keep = draw(st.integers(1, group))
    lead = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3))
    shape = (*lead, group * draw(st.integers(0, 3)))
    values = st.sampled_from([0.0, 1.0, -1.0, 2.0]) | st.floats(
        -10, 10, width=32
    )
    return draw(hnp.arrays(np.float32, shape, elements=values)), keep, group


@quick
@given(grouped())
def test_keep_largest_nm_equals_the_loops(drawn):
    scores, keep, group = drawn
    scores.flags.writeable = False
    kept = keep_largest_nm(scores, keep, group)
    expected = naive.keep_largest_nm(scores, keep, group)
    assert np.array_equal(kept, expected)
    assert (kept.reshape(-1, group).sum(axis=1) == keep).all()


@pytest.mark.parametrize("group", [16, 17])
def test_either_way_to_keep_n_of_m_is_the_same(group, monkeypatch):
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 6, (50, 3 * group)).astype(np.float32)
    kept = [keep_largest_nm(scores, keep, group) for keep in (1, 5, group)]
    monkeypatch.setattr(masks, "PAIRED_GROUP", 99 if group == 17 else 1)
    again = [keep_largest_nm(scores, keep, group) for keep in (1, 5, group)]
    assert np.array_equal(kept, again)


def test_n_of_nm_is_kept_not_removed():
    kept = keep_largest_nm(np.float32([[1, 2, 3, 4]]), keep=1, group=4)
    assert kept.tolist() == [[False, False, False, True]]


@quick
@given(st.data(), st.sampled_from([(1, 1), (1, 3), (2, 2), (4, 1)]), SPARSITIES)
def test_keep_largest_blocks_equals_the_loops(data, block_shape, sparsity):
    shape = [side * data.draw(st.integers(0, 3)) for side in block_shape]
    values = st.integers(0, 4)  # sums are exact, and many are equal
    scores = data.draw(hnp.arrays(np.float32, tuple(shape), elements=values))
    scores.flags.writeable = False
    kept = keep_largest_blocks(scores, sparsity, block_shape)
    assert np.array_equal(
        kept, naive.keep_largest_blocks(scores, sparsity, block_shape)
    )
    num_blocks = scores.size // (block_shape[0] * block_shape[1])
    removed = num_pruned(num_blocks, sparsity) * block_shape[0] * block_shape[1]
    assert np.count_nonzero(~kept) == removed


def test_numbers_of_numpy_count_as_pythons():
    assert num_pruned(100_000, np.float16(0.9)) == round(
        100_000 * float(np.float16(0.9))
    )
    assert num_pruned(np.uint8(200), 0.5) == 100
    scores = np.arange(400, dtype=np.float32).reshape(1, 400)
    kept = keep_largest_nm(scores, np.uint8(100), np.uint8(200))
    assert np.count_nonzero(kept) == 200


@pytest.mark.filterwarnings("error")
def test_sums_beyond_floats_are_refused_by_name():
    scores = np.full((2, 2), 1e308)
    with pytest.raises(ValueError, match="scores must be finite, got inf"):
        keep_largest_blocks(scores, 0.5, (2, 2))


def test_one_array_is_no_list_of_arrays():
    with pytest.raises(TypeError, match="a list of arrays, got one array"):
        keep_largest_global(np.ones((2, 2)), 0.5)


def test_small_and_large_degenerate_arrays():
    assert keep_largest(np.empty((0, 3), np.float32), 0.5).shape == (0, 3)
    assert keep_largest(np.float32([[7]]), 0.4).tolist() == [[True]]
    assert keep_largest(np.float32([[7]]), 0.6).tolist() == [[False]]
    zeros = np.zeros((4, 4), np.float32)
    assert np.count_nonzero(keep_largest(zeros, 0.75)) == 4
    whole = np.ones((2, 3))
    assert keep_largest_blocks(whole, 0.4, block_shape=(2, 3)).all()


@pytest.mark.parametrize("sparsity", [-0.1, 1, 1.5, float("nan")])
def test_a_sparsity_outside_its_range_is_refused(sparsity):
    scores = np.ones((4, 4), np.float32)
    for call in (
        lambda: num_pruned(16, sparsity),
        lambda: keep_largest(scores, sparsity),
        lambda: keep_largest_global([scores], sparsity),
        lambda: keep_largest_blocks(scores, sparsity, (2, 2)),
    ):
        with pytest.raises(ValueError, match=r"sparsity must be in \[0, 1\)"):
            call()


@pytest.mark.parametrize(
    ("value", "name"), [(np.nan, "NaN"), (np.inf, "infinity")]
)
def test_scores_that_are_no_numbers_are_refused(value, name):
    scores = np.ones((4, 4), np.float32)
    scores[1, 2] = value
    for call in (
        lambda: keep_largest(scores, 0.5),
        lambda: keep_largest(scores, 0.0),
        lambda: keep_largest_global([np.ones(2, np.float32), scores], 0.5),
        lambda: keep_largest_nm(scores, 2, 4),
        lambda: keep_largest_blocks(scores, 0.5, (2, 2)),
    ):
        with pytest.raises(ValueError, match=f"must be finite, got {name}"):
            call()


def test_other_input_is_refused():
    with pytest.raises(TypeError, match="scores must be float32 or float64"):
        keep_largest(np.ones(3, np.int64), 0.5)
    with pytest.raises(ValueError, match="scores must hold an array, got none"):
        keep_largest_global([], 0.5)
    with pytest.raises(ValueError, match="dtype of scores must be float32"):
        keep_largest_global([np.ones(2, np.float32), np.ones(2)], 0.5)
    with pytest.raises(ValueError, match="group must divide the last axis"):
        keep_largest_nm(np.ones((2, 6)), 2, 4)
    with pytest.raises(ValueError, match="group must divide the last axis"):
        keep_largest_nm(np.array(1.0), 2, 4)
    with pytest.raises(ValueError, match=r"keep must be in \[1, 4\], got 5"):
        keep_largest_nm(np.ones((2, 8)), 5, 4)
    with pytest.raises(ValueError, match=r"keep must be in \[1, 4\], got 0"):
        keep_largest_nm(np.ones((2, 8)), 0, 4)
    with pytest.raises(ValueError, match="block_shape must divide the shape"):
        keep_largest_blocks(np.ones((4, 6)), 0.5, (2, 4))
    with pytest.raises(ValueError, match="block_shape must be a pair, got 4"):
        keep_largest_blocks(np.ones((4, 6)), 0.5, 4)
    with pytest.raises(ValueError, match="scores must have 2 axes"):
        keep_largest_blocks(np.ones(4), 0.5, (2, 2))


def test_every_mask_has_its_loops():
    kernels = {name for name in masks.__all__ if name.startswith("keep")}
    assert kernels == set(naive.masks.__all__)
