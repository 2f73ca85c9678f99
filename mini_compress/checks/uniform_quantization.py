"""The checks of the chapter on uniform quantization."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .parts.attempt import Attempt, show
from .parts.budgets import check_budget
from .parts.named_numbers import expect_row
from .parts.tensors import as_array, require_tensor

if TYPE_CHECKING:
    import torch


def choose(function: Callable) -> None:
    """Check the scale and zero point that cover a range, widened to hold 0.

    function : (low, high, quant_min, quant_max) -> scale, zero_point, where
        low < high are finite numbers and the codes fit 8 bits

    No exact zero point is close to a tie, so that float32 and float64 agree.
    Three roundings of float32 are allowed: of the ends, span and quotient.
    """
    attempt = Attempt(function, "low", "high", "quant_min", "quant_max")

    def expect(scale, zero_point, low, high, ends):
        slack = scale * 3 * 2.0**-23
        row = {"scale": (scale, slack), "zero point": (zero_point, 0)}
        expect_row(attempt, row, low, high, *ends)

    with attempt.must("a scale and a zero point, in this order"):
        expect(0.5, 2, -1.0, 2.5, (0, 7))
    with attempt.must(
        "low and high are the ends, of any number of unsigned codes",
        "16 marks have 15 gaps between them.",
    ):
        expect(0.25, 4, -1.0, 2.75, (0, 15))
        expect(3 / 255, 85, -1.0, 2.0, (0, 255))
    with attempt.must(
        "signed codes start at quant_min",
        "low gets the code quant_min, whatever that is.",
    ):
        expect(0.5, -2, -1.0, 2.5, (-4, 3))
        expect(3 / 255, -43, -1.0, 2.0, (-128, 127))
    with attempt.must(
        "the zero point is a whole number, the nearest one",
        "int() cuts digits off; np.rint rounds.",
    ):
        expect(3 / 7, 2, -1.0, 2.0, (0, 7))
        expect(3.8 / 7, -1, -1.4, 2.4, (-4, 3))
        expect(4 / 7, 2, -1.0, 3.0, (0, 7))
        expect(3.7 / 255, -11, -1.7, 2.0, (-128, 127))
    with attempt.must(
        "a range without 0 is widened until it holds 0",
        "From 1 to 6 the code of 0 would lie beyond the codes. Clipped, it "
        "would make another map: widen the range first.",
    ):
        expect(6 / 255, -128, 1.0, 6.0, (-128, 127))
        expect(6 / 255, 255, -6.0, -1.0, (0, 255))
    with attempt.must("small ranges have small scales"):
        expect(3e-6 / 255, 85, -1e-6, 2e-6, (0, 255))


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
    tiny = [[1e-4, -5e-5], [0.0, 1e-3]]
    weights = [
        torch.tensor(values, dtype=torch.bfloat16)
        for values in (wraps, noise, tiny)
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
