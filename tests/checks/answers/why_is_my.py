"""Answers to the exercises of book/why_is_my.md."""

import zlib

from mini_compress.checks import why_is_my as checks
from mini_compress.kernels.packing import pack_bits
from tests.checks.answers import right, wrong

LETTERS = "each of ten symptoms has a letter, each letter once"


def swapped(one, other):
    """Return the letters with those of two symptoms exchanged."""
    letters = list("dagcfehbij")
    i, j = one - 1, other - 1
    letters[i], letters[j] = letters[j], letters[i]
    return dict(enumerate(letters, start=1))


@wrong(checks.measurements, LETTERS)
def as_a_list():
    # no numbers of symptoms
    return list("dagcfehbij")


@wrong(checks.measurements, LETTERS)
def from_zero():
    return dict(enumerate("dagcfehbij"))


@wrong(checks.measurements, LETTERS)
def always_the_profile():
    return dict.fromkeys(range(1, 11), "d")


@wrong(checks.measurements, "suspects of times are told apart")
def two_batches_for_kernels():
    # both a slow kernel and conversions grow with the batch
    return swapped(1, 2)


@wrong(checks.measurements, "suspects of bytes are told apart")
def memory_for_the_file():
    return swapped(5, 6)


@wrong(checks.measurements, "suspects of quantized scores are told apart")
def codes_for_the_images():
    return swapped(4, 9)


@wrong(checks.measurements, "suspects of other scores are told apart")
def chance_for_the_student():
    return swapped(8, 10)


@right(checks.measurements)
def in_capitals():
    return {10 - i: letter.upper() for i, letter in enumerate("jibhefcgad")}


BACK = "the codes can be read back"
ALIKE = "codes that are used alike are packed"
CROWD = "codes that crowd are zipped"


def stored(codes, bits, *, level=-1):
    """Return both forms, packed and zipped."""
    packed = b"\0" + pack_bits(codes, bits=bits).tobytes()
    return packed, b"\1" + zlib.compress(codes.tobytes(), level)


@wrong(checks.shortest, BACK)
def without_first_byte(codes, bits):
    return min(stored(codes, bits), key=len)[1:]


@wrong(checks.shortest, BACK)
def high_bits_first(codes, bits):
    # another library's order
    packed = pack_bits(codes, bits=bits, order="high_first").tobytes()
    return min((b"\0" + packed, stored(codes, bits)[1]), key=len)


@wrong(checks.shortest, BACK)
def lengths(codes, bits):
    return min(map(len, stored(codes, bits)))


@wrong(checks.shortest, ALIKE)
def always_zipped(codes, bits):
    return stored(codes, bits)[1]


@wrong(checks.shortest, ALIKE)
def the_longer(codes, bits):
    # the longer of the two
    return max(stored(codes, bits), key=len)


@wrong(checks.shortest, CROWD)
def always_packed(codes, bits):
    return stored(codes, bits)[0]


@right(checks.shortest)
def zipped_harder(codes, bits):
    return bytearray(sorted(stored(codes, bits, level=9), key=len)[0])
