"""The checks of the chapter on sparse kernels."""

from collections.abc import Callable

import numpy as np

from ..kernels import naive, sparse
from ..kernels.packing import pack_bits
from .parts.attempt import Attempt
from .parts.budgets import require_fewer, require_right
from .parts.named_numbers import require_near

NUM_BYTES, NUM_CORRECT = 120_000, 450  # of `small_first_layer`
FORMATS = (
    sparse.CSRMatrix,
    sparse.BSRMatrix,
    sparse.NMMatrix,
    sparse.RelativeIndexMatrix,
)


def csr_product(function: Callable) -> None:
    """Check out[row] = sum of data * x[indices] over the row's entries.

    function : (indptr, indices, data, x) -> out, where indptr and indices are
        int32, data is float32, x (cols,) float32, and out (rows,) float32

    All numbers are small and whole, so that every order of sums is exact.
    """
    attempt = Attempt(function, "indptr", "indices", "data", "x")

    def expect(indptr, indices, data, x):
        index = np.array(indptr, np.int32), np.array(indices, np.int32)
        values = np.array(data, np.float32), np.array(x, np.float32)
        expected = naive.csr_matmul(*index, *values)
        attempt.expect(expected.astype(np.float32), *index, *values)

    with attempt.must("the result is float32, one number for each row"):
        indptr, indices = np.array([0, 1], np.int32), np.array([0], np.int32)
        one = np.ones(1, np.float32)
        attempt.require_form(
            attempt.call(indptr, indices, one, one), (1,), np.float32
        )
    with attempt.must(
        "each value meets the x of its own column",
        "The column of data[e] is indices[e], counted from 0.",
    ):
        expect([0, 2], [0, 2], [2, 3], [1, 10, 100])
        expect([0, 1], [1], [5], [1, 10, 100])
    with attempt.must(
        "row i has the entries indptr[i] to indptr[i + 1] - 1",
        "The entry at indptr[i + 1] is the first of the next row.",
    ):
        expect([0, 2, 3, 6], [0, 2, 1, 0, 1, 2], range(1, 7), [1, 10, 100])
    with attempt.must(
        "rows without entries give 0, wherever they are",
        "np.add.reduceat gives an empty row the entry that comes next.",
    ):
        expect([0, 0, 1, 1, 2], [1, 0], [3, 4], [1, 10])
        expect([0, 1, 1, 1], [1], [3], [1, 10])
        expect([0, 0, 0], [], [], [1, 10])
    with attempt.must("any matrix will do"):
        rng = np.random.default_rng(0)
        dense = rng.integers(-3, 4, (30, 300)) * (rng.random((30, 300)) < 0.2)
        x = rng.integers(-9, 10, 300)
        expect(*naive.csr_from_dense(dense), x)


def pack_n_of_four(function: Callable) -> None:
    """Check the values and packed positions of N:4 sparsity.

    function : (weight, keep) -> (values, positions), where weight is (rows,
        cols) float32 with cols a multiple of 4, values (rows, cols // 4 *
        keep) float32, and positions uint8, packed with 2 bits each
    """
    attempt = Attempt(function, "weight", "keep")

    def call(weight, keep=2):
        return _call_for_packed(attempt, np.array([weight], np.float32), keep)

    def expect(weight, positions, keep=2):
        values, packed = call(weight, keep)
        groups = np.arange(len(positions)) // keep
        kept = np.array([weight], np.float32)[:, 4 * groups + positions]
        attempt.require_close(values, kept, 0)
        positions = np.array(positions, np.uint8)
        attempt.require_close(packed, pack_bits(positions, bits=2), 0)

    with attempt.must(
        "the result is a pair: float32 values, uint8 positions",
        "Four positions of 2 bits share a byte.",
    ):
        call([4, 3, 2, 1, 1, 2, 3, 4])
    with attempt.must(
        "the largest magnitudes of each group stay",
        "Magnitude is the absolute value. A group is four columns of a row.",
    ):
        values, _ = call([1, -8, 3, 2, 9, 7, 6, 8])
        attempt.require_close(np.sort(values[0]), np.array([-8, 3, 8, 9]), 0)
    with attempt.must(
        "values are in the order of the row",
        "Sort the positions that you keep.",
    ):
        values, _ = call([1, 3, -8, 2, 9, 7, 6, 8])
        attempt.require_close(values, np.array([[3, -8, 9, 8]]), 0)
    with attempt.must(
        "the first position is in the lowest bits of its byte",
        "pack_bits(positions, bits=2) does it, for positions in order.",
    ):
        expect([5, 0, 0, 6, 0, 7, 8, 0], [0, 3, 1, 2])
        expect([0, 0, 5, 6, 7, 8, 0, 0], [2, 3, 0, 1])
    with attempt.must(
        "of equal magnitudes the first stays",
        "A stable sort of the negative magnitudes keeps the order of ties.",
    ):
        expect([3, -3, 3, 3, 1, 5, 1, 1], [0, 1, 0, 1])
    with attempt.must(
        "keep says how many stay, not how many go",
        "1:4 keeps one of four. Published code counts the removed ones.",
    ):
        expect([1, 2, 9, 3] * 4, [2] * 4, keep=1)
        expect([1, 2, 9, 3] * 4, [1, 2, 3] * 4, keep=3)


