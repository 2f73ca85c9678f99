"""The checks of the chapter on why to compress: counts, bytes, the roofline."""

import math
from collections.abc import Callable

import numpy as np

from .parts.attempt import Attempt, show
from .parts.named_numbers import ROUNDING, expect_number


def conv_macs(function: Callable) -> None:
    """Check the MACs of a convolution on one square image.

    function : (image_size, in_channels, out_channels, filter_size, stride,
        padding, groups) -> MACs, where all are whole numbers and the groups
        divide both numbers of channels
    """
    attempt = Attempt(
        function,
        *("image_size", "in_channels", "out_channels", "filter_size"),
        *("stride", "padding", "groups"),
    )

    def expect(
        macs, image, channels, filter_size, stride=1, padding=0, groups=1
    ):
        arguments = image, *channels, filter_size, stride, padding, groups
        expect_number(attempt, macs, *arguments)

    with attempt.must(
        "one filter on one place takes one MAC for each of its weights",
        "A MAC is a product with its addition, and counts once.",
    ):
        expect(25, 5, (1, 1), 5)
        expect(7 * 25, 5, (7, 1), 5)
    with attempt.must(
        "each filter is put on every place of the output",
        "Where a filter would stick out of the image, there is no place.",
    ):
        expect(288_000, 28, (1, 20), 5)
        expect(1_600_000, 12, (20, 50), 5)
    with attempt.must(
        "padding is added on all sides", "Two sides make two paddings."
    ):
        expect(28 * 28 * 16 * 9, 28, (1, 16), 3, padding=1)
        expect(10 * 10 * 6 * 27, 8, (3, 6), 3, padding=2)
    with attempt.must(
        "a stride skips places, and what is left over at the edge is dropped",
        "Divide without a remainder, then add 1 for the first place.",
    ):
        expect(14 * 14 * 16 * 9, 28, (1, 16), 3, stride=2, padding=1)
        expect(2 * 2 * 8 * 64, 9, (4, 8), 4, stride=3)
    with attempt.must(
        "a filter sees the channels of its own group, and all filters count",
        "Groups cut down the channels that go in, not those that come out.",
    ):
        expect(14 * 14 * 32 * 9, 14, (32, 32), 3, padding=1, groups=32)
        expect(6 * 6 * 12 * 2 * 9, 8, (8, 12), 3, groups=4)


def linear_intensity(function: Callable) -> None:
    """Check MACs / bytes of a linear layer without bias, float32 activations.

    function : (batch, inputs, outputs, weight_bits) -> MACs per byte
    """
    attempt = Attempt(function, "batch", "inputs", "outputs", "weight_bits")

    def expect(batch, inputs, outputs, weight_bits=32, tolerance=ROUNDING):
        weights = inputs * outputs
        activations = batch * (inputs + outputs)
        intensity = (
            batch * weights / (weights * weight_bits / 8 + 4 * activations)
        )
        arguments = batch, inputs, outputs, weight_bits
        expect_number(attempt, intensity, *arguments, tolerance=tolerance)

    with attempt.must(
        "one image and many weights: nearly one MAC for four bytes",
        "MACs, not twice as many operations; bytes, not bits; MACs per byte, "
        "not bytes per MAC.",
    ):
        expect(1, 4096, 4096, tolerance=0.01)
    with attempt.must(
        "inputs and outputs move as well",
        "They are float32: four bytes each.",
    ):
        expect(1, 8, 4)
        expect(1, 1, 1)
    with attempt.must(
        "a batch reads its weights once, and its activations for each image",
    ):
        expect(16, 64, 32)
    with attempt.must(
        "fewer bits make the weights smaller, and the weights alone",
    ):
        expect(4, 64, 32, weight_bits=8)
        expect(1, 100, 30, weight_bits=16)
    with attempt.must(
        "weights may have fewer than 8 bits",
        "Divide by 8 last: 4 // 8 is 0.",
    ):
        for bits in (2, 3, 4):
            expect(5, 80, 50, weight_bits=bits)


