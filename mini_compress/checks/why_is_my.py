"""The checks of the chapter of questions."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

import numpy as np

from ..kernels.packing import pack_bits, unpack_bits
from .parts.attempt import Attempt, show

ANSWERS = dict(enumerate("dagcfehbij", start=1))
THEMES = {
    "times": (1, 2),
    "bytes": (5, 6),
    "quantized scores": (3, 4, 9),
    "other scores": (7, 8, 10),
}
PACKED, ZIPPED = 0, 1  # the first byte


def measurements(function: Callable) -> None:
    """Check which measurement tells the suspects of each symptom apart.

    function : () -> {number of a symptom: letter of a measurement}
    """
    attempt = Attempt(function)
    with attempt.must("each of ten symptoms has a letter, each letter once"):
        got = attempt.call()
        if not isinstance(got, Mapping):
            attempt.fail('a dict {1: "a", ...}', show(got))
        letters = {key: str(value).lower() for key, value in got.items()}
        if set(letters) != set(ANSWERS):
            attempt.fail("the keys 1 to 10", show(list(letters)))
        if sorted(letters.values()) != sorted(ANSWERS.values()):
            attempt.fail("each of a to j once", show(list(letters.values())))
    for theme, numbers in THEMES.items():
        with attempt.must(
            f"suspects of {theme} are told apart",
            "Which of the two suspects would change what is measured?",
        ):
            missed = [n for n in numbers if letters[n] != ANSWERS[n]]
            if missed:
                attempt.fail(
                    "measurements that tell suspects apart",
                    f"others for symptoms {missed}",
                )


def shortest(function: Callable) -> None:
    """Check codes stored packed or zipped, whichever is shorter.

    function : (codes, bits) -> bytes; codes is (...) int8, from -2**(bits-1)
        to 2**(bits-1) - 1
    """
    attempt = Attempt(function, "codes", "bits")
    rng = np.random.default_rng(0)
    even = rng.integers(-8, 8, (30, 40)).astype(np.int8)
    crowded = rng.normal(0, 0.4, (40, 50)).round().astype(np.int8)
    few = np.array([-2, 1, 0], np.int8)
    with attempt.must(
        "the codes can be read back",
        "A first byte, 0 for packed; then all codes in one row.",
    ):
        for codes, bits in ((few, 2), (even, 4), (crowded, 4)):
            _read_back(attempt, codes, bits)
    with attempt.must("codes that are used alike are packed"):
        _expect_length(attempt, even, 4)
        _expect_length(attempt, few, 2)
    with attempt.must("codes that crowd are zipped"):
        _expect_length(attempt, crowded, 4)
        _expect_length(attempt, np.zeros((50, 50), np.int8), 2)


def _read_back(attempt: Attempt, codes: np.ndarray, bits: int) -> bytes:
    """Return what the answer stored; refuse what is not these codes."""
    got = attempt.call(codes, bits)
    if not isinstance(got, bytes | bytearray) or not got:
        attempt.fail("bytes", f"{type(got).__name__}: {show(got)}")
    first, rest = got[0], bytes(got[1:])
    try:
        if first == PACKED:
            packed = np.frombuffer(rest, np.uint8)
            found = unpack_bits(
                packed, bits=bits, count=codes.size, signed=True
            )
        elif first == ZIPPED:
            found = np.frombuffer(zlib.decompress(rest), np.int8)
        else:
            attempt.fail("a first byte of 0 or 1", str(first))
    except (ValueError, zlib.error) as error:
        attempt.fail("bytes that can be read back", show(got), cause=error)
    if not np.array_equal(found, codes.ravel()):
        attempt.fail(show(codes.ravel()), show(found))
    return bytes(got)


def _expect_length(attempt: Attempt, codes: np.ndarray, bits: int) -> None:
    """Refuse more bytes than the shorter form takes."""
    forms = (
        pack_bits(codes, bits=bits).nbytes,
        len(zlib.compress(codes.tobytes())),
    )
    got = len(_read_back(attempt, codes, bits))
    if got > 1 + min(forms):
        attempt.fail(f"{1 + min(forms)} bytes at most", f"{got} bytes")
