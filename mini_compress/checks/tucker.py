"""The checks of the chapter on convolutions of low rank."""

import functools
import itertools
from collections.abc import Callable

import numpy as np

from ..kernels.low_rank import partial_tucker, unfold
from ..kernels.windows import image_windows, make_window
from .parts.attempt import Attempt, show
from .parts.named_numbers import ROUNDING, require_numbers


def run_chain(function: Callable) -> None:
    """Check a Tucker-2 run as three convolutions, its core given unfolded.

    function : (conv2d, x, first, flat, last, bias, shape, stride, padding) ->
        the outputs; conv2d has torch's arguments, x is (n, inputs, height,
        width), first (R_in, inputs, 1, 1), flat the core of that shape
        unfolded along mode 1, last (outputs, R_out, 1, 1) and bias (outputs,),
        all arrays of float64
    """
    names = ("x", "first", "flat", "last", "bias", "shape", "stride", "padding")
    attempt = Attempt(function, "conv2d", *names)
    run = functools.partial(_run_chain, attempt)
    with attempt.must(
        "the outputs have the shape of the convolution's",
        "The chain as a whole has its padding.",
    ):
        run((3, 3), 1, 0, form_alone=True)
        run((3, 3), 1, 1, form_alone=True)
    with attempt.must(
        "filters of one place mix the right channels",
        "`flat` has a row for each input of the core, mode 1: fold it so.",
    ):
        run((1, 1), 1, 0)
    with attempt.must(
        "filters of several places are the right ones, too",
        "In a row of `flat` the outputs come first, the columns run fastest.",
    ):
        run((3, 3), 1, 0)
        run((2, 3), 1, 0)
    with attempt.must("the bias is added once", "The last layer has it."):
        run((3, 3), 1, 0, bias=1.0)
    with attempt.must(
        "zeros stand around what the filters see",
        "Padding after the core is too late.",
    ):
        run((3, 3), 1, 1, bias=1.0)
    with attempt.must(
        "no place is skipped that a filter should see",
        "A stride before the core throws pixels away.",
    ):
        run((3, 3), 2, 1, bias=1.0)
    with attempt.must(
        "no product is computed and thrown away",
        "A stride after the core, or padding before it, is right and dear.",
    ):
        run((3, 3), 2, 1, bias=1.0, count=True)


def _run_chain(
    attempt: Attempt,
    sides: tuple[int, int],
    stride: int,
    padding: int,
    *,
    bias: float = 0.0,
    form_alone: bool = False,
    count: bool = False,
) -> None:
    """Compare an answer with the one convolution that the chain stands for.

    sides : of the filters; form_alone, count : whether nothing but the shape
        matters, and whether the number of products does
    """
    rng = np.random.default_rng(0)
    x, first, core, last = (
        rng.normal(size=shape)
        for shape in ((2, 5, 9, 9), (3, 5, 1, 1), (4, 3, *sides), (6, 4, 1, 1))
    )
    beta = bias * np.arange(1.0, 7.0)
    products: list[int] = []  # of each convolution

    def conv2d(x, weight, bias=None, stride=1, padding=0):
        window = make_window(x, weight, stride, padding, dilation=1, groups=1)
        y = np.einsum("nirskl,oirs->nokl", image_windows(x, window, 0), weight)
        products.append(y.size * weight[0].size)
        return y if bias is None else y + bias[:, np.newaxis, np.newaxis]

    y = conv2d(conv2d(x, first), core, None, stride, padding)
    expected = conv2d(y, last, beta)
    needed = sum(products)
    products.clear()
    given = x, first, unfold(core, 1), last, beta, core.shape, stride, padding
    got = attempt.call(conv2d, *given)
    got = attempt.require_form(got, expected.shape)
    if form_alone:
        return
    attempt.require_close(got, expected, ROUNDING * np.abs(expected).max())
    if count and sum(products) > needed:
        attempt.fail(f"{needed:,} MACs", f"{sum(products):,}")


