"""Where the bits of each number lie in a block.

A place is (byte, lowest bit, how many bits), counted from the block's start.
A number may lie in two places: its low bits in the first, the others in the
second. After `gguf.quants`, and for MXFP8 and NF4 as `kernels.block_formats`
says.
"""

from collections.abc import Callable
from dataclasses import dataclass

Places = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Layout:
    """A block of `size` values, of which `group` share a scale.

    code, scale, minimum : (number of a value or group) -> its places
    bits, scale_bits : of a code and of a scale's; 0 if there is no such code
    zero : the code that stands for 0; None if codes are in two's complement
    scale_zero : the same of a scale's code
    unit, minimum_unit : the byte at which a float16 starts
    """

    size: int
    group: int
    num_bytes: int
    code: Callable[[int], Places]
    scale: Callable[[int], Places] = lambda group: []
    minimum: Callable[[int], Places] = lambda group: []
    unit: int | None = None
    minimum_unit: int | None = None
    bits: int = 4
    zero: int | None = 0
    scale_bits: int = 0
    scale_zero: int | None = 0


def read(block, places) -> int:
    """Join the bits of a number."""
    number = filled = 0
    for byte, low, bits in places:
        number |= (int(block[byte]) >> low & (2**bits - 1)) << filled
        filled += bits
    return number


def write(block, places, number) -> None:
    """Put the bits of a number where they belong, in bytes that were 0."""
    for byte, low, bits in places:
        block[byte] |= (number & (2**bits - 1)) << low
        number >>= bits


def six_bits(start, number) -> Places:
    """Tell where one of Q4_K's scales lies; its minima start 4 bytes later."""
    if number < 4:
        return [(start + number, 0, 6)]
    return [(start + number + 4, 0, 4), (start + number - 4, 6, 2)]


def six_bits_high(start, number) -> Places:
    """Tell where one of Q4_K's minima lies."""
    if number < 4:
        return [(start + 4 + number, 0, 6)]
    return [(start + number + 4, 4, 4), (start + number, 6, 2)]


LAYOUTS = {
    "q4_0": Layout(
        *(32, 32, 18),
        code=lambda i: [(2 + i % 16, 4 * (i // 16), 4)],
        unit=0,
        zero=8,
    ),
    "q8_0": Layout(
        *(32, 32, 34),
        code=lambda i: [(2 + i, 0, 8)],
        unit=0,
        bits=8,
        zero=None,
    ),
    "q2_k": Layout(
        *(256, 16, 84),
        code=lambda i: [(16 + i // 128 * 32 + i % 32, i % 128 // 32 * 2, 2)],
        scale=lambda g: [(g, 0, 4)],
        minimum=lambda g: [(g, 4, 4)],
        unit=80,
        minimum_unit=82,
        bits=2,
        scale_bits=4,
    ),
    "q3_k": Layout(
        *(256, 16, 110),
        code=lambda i: [
            (32 + i // 128 * 32 + i % 32, i % 128 // 32 * 2, 2),
            (i % 32, i // 32, 1),
        ],
        scale=lambda g: [
            (96 + g % 8, 4 * (g // 8), 4),
            (104 + g % 4, 2 * (g // 4), 2),
        ],
        unit=108,
        bits=3,
        zero=4,
        scale_bits=6,
        scale_zero=32,
    ),
    "q4_k": Layout(
        *(256, 32, 144),
        code=lambda i: [(16 + i // 64 * 32 + i % 32, i // 32 % 2 * 4, 4)],
        scale=lambda g: six_bits(4, g),
        minimum=lambda g: six_bits_high(4, g),
        unit=0,
        minimum_unit=2,
        scale_bits=6,
    ),
    "q5_k": Layout(
        *(256, 32, 176),
        code=lambda i: [
            (48 + i // 64 * 32 + i % 32, i // 32 % 2 * 4, 4),
            (16 + i % 32, i // 32, 1),
        ],
        scale=lambda g: six_bits(4, g),
        minimum=lambda g: six_bits_high(4, g),
        unit=0,
        minimum_unit=2,
        bits=5,
        scale_bits=6,
    ),
    "q6_k": Layout(
        *(256, 16, 210),
        code=lambda i: [
            (i // 128 * 64 + i % 64, i % 128 // 64 * 4, 4),
            (128 + i // 128 * 32 + i % 32, i % 128 // 32 * 2, 2),
        ],
        scale=lambda g: [(192 + g, 0, 8)],
        unit=208,
        bits=6,
        zero=32,
        scale_bits=8,
        scale_zero=None,
    ),
    "mxfp4": Layout(
        *(32, 32, 17),
        code=lambda i: [(1 + i % 16, 4 * (i // 16), 4)],
        scale=lambda g: [(0, 0, 8)],
        scale_bits=8,
    ),
    **{
        name: Layout(
            *(32, 32, 33),
            code=lambda i: [(1 + i, 0, 8)],
            scale=lambda g: [(0, 0, 8)],
            bits=8,
            scale_bits=8,
        )
        for name in ("mxfp8_e4m3", "mxfp8_e5m2")
    },
    "nvfp4": Layout(
        *(64, 16, 36),
        code=lambda i: [(4 + i // 16 * 8 + i % 8, i % 16 // 8 * 4, 4)],
        scale=lambda g: [(g, 0, 8)],
        scale_bits=8,
    ),
    "nf4": Layout(
        *(64, 64, 36), code=lambda i: [(4 + i // 2, 4 - i % 2 * 4, 4)]
    ),
    "nf4_double": Layout(
        *(64, 64, 33),
        code=lambda i: [(1 + i // 2, 4 - i % 2 * 4, 4)],
        scale=lambda g: [(0, 0, 8)],
        scale_bits=8,
        scale_zero=None,
    ),
}