def _call_for_packed(
    attempt: Attempt, weight: np.ndarray, keep: int
) -> list[np.ndarray]:
    """Return values and packed positions; both must be of the right form."""
    got = attempt.call_for(("values", "positions"), weight, keep)
    rows, cols = weight.shape
    count = cols // 4 * keep
    return [
        attempt.require_form(got[0], (rows, count), np.float32),
        attempt.require_form(got[1], (-(-rows * count // 4),), np.uint8),
    ]


def break_even_density(function: Callable) -> None:
    """Check the density d at which d * (value + index) = value, in bits.

    function : (value_bits, index_bits) -> d
    """
    attempt = Attempt(function, "value_bits", "index_bits")

    def expect(value_bits: int, index_bits: int) -> None:
        got = attempt.call(value_bits, index_bits)
        density = value_bits / (value_bits + index_bits)
        require_near(attempt, "density", got, density, 1e-6)

    with attempt.must("the result is a number between 0 and 1"):
        got = attempt.call(32, 32)
        require_near(attempt, "density between 0 and 1", got, 0.5, 0.5)
    with attempt.must("an index as wide as the value: half may be non-zero"):
        expect(32, 32)
        expect(8, 8)
    with attempt.must(
        "a narrower index pays at a higher density",
        "Density is the share of non-zeros; 1 minus it is the sparsity.",
    ):
        expect(32, 16)
        expect(32, 8)
    with attempt.must(
        "values of few bits pay at a low density only",
        "The dense weight has narrow values, too.",
    ):
        expect(4, 16)
        expect(8, 32)


def relative_index(function: Callable) -> None:
    """Check values and gaps, with fillers where a gap is too wide.

    function : (row, bits) -> (values, gaps), where row is float32, values
        (entries,) float32 and gaps (entries,) uint8, not packed
    """
    attempt = Attempt(function, "row", "bits")

    def expect(places: dict[int, float], size: int, bits: int) -> None:
        row = np.zeros(size, np.float32)
        row[list(places)] = list(places.values())
        got = attempt.call_for(("values", "gaps"), row, bits)
        values, gaps = map(np.array, naive.relative_from_dense(row, bits))
        found = attempt.require_form(got[0], values.shape, np.float32)
        widths = attempt.require_form(got[1], gaps.shape, np.uint8)
        attempt.require_close(widths, gaps, 0)
        attempt.require_close(found, values, 0)

    with attempt.must(
        "the result is a pair: float32 values, uint8 gaps, equally long"
    ):
        expect({0: 5}, size=1, bits=3)
    with attempt.must(
        "a gap counts the zeros since the value before",
        "Neighbors have a gap of 0: the difference of their places less 1.",
    ):
        expect({1: 3, 2: 4, 5: 6}, size=6, bits=3)
    with attempt.must(
        "a gap of 2**bits - 1 needs no filler yet",
        "3 bits hold 0 to 7.",
    ):
        expect({7: 3}, size=8, bits=3)
        expect({0: 1, 4: 3}, size=5, bits=2)
    with attempt.must(
        "a wider gap takes a filler: the value 0 at the widest gap",
        "The filler is an entry of its own; what is left is the next gap.",
    ):
        expect({8: 3}, size=9, bits=3)
        expect({1: 2, 12: 4}, size=13, bits=3)
    with attempt.must(
        "a very wide gap takes several fillers",
        "Each passes over 2**bits places: its gap, and its own.",
    ):
        expect({0: 1, 30: 5, 31: 6}, size=32, bits=2)
        expect({100: 1}, size=101, bits=1)
    with attempt.must(
        "zeros after the last value take nothing",
        "Start from the non-zeros, not from the zeros.",
    ):
        expect({2: 3}, size=40, bits=2)
        expect({}, size=9, bits=2)


def small_first_layer(function: Callable) -> None:
    """Check a sparse first layer of LeNet300: its bytes, and the accuracy.

    function : (weight) -> a matrix of `kernels.sparse` of the weight's shape,
        (300, 784) float32
    """
    import torch

    from .. import datasets, training, zoo

    model = zoo.load("LeNet300", "mnist5k")
    weight = dict(model.named_parameters())["classifier.1.weight"]
    attempt = Attempt(function, "weight")
    with attempt.must("the result is a sparse matrix as large as the weight"):
        matrix = attempt.call(weight.detach().numpy().copy())
        if not isinstance(matrix, FORMATS):
            names = ", ".join(kind.__name__ for kind in FORMATS)
            attempt.fail(f"one of {names}", type(matrix).__name__)
        if matrix.shape != weight.shape:
            attempt.fail(f"shape {tuple(weight.shape)}", f"{matrix.shape}")
    says = "the arrays have {} bytes"
    hint = "Fewer values, or fewer bits for where they are."
    require_fewer(attempt, says, matrix.num_bytes, NUM_BYTES, hint)
    with torch.no_grad():
        weight.copy_(torch.from_numpy(matrix.to_dense()))
    score = training.evaluate(model, datasets.load("mnist5k").validation)
    hint = "Which format has room for the most values in these bytes?"
    require_right(attempt, score, NUM_CORRECT, hint)
