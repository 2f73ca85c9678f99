"""The checks of the chapter on why to compress: what a layer waits for."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .parts.attempt import Attempt, show
from .parts.named_numbers import expect_number, require_near


def waits_for(function: Callable) -> None:
    """Check which of three takes longest in each layer.

    function : (macs, num_bytes, rate, bandwidth, overhead) -> names, where
        macs and num_bytes are (layers,) int64 and the others numbers
    """
    attempt = Attempt(
        function, *("macs", "num_bytes", "rate", "bandwidth", "overhead")
    )

    def expect(
        names: Sequence[str],
        macs: Sequence[int],
        num_bytes: Sequence[int],
        **device: float,
    ) -> None:
        own = {"rate": 1e9, "bandwidth": 1e9, "overhead": 0.0} | device
        got = attempt.call(np.array(macs), np.array(num_bytes), *own.values())
        found = _texts(got)
        if found != list(names):
            attempt.fail(show(list(names)), show(found or got))

    with attempt.must("there is one of three names for each layer"):
        expect(["arithmetic"], [9000], [1000])
        expect(["memory", "memory", "memory"], [1, 2, 3], [4, 5, 6])
    with attempt.must(
        "arithmetic is MACs / rate, memory is bytes / bandwidth",
        "More MACs than bytes do not decide: the device does.",
    ):
        macs, num_bytes = [1000, 1000], [600, 200]
        expect(["memory", "arithmetic"], macs, num_bytes, rate=3e9)
        expect(["memory", "memory"], macs, num_bytes, bandwidth=1e8)
    with attempt.must(
        "overhead is the same for each layer, in seconds",
        "Compare seconds with seconds.",
    ):
        macs, num_bytes = [9000, 10, 20], [10, 9000, 20]
        expect(
            ["arithmetic", "memory", "overhead"],
            *(macs, num_bytes),
            overhead=1e-6,
        )
        expect(["overhead"] * 3, macs, num_bytes, overhead=1e-5)
        expect(["arithmetic"] * 3, [2000] * 3, [100] * 3, overhead=1e-6)
    with attempt.must("overhead is held against each of the two, not both"):
        expect(["arithmetic"], [1000], [900], overhead=9.5e-7)
        expect(["overhead"], [1000], [900], overhead=1.5e-6)


def mended_ms(function: Callable) -> None:
    """Check the modelled milliseconds of a batch.

    function : (macs, weights, activations, n, flops, bandwidth, overhead) ->
        ms, where the first three are (layers,) int64
    """
    attempt = Attempt(
        function,
        *("macs", "weights", "activations", "n"),
        *("flops", "bandwidth", "overhead"),
    )

    def expect(
        time_ms: float,
        macs: Sequence[int],
        weights: Sequence[int],
        activations: Sequence[int],
        n: int = 1,
        overhead: float = 0.0,
    ) -> None:
        arrays = (np.array(x) for x in (macs, weights, activations))
        # a GMAC and a GB a second
        expect_number(attempt, time_ms, *arrays, n, 2e9, 1e9, overhead)

    with attempt.must("a MAC is two operations", "Halve the data sheet's."):
        expect(3, [3_000_000], [1000], [1000])
    with attempt.must("one image of one layer takes the longer time"):
        expect(5, [3_000_000], [4_000_000], [1_000_000])
    with attempt.must(
        "each layer has a maximum of its own",
        "Layers run one after the other: take the maximum, then the sum.",
    ):
        expect(8, [4_000_000, 1_000_000], [900_000, 3_900_000], [100_000] * 2)
    with attempt.must(
        "a batch multiplies the MACs and the activations, and not the weights",
        "Weights are fetched once for all images.",
    ):
        expect(13, [1_000_000], [1_000_000], [3_000_000], n=4)
    with attempt.must(
        "overhead is in milliseconds, too", "A second has 1,000 milliseconds."
    ):
        expect(5, [3_000_000], [1000], [1000], overhead=2e-3)
        bound = [3_000_000], [4_000_000], [1_000_000]  # by memory
        expect(7, *bound, overhead=2e-3)
    with attempt.must("each layer is called"):
        expect(12, [3_000_000] * 2, [1000] * 2, [1000] * 2, overhead=3e-3)
    with attempt.must("a layer is called once for the whole batch"):
        expect(14, [3_000_000], [1000], [1000], n=4, overhead=2e-3)


def speedup(function: Callable) -> None:
    """Check how many times as fast a network runs with smaller weights.

    function : (overhead, arithmetic, weights, activations, ratio) -> times,
        where the first four are (layers,) float64 seconds
    """
    attempt = Attempt(
        function,
        *("overhead", "arithmetic", "weights", "activations", "ratio"),
    )

    def expect(times: float, *rows: Sequence[float], ratio: float = 4) -> None:
        arrays = (np.array(row, dtype=float) for row in rows)
        expect_number(attempt, times, *arrays, ratio)

    with attempt.must("where all time is spent on weights, the claim holds"):
        expect(4, [0, 0], [0, 0], [1, 3], [0, 0])
        expect(8, [0], [0], [5], [0], ratio=8)
    with attempt.must("activations take as long as before"):
        expect(2, [0], [0], [4], [2])
    with attempt.must("overhead does, too"):
        expect(5 / 2, [1], [0], [4], [0])
        expect(6 / 3, [1, 1], [0, 0], [2, 2], [0, 0])
    with attempt.must(
        "times of layers are added before they are divided",
        "The mean of two speedups is not the speedup of the whole.",
    ):
        expect(10 / 4, [2, 0], [0, 0], [4, 4], [0, 0])
    with attempt.must(
        "arithmetic that was hidden comes out",
        "Each layer takes the longer of the two, after as before.",
    ):
        expect(4 / 3, [0], [3], [4], [0])
        expect(7 / 4, [0, 0], [3, 0], [2, 4], [0, 0])
        expect(1, [0], [9], [4], [1])
        expect(12 / 9, [0, 0], [0, 8], [4, 4], [0, 0])
        expect(4 / 3, [0], [3], [2], [2])
        expect(5 / 4, [1], [3], [4], [0])


def bits_for_chat(function: Callable) -> None:
    """Check the most bits that fit and are fast enough.

    function : (count, ram, spare, tokens, rate, bandwidth, overhead) ->
        one of 16, 8, 6, 5, 4, 3, 2, or 0

    No answer lies so near a limit that rounding would decide.
    """
    attempt = Attempt(
        function,
        *("count", "ram", "spare", "tokens"),
        *("rate", "bandwidth", "overhead"),
    )

    def expect(bits: int, **more: float) -> None:
        given = {  # floats, for in a page numpy's integers have 32 bits
            "count": 1e9,
            "ram": 1e11,
            "spare": 0,
            "tokens": 0.01,
            "rate": 1e12,
            "bandwidth": 1e12,
            "overhead": 0.0,
        } | more
        got = attempt.call(*given.values())
        require_near(attempt, "bits", got, bits, 0)

    with attempt.must("where all fit and are fast, it is 16"):
        expect(16)
    with attempt.must(
        "the weights fit", "8 bits are one byte; 5 bits are 5/8 of one."
    ):
        expect(8, ram=1.1e9)
        expect(5, ram=7e8)
    with attempt.must("what must stay free stays free"):
        expect(4, ram=1.1e9, spare=5e8)
    with attempt.must(
        "the weights are read for each token", "Tokens a second: turn it over."
    ):
        expect(6, tokens=13, bandwidth=1e10)
    with attempt.must("what just fits, fits"):
        expect(8, ram=1.5e9, spare=5e8)
    with attempt.must(
        "reading and multiplying overlap, and overhead comes on top"
    ):
        expect(8, tokens=8, rate=1e10, bandwidth=1e10)
        expect(3, tokens=13, bandwidth=1e10, overhead=0.035)
    with attempt.must(
        "there are none where no bits help",
        "A slow multiplier or a slow call does not care for bits.",
    ):
        expect(0, tokens=20, rate=1e10)
        expect(0, tokens=20, overhead=0.06)
        expect(0, ram=2e8)


def _texts(got: Any) -> list[str]:
    """Return the texts in a list, tuple or array; [] if it is none of them."""
    if not isinstance(got, list | tuple | np.ndarray):
        return []
    return [str(x) for x in got]