def network_time_ms(function: Callable) -> None:
    """Check the sum over layers of max(MACs / rate, bytes / bandwidth), in ms.

    function : (macs, num_bytes, macs_per_second, bytes_per_second) -> ms,
        where macs and num_bytes are (layers,) int64 and the others numbers
    """
    attempt = Attempt(
        function, "macs", "num_bytes", "macs_per_second", "bytes_per_second"
    )

    def expect(time_ms, macs, num_bytes, rate=1e9, bandwidth=1e9):
        macs, num_bytes = np.array(macs), np.array(num_bytes)
        expect_number(attempt, time_ms, macs, num_bytes, rate, bandwidth)

    with attempt.must(
        "a layer's products take MACs / rate, in milliseconds",
        "A second has 1,000 milliseconds.",
    ):
        expect(2, [2_000_000], [0])
        expect(0.5, [2_000_000], [0], rate=4e9)
    with attempt.must("a layer's bytes take bytes / bandwidth"):
        expect(3, [0], [3_000_000])
        expect(6, [0], [3_000_000], bandwidth=5e8)
    with attempt.must(
        "a layer takes the longer of the two times",
        "Both happen at once: take the maximum, not the sum.",
    ):
        expect(2, [2_000_000], [1_000_000])
        expect(2, [1_000_000], [2_000_000])
    with attempt.must("layers run one after the other"):
        expect(6, [1_000_000, 2_000_000, 3_000_000], [1_000, 1_000, 1_000])
    with attempt.must(
        "each layer has a maximum of its own",
        "Take the maximum layer by layer, then the sum.",
    ):
        expect(8, [4_000_000, 1_000_000], [1_000_000, 4_000_000])


def break_even_batch(function: Callable) -> None:
    """Check the smallest n with n * macs / rate >= the time of its bytes.

    function : (macs, weight_bytes, activation_bytes, macs_per_second,
        bytes_per_second) -> batch, or math.inf

    No batch asked for lies at a tie, where rounding would decide.
    """
    attempt = Attempt(
        function,
        *("macs", "weight_bytes", "activation_bytes"),
        *("macs_per_second", "bytes_per_second"),
    )

    def expect(batch, macs, weights, activations, rate=1e9, bandwidth=1e9):
        arguments = macs, weights, activations, rate, bandwidth
        expect_number(attempt, batch, *arguments)

    with attempt.must(
        "the batch is the first whose products take as long as the weights",
        "10 images are too few where 10.5 would do: round up.",
    ):
        expect(11, 1000, 10_500, 0)
        expect(4, 1000, 3_200, 0)
    with attempt.must("it depends on the balance of the device"):
        expect(21, 1000, 10_250, 0, rate=2e9)
        expect(6, 1000, 10_500, 0, bandwidth=2e9)
    with attempt.must(
        "each image brings its own activations",
        "Write both times for n images, and solve for n.",
    ):
        expect(14, 1000, 10_200, 250)
        expect(1313, 1000, 10_500, 992)
    with attempt.must("the smallest batch has one image"):
        expect(1, 1000, 100, 10)
        expect(1, 1000, 0, 10)
    with attempt.must(
        "there is none where an image adds as much to the bytes, or more",
        "Return math.inf.",
    ):
        expect(math.inf, 1000, 10_500, 2000)
        expect(math.inf, 1000, 10_500, 1000)


def fitting_devices(function: Callable) -> None:
    """Check which devices hold weights in flash and activations in RAM.

    function : (num_weights, weight_bits, activation_bytes, devices) -> names,
        where devices is {name: (flash_kib, ram_kib)}; least flash first
    """
    attempt = Attempt(
        function, "num_weights", "weight_bits", "activation_bytes", "devices"
    )
    three = {"wide": (2048, 1024), "small": (256, 64), "plain": (512, 128)}
    uneven = {"flash": (1024, 16), "ram": (128, 512)}

    def expect(names, weights, bits, activations, devices=three):
        got = attempt.call(weights, bits, activations, devices)
        if not isinstance(got, list | tuple) or list(got) != names:
            attempt.fail(show(names), show(got))

    with attempt.must("all that fit are listed, least flash first"):
        expect(["small", "plain", "wide"], 1000, 8, 1000)
    with attempt.must(
        "the weights fit in flash", "8 bits are one byte, 32 bits are four."
    ):
        expect(["plain", "wide"], 300_000, 8, 1000)
        expect(["wide"], 300_000, 32, 1000)
    with attempt.must("weights of 4 bits are packed, two in a byte"):
        expect(["small", "plain", "wide"], 500_000, 4, 1000)
        expect(["plain", "wide"], 600_000, 6, 1000)
    with attempt.must(
        "the activations fit in RAM", "They are given in bytes already."
    ):
        expect(["plain", "wide"], 1000, 8, 100_000)
        expect(["wide"], 1000, 8, 1_000_000)
    with attempt.must("a KiB is 1,024 bytes, and what just fits does fit"):
        expect(["small", "plain", "wide"], 262_144, 8, 65_536)
        expect(["plain", "wide"], 262_145, 8, 65_536)
    with attempt.must(
        "flash and RAM do not stand in for each other",
        "Both conditions must hold, each for its own memory.",
    ):
        expect([], 400_000, 8, 50_000, uneven)
        expect(["flash"], 400_000, 8, 10_000, uneven)
