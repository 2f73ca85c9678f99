"""The checks of the chapter on sparse kernels."""

from collections.abc import Callable

import numpy as np

from ..digits import load_digits
from ..kernels import naive, sparse
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


def share_of_dense(function: Callable) -> None:
    """Check keep * (value + position) / (group * value), in bits.

    function : (keep, group, value_bits) -> a share, where a position has
        ceil(log2(group)) bits
    """
    attempt = Attempt(function, "keep", "group", "value_bits")

    def expect(share: float, *arguments: int) -> None:
        got = attempt.call(*arguments)
        require_near(attempt, "share", got, share, 1e-6)

    with attempt.must(
        "2:4 of float32 takes 17 of 32 bits",
        "Two values of 32 bits and two positions of 2, for four weights.",
    ):
        expect(17 / 32, 2, 4, 32)
    with attempt.must(
        "positions do not shrink with the values",
        "A position has 2 bits in a group of four, whatever stands there.",
    ):
        expect(9 / 16, 2, 4, 16)
        expect(3 / 4, 2, 4, 4)
    with attempt.must("with very narrow values nothing is gained, or less"):
        expect(1.0, 2, 4, 2)
        expect(1.5, 2, 4, 1)
    with attempt.must("every value that is kept has a position"):
        expect(1 * (8 + 2) / 32, 1, 4, 8)
        expect(4 * (8 + 3) / 64, 4, 8, 8)
    with attempt.must(
        "a position has whole bits",
        "Six places need three bits, as eight do.",
    ):
        expect(3 * (8 + 3) / 48, 3, 6, 8)
        expect(1 * (16 + 4) / 160, 1, 10, 16)


def transposed_product(function: Callable) -> None:
    """Check out[column] = sum of data * g[row] over the column's entries.

    function : (indptr, indices, data, g, num_cols) -> out, where indptr and
        indices are int32, data is float32, g (rows,) float32, and out
        (num_cols,) float32

    All numbers are small and whole, so that every order of sums is exact.
    """
    attempt = Attempt(function, "indptr", "indices", "data", "g", "num_cols")

    def expect(dense, g):
        dense = np.array(dense, np.float32)
        indptr, indices, data = naive.csr_from_dense(dense)
        index = np.array(indptr, np.int32), np.array(indices, np.int32)
        arrays = *index, np.array(data, np.float32), np.array(g, np.float32)
        expected = (dense.T @ arrays[-1]).astype(np.float32)
        attempt.expect(expected, *arrays, dense.shape[1])

    with attempt.must("the result is float32, one number for each column"):
        indptr, indices = np.array([0, 1], np.int32), np.array([1], np.int32)
        one = np.ones(1, np.float32)
        attempt.require_form(
            attempt.call(indptr, indices, one, one, 4), (4,), np.float32
        )
    with attempt.must(
        "each value is multiplied by the g of its own row",
        "np.repeat says the row of each entry.",
    ):
        expect([[0, 5, 0], [3, 0, 0]], [1, 10])
        expect([[2, 3, 0, 0], [0, 0, 4, 0], [0, 0, 0, 5]], [1, 10, 100])
    with attempt.must(
        "values of one column are added up, from all rows",
        "out[indices] += ... writes each column once. np.add.at adds all.",
    ):
        expect([[2], [3]], [1, 10])
        expect([[1, 2], [3, 4], [0, 5]], [1, 10, 100])
    with attempt.must("rows and columns without entries do no harm"):
        expect([[0, 0, 0], [0, 2, 0], [0, 0, 0], [0, 3, 0]], [1, 10, 100, 1000])
        expect([[0, 0], [0, 0]], [1, 10])
    with attempt.must("any matrix will do"):
        rng = np.random.default_rng(0)
        dense = rng.integers(-3, 4, (30, 300)) * (rng.random((30, 300)) < 0.2)
        expect(dense, rng.integers(-9, 10, 30))


def best_index_bits(function: Callable) -> None:
    """Check the bits of a gap for which all entries take the fewest bits.

    function : (row, value_bits) -> bits, from 1 to 8; of equals the lowest
    """
    attempt = Attempt(function, "row", "value_bits")

    def expect(gaps: list[int], value_bits: int) -> None:
        row = np.zeros(sum(gaps) + len(gaps) + 3, np.float32)
        row[np.cumsum(np.array(gaps, int) + 1) - 1] = 1.5

        def size(bits: int) -> int:
            entries = len(naive.relative_from_dense(row, bits)[0])
            return (value_bits + bits) * entries

        got = attempt.call(row, value_bits)
        require_near(attempt, "bits", got, min(range(1, 9), key=size), 0)

    with attempt.must("neighbors need the fewest bits that there are"):
        expect([0, 0, 0, 0], 32)
    with attempt.must(
        "one wide gap may have its filler",
        "Bits are paid by every entry, a filler only where it stands.",
    ):
        expect([0] * 300 + [2], 32)
    with attempt.must(
        "a filler holds a value, too",
        "It takes value_bits and the bits of a gap, as any entry does.",
    ):
        expect([3, 1, 1] * 20, 32)
    with attempt.must(
        "narrow values make fillers cheap",
        "The same row may want other bits when its values are quantized.",
    ):
        expect([3, 1, 1, 1, 1] * 8, 2)
    with attempt.must(
        "a very wide gap takes several fillers",
        "Each passes over 2**bits places.",
    ):
        expect([0] * 300 + [39], 32)
    with attempt.must("of equally good bits, the lowest"):
        expect([1, 2], 1)
    with attempt.must("any row will do, also one with hardly a value"):
        rng = np.random.default_rng(0)
        for density in (0.3, 0.1, 0.02):
            gaps = (rng.geometric(density, 80) - 1).tolist()
            for value_bits in (4, 32):
                expect(gaps, value_bits)


def small_first_layer(function: Callable) -> None:
    """Check a sparse first layer of LeNet300: its bytes, and the accuracy.

    function : (weight) -> a matrix of `kernels.sparse` of the weight's shape,
        (300, 784) float32
    """
    digits = load_digits("validation")
    weight = digits.weights["classifier.1"]
    attempt = Attempt(function, "weight")
    with attempt.must("the result is a sparse matrix as large as the weight"):
        matrix = attempt.call(weight.copy())
        if not isinstance(matrix, FORMATS):
            names = ", ".join(kind.__name__ for kind in FORMATS)
            attempt.fail(f"one of {names}", type(matrix).__name__)
        if matrix.shape != weight.shape:
            attempt.fail(f"shape {weight.shape}", f"{matrix.shape}")
    says = "the arrays have {} bytes"
    hint = "Fewer values, or fewer bits for where they are."
    require_fewer(attempt, says, matrix.num_bytes, NUM_BYTES, hint)
    score = digits.score({"classifier.1": matrix.to_dense()})
    hint = "Which format has room for the most values in these bytes?"
    require_right(attempt, score, NUM_CORRECT, hint)
