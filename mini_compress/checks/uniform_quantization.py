"""The checks of the chapter on uniform quantization."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..kernels import integer
from .parts.attempt import Attempt, show
from .parts.budgets import check_budget
from .parts.tensors import as_array, require_tensor

if TYPE_CHECKING:
    import torch


def quantize(function: Callable) -> None:
    """Check codes = saturate(rint(x / scale) + zero_point).

    function : (x, scale, zero_point, quant_min, quant_max) -> codes, where x
        is a float32 array, the others are numbers within int8, and the codes
        are int8 of x's shape

    No quotient is close to a tie, save where the scale is a power of two, so
    that x / scale and x * (1 / scale) in float32 or float64 all agree.
    """
    attempt = Attempt(
        function, "x", "scale", "zero_point", "quant_min", "quant_max"
    )

    def expect(codes, x, scale=0.5, zero_point=0, ends=(-128, 127)):
        x, codes = np.array(x, np.float32), np.array(codes, np.int8)
        attempt.expect(codes, x, scale, zero_point, *ends)

    with attempt.must("codes are int8 and have the shape of x"):
        x = np.array([[-1, 0, 1], [2, 3, 4]], np.float32)
        codes = attempt.call(x, 0.5, 0, -128, 127)
        attempt.require_form(codes, (2, 3), np.int8)
    with attempt.must(
        "values go to the nearest code",
        "A cast cuts digits off, and floor goes down; np.rint rounds.",
    ):
        expect([-3, -2, -1, 1, 1, 2], [-1.3, -0.8, -0.3, 0.3, 0.7, 1.2])
    with attempt.must(
        "ties go to the even neighbor",
        "0.5 becomes 0 and 1.5 becomes 2, as np.rint does it.",
    ):
        expect([-2, -2, 0, 0, 2, 2], [-1.25, -0.75, -0.25, 0.25, 0.75, 1.25])
    with attempt.must(
        "the zero point is added after rounding",
        "Added before, an odd one turns the ties around.",
    ):
        expect([1, 3, 3, 5], [-0.75, -0.25, 0.25, 0.75], zero_point=3)
    with attempt.must(
        "codes beyond the range saturate",
        "A cast to int8 wraps around: 130 becomes -126. Clip first.",
    ):
        far = [-1e10, -70, 61, 65, 1e10]
        expect([-128, -128, 127, 127, 127], far, zero_point=5)
    with attempt.must(
        "quant_min and quant_max are the ends of the range",
        "The zero point is part of the code: add it before you clip.",
    ):
        expect([-8, -6, 1, 7], [-4.5, -3.5, 0, 9], zero_point=1, ends=(-8, 7))
        expect([-127, 127], [-200, 200], ends=(-127, 127))
    with attempt.must("any scale will do"):
        many = np.random.default_rng(0).integers(-128, 128, (40, 50))
        reals = 0.037 * (many + np.linspace(-0.4, 0.4, 50) + 11)
        expect(many, reals, scale=0.037, zero_point=-11)


def row_scales(function: Callable) -> None:
    """Check scale = max|row| / (2**(bits - 1) - 1), and 1 for rows of zeros.

    function : (weight, bits) -> scale, where weight is (outputs, inner)
        float32, bits 2 to 8, and scale (outputs, 1) float32

    Two roundings of float32 are allowed, one more than division needs.
    """
    attempt = Attempt(function, "weight", "bits")

    def expect(largest, weight, bits=8):
        steps = np.array(largest, np.float64).reshape(-1, 1)
        expected = (steps / (2 ** (bits - 1) - 1)).astype(np.float32)
        expected[steps == 0] = 1
        weight = np.array(weight, np.float32)
        attempt.expect(expected, weight, bits, tolerance=expected * 2.0**-22)

    with attempt.must(
        "scales are float32, one for each row, of shape (outputs, 1)",
        "keepdims=True keeps the axis that was reduced.",
    ):
        weight = np.array([[1, 2, 3], [3, 2, 1]], np.float32)
        attempt.require_form(attempt.call(weight, 8), (2, 1), np.float32)
    with attempt.must(
        "the largest magnitude of each row gets the code 127",
        "Narrow range: the codes are -127 to 127. A row is one output.",
    ):
        expect([6, 5, 9], [[4, -6, 1], [5, 0, 3], [9, 1, 2]])
        expect([2, 4], [[-1, -2], [-4, -3]])
    with attempt.must(
        "with fewer bits the largest code is 2**(bits - 1) - 1",
    ):
        for bits in (4, 3, 2):
            expect([6, 7], [[4, -6, 1], [7, 0, 3]], bits)
    with attempt.must("a row of zeros has scale 1, the others keep theirs"):
        expect([0, 3, 0], [[0, 0], [-3, 1], [0, 0]])
    with attempt.must(
        "small weights have small scales",
        "Treat rows of zeros by themselves; add nothing to the others.",
    ):
        expect([1e-6, 1e3], [[1e-6, -1e-7], [1e3, -5]])


def integer_linear(function: Callable) -> None:
    """Check sums of weight * (x - x_zero_point), plus bias, in int32.

    function : (x, weight, bias, x_zero_point) -> sums, where x is (n, inner)
        uint8, weight (outputs, inner) int8, bias (outputs,) int32,
        x_zero_point 0 to 255, and the sums are (n, outputs) int32

    No sum here leaves int32, but for the products alone that need not hold.
    """
    attempt = Attempt(function, "x", "weight", "bias", "x_zero_point")

    def expect(x, weight, bias, x_zero_point):
        x, weight = np.array(x, np.uint8), np.array(weight, np.int8)
        bias = np.array(bias, np.int32)
        expected = integer.linear_int8(
            x, weight, bias, x_zero_point=x_zero_point
        )
        attempt.expect(expected, x, weight, bias, x_zero_point)

    with attempt.must(
        "sums are int32 of shape (n, outputs)",
        "numpy sums int32 in int64, unless told dtype=np.int32.",
    ):
        x, weight = np.ones((2, 3), np.uint8), np.ones((1, 3), np.int8)
        sums = attempt.call(x, weight, np.zeros(1, np.int32), 0)
        attempt.require_form(sums, (2, 1), np.int32)
    with attempt.must(
        "products are exact: neither they nor their sums fit 8 or 16 bits",
        "Cast x and the weight to int32 before you multiply.",
    ):
        expect([[255, 255, 255]], [[127, 127, 127], [-128, -128, 1]], [0, 0], 0)
    with attempt.must(
        "the zero point is taken off every code of x",
        "It comes off times the sum of the weight's row. "
        "In uint8, 100 - 128 is 228.",
    ):
        square = [[0, 100, 128], [255, 7, 30], [128, 128, 128]]
        expect(square, [[1, -2, 3], [-100, 127, 5], [8, 8, 9]], [0, 0, 0], 128)
    with attempt.must(
        "the bias is added once, to the sum of its output",
        "The zero point has nothing to do with the bias.",
    ):
        expect([[9, 9], [3, 200]], [[1, 2], [-3, 4]], [1_000_000, -7], 9)
    with attempt.must(
        "long sums are exact, beyond the integers that float32 holds",
    ):
        x = np.full((2, 1001), 255)
        x[1, ::2] = 254
        expect(x, np.full((2, 1001), 127), [1, 2], 3)


def int8_rows(function: Callable) -> None:
    """Check symmetric int8 codes with one bfloat16 scale for each row.

    function : (weight) -> codes, scale, where weight is (outputs, inner)
        bfloat16, the codes are int8 of its shape, and scale is (outputs, 1)
        bfloat16

    bfloat16 has 8 significant bits: a rounded scale is off by 2**-8 of it at
    most, and 127 of them by half a step, to which rounding adds the other
    half. So a weight may be off by one step. The scale itself may be rounded
    up or down, which is 2**-7.
    """
    import torch

    attempt = Attempt(function, "weight")
    noise = np.random.default_rng(0).normal(size=(100, 64))
    wraps = [[2.796875, -1.0, 0.5], [-2.796875, 1.0, 0.5]]
    weights = [
        torch.tensor(values, dtype=torch.bfloat16) for values in (wraps, noise)
    ]
    with attempt.must("codes are int8, scales bfloat16, one for each row"):
        for weight in weights:
            _call_int8_rows(attempt, weight)
    with attempt.must("the scale is max|row| / 127, rounded to bfloat16"):
        for weight in weights:
            _, scale = _call_int8_rows(attempt, weight)
            exact = np.abs(as_array(weight)).max(axis=1, keepdims=True) / 127
            attempt.require_close(as_array(scale), exact, 2.0**-7 * exact)
    with attempt.must(
        "scale * code is within one step of the weight",
        "What is 2.796875 / scale in bfloat16? And 128 as int8?",
    ):
        for weight in weights:
            codes, scale = _call_int8_rows(attempt, weight)
            step, expected = as_array(scale), as_array(weight)
            attempt.require_close(step * as_array(codes), expected, step)
    with attempt.must(
        "a row of zeros has a scale above 0, and codes 0",
        "0 / 0 is NaN, and NaN as int8 is any code.",
    ):
        zeros = torch.tensor([[1.0, -2.0], [0.0, 0.0]], dtype=torch.bfloat16)
        codes, scale = _call_int8_rows(attempt, zeros)
        if not 0 < scale[1].item() < np.inf:
            attempt.fail("a scale above 0, below infinity", show(scale[1]))
        attempt.require_close(as_array(codes[1]), np.zeros(2), 0)


def small_model(function: Callable) -> None:
    """Check a LeNet300 whose file is under 80 KB: 440 of 500 images right.

    function : (model) -> a quantized copy of model, the shipped LeNet300 of
        mnist5k

    What is judged is the file: the network is read back from its bytes and
    classifies mnist5k's validation images; the test images are not used.

    Of all networks under 80,000 bytes with a first layer of 2 bits (3 do not
    fit) and one choice of bits and granularity for each other layer, those
    with a step for each channel reach 422 and the best 454; float32 has 469.
    440 is beyond the former, and leaves room below the latter.
    """
    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=80_000,
        num_correct=440,
        hint="Nine tenths of the weights are in the first layer. With few "
        "bits it matters most who shares a step.",
    )


def _call_int8_rows(
    attempt: Attempt, weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return codes and scale; both must be tensors of the right form."""
    import torch

    codes, scale = attempt.call_for(("codes", "scale"), weight)
    require_tensor(attempt, "codes", codes, weight.shape, torch.int8)
    require_tensor(attempt, "scale", scale, (len(weight), 1), torch.bfloat16)
    return codes, scale