def choose_ranks(function: Callable) -> None:
    """Check ranks of a Tucker-2 within a share of the weights and the MACs.

    function : (weight, height, width, padding, share) -> the ranks of outputs
        and inputs whose HOSVD keeps the most energy; weight is (outputs,
        inputs, f, f) float64, the stride is 1
    """
    parameters = ("weight", "height", "width", "padding", "share")
    attempt = Attempt(function, *parameters)
    choose = functools.partial(_call_for_ranks, attempt)
    even = _weight(12, 8)
    with attempt.must("there is a rank of outputs and one of inputs"):
        choose(even, 9, 9, 1, 0.9)
        choose(_weight(8, 12), 9, 9, 1, 0.6)
    with attempt.must(
        "the weights fit",
        "Three weights: inputs * R_in, f * f * R_in * R_out, R_out * outputs.",
    ):
        for share in (0.9, 0.6, 0.3):
            found = choose(even, 9, 9, 1, share)  # as many places everywhere
            _require_share(attempt, even, found, share, (81, 81), "weights")
        wide = _weight(9, 9, seed=2, thin=(0.6, 0.7))
        # more places after than before
        for side, share in ((4, 0.5), (3, 0.4)):
            found = choose(wide, side, side, 2, share)
            _require_share(attempt, wide, found, share, (1, 1), "weights")
    with attempt.must(
        "the MACs fit",
        "The first 1 x 1 runs on all places of the input, the other two on "
        "those of the output.",
    ):
        for height, width, share in ((7, 7, 0.5), (5, 9, 0.6), (4, 4, 0.7)):
            found = choose(even, height, width, 0, share)
            places = height * width, (height - 2) * (width - 2)
            _require_share(attempt, even, found, share, places, "MACs")
    with attempt.must(
        "of all pairs that fit, it keeps the most energy",
        "The squares of core[:outputs, :inputs]; try every pair.",
    ):
        settings = (8, 1, 0.5), (6, 0, 0.4), (4, 2, 0.5)
        for seed, thin in enumerate(((0.2, 1.0), (1.0, 0.2), (0.6, 0.7))):
            weight = _weight(9, 9, seed=seed, thin=thin)
            for height, padding, share in settings:
                place = height, height, padding, share
                _require_best(attempt, weight, place, choose(weight, *place))


def _call_for_ranks(
    attempt: Attempt, weight: np.ndarray, *place: float
) -> tuple[int, int]:
    """Return the ranks that are chosen, whole numbers of channels."""
    ranks = ("rank of outputs", "rank of inputs")
    parts = attempt.call_for(ranks, weight, *place)
    outputs, inputs = require_numbers(attempt, parts, 2)
    most = weight.shape
    if not (
        outputs in range(1, most[0] + 1) and inputs in range(1, most[1] + 1)
    ):
        attempt.fail(
            f"whole numbers from 1 to {most[0]} and to {most[1]}",
            show(parts),
        )
    return int(outputs), int(inputs)


def _weight(
    outputs: int,
    inputs: int,
    *,
    seed: int = 0,
    thin: tuple[float, float] = (0.7, 0.7),
) -> np.ndarray:
    """Make up a weight whose channels fade: (outputs, inputs, 3, 3).

    thin : by how much each direction is smaller than the one before, of the
        outputs and of the inputs
    """
    rng = np.random.default_rng(seed)
    core = rng.normal(size=(outputs, inputs, 3, 3))
    for mode, (side, factor) in enumerate(
        zip((outputs, inputs), thin, strict=True)
    ):
        turn = np.linalg.qr(rng.normal(size=(side, side))).Q
        faded = turn * factor ** np.arange(side)
        core = np.moveaxis(np.tensordot(faded, core, (1, mode)), 0, mode)
    return core


def _cost(
    weight: np.ndarray, ranks: tuple[int, int], places: tuple[int, int]
) -> float:
    """Return the share of the products that a chain does.

    places : of the first 1 x 1, and of the other two layers; 1 and 1 count
        weights
    """
    (outputs, inputs, rows, cols), (a, b) = weight.shape, ranks
    rest = rows * cols * a * b + outputs * a
    return (inputs * b * places[0] + rest * places[1]) / (
        weight.size * places[1]
    )


def _require_share(
    attempt: Attempt,
    weight: np.ndarray,
    ranks: tuple[int, int],
    share: float,
    places: tuple[int, int],
    what: str,
) -> None:
    """Refuse ranks that leave more than a share."""
    left = _cost(weight, ranks, places)
    if left > share + ROUNDING:
        attempt.fail(
            f"at most {share:.0%} of the {what}", f"{ranks}: {left:.1%}"
        )


def _require_best(
    attempt: Attempt,
    weight: np.ndarray,
    place: tuple[int, int, int, float],
    got: tuple[int, int],
) -> None:
    """Refuse ranks that keep less than others which fit."""
    height, width, padding, share = place
    output = (height + 2 * padding - 2) * (width + 2 * padding - 2)
    sides = weight.shape[:2]
    core, _ = partial_tucker(weight, (0, 1), sides, max_iterations=0)
    kept = {
        (a, b): float((core[:a, :b] ** 2).sum() / (core**2).sum())
        for a, b in itertools.product(*(range(1, x + 1) for x in sides))
        if _cost(weight, (a, b), (1, 1)) <= share
        and _cost(weight, (a, b), (height * width, output)) <= share
    }
    best = max(kept, key=kept.__getitem__)
    if got not in kept:
        attempt.fail(f"ranks that fit, as {best}", f"{got}, which do not")
    if kept[got] < kept[best] * (1 - ROUNDING):
        attempt.fail(
            f"{best}, which keep {kept[best]:.2%} of the energy",
            f"{got}, which keep {kept[got]:.2%}",
        )
