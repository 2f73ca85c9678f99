"""K-quants: 256 values in groups whose scales are small codes themselves.

    Q2_K, Q4_K, Q5_K    value = unit * scale * code - unit2 * minimum
    Q3_K, Q6_K          value = unit * scale * code

The layouts are GGUF's (`gguf.quants`), and decoding equals it to the bit. The
encoders are this package's: see `k_scales`.
"""

import numpy as np

from .form import Parts, RowFormat
from .k_scales import codes_of, fit_peaks, fit_ranges, in_halves
from .runs import from_half, pack_runs, unpack_runs

SIZE = 256  # values of a block
SIX_BITS = (0, 63)


def encode_q2_k(rows: np.ndarray) -> Parts:
    """Codes of 2 bits; 16 values share a scale and a minimum of 4 bits."""
    ends, nibble = (0, 3), (0, 15)
    groups = rows.reshape(len(rows), -1, 16)
    step, minimum = fit_ranges(groups, ends)
    unit, scales, step = in_halves(step, nibble)
    unit2, minima, minimum = in_halves(minimum, nibble)
    codes = _fields(codes_of(groups, step, minimum, ends))
    both = scales.view(np.uint8) | minima.view(np.uint8) << 4
    return both, pack_runs(codes, bits=2, run=32), unit, unit2


def decode_q2_k(
    scales: np.ndarray, codes: np.ndarray, unit: np.ndarray, unit2: np.ndarray
) -> np.ndarray:
    """Read the scale in the low bits of its byte, the minimum in the high."""
    step = from_half(unit) * (scales & 15)
    minimum = from_half(unit2) * (scales >> 4)
    return _spread(unpack_runs(codes, bits=2, run=32), step, minimum)


def encode_q3_k(rows: np.ndarray) -> Parts:
    """Codes of 3 bits from -4 on; 16 values share a scale of 6 bits."""
    ends = -4, 3
    groups = rows.reshape(len(rows), -1, 16)
    unit, scales, step = in_halves(fit_peaks(groups, ends), (-32, 31))
    codes = _fields(codes_of(groups, step, 0 * step, ends) + 4)
    stored = (scales + np.int8(32)).view(np.uint8)
    packed = pack_runs(stored & 15, bits=4, run=8)
    tops = pack_runs(stored >> 4, bits=2, run=4)
    return (
        pack_runs(codes >> 2, bits=1, run=32),
        pack_runs(codes & 3, bits=2, run=32),
        np.hstack([packed, tops]),
        unit,
    )


def decode_q3_k(
    tops: np.ndarray, codes: np.ndarray, scales: np.ndarray, unit: np.ndarray
) -> np.ndarray:
    """Join two bits of a code with its top bit, and scales likewise."""
    stored = unpack_runs(scales[:, :8], bits=4, run=8)
    stored |= unpack_runs(scales[:, 8:], bits=2, run=4) << 4
    fields = unpack_runs(codes, bits=2, run=32)
    fields |= unpack_runs(tops, bits=1, run=32) << 2
    step = from_half(unit) * (stored.view(np.int8) - np.int8(32))
    return _spread(fields.view(np.int8) - np.int8(4), step)


def encode_q4_k(rows: np.ndarray) -> Parts:
    """Codes of 4 bits; 32 values share a scale and a minimum of 6 bits."""
    unit, unit2, scales, codes = _encode_six_bits(rows, (0, 15))
    return unit, unit2, scales, pack_runs(codes, bits=4, run=32)


def decode_q4_k(
    unit: np.ndarray, unit2: np.ndarray, scales: np.ndarray, codes: np.ndarray
) -> np.ndarray:
    """Read scales and minima of 6 bits, then codes in runs of 32."""
    step, minimum = _decode_six_bits(unit, unit2, scales)
    return _spread(unpack_runs(codes, bits=4, run=32), step, minimum)


def encode_q5_k(rows: np.ndarray) -> Parts:
    """Codes of 5 bits; otherwise as Q4_K."""
    unit, unit2, scales, codes = _encode_six_bits(rows, (0, 31))
    tops = pack_runs(codes >> 4, bits=1, run=32)
    return unit, unit2, scales, tops, pack_runs(codes & 15, bits=4, run=32)


def decode_q5_k(
    unit: np.ndarray,
    unit2: np.ndarray,
    scales: np.ndarray,
    tops: np.ndarray,
    codes: np.ndarray,
) -> np.ndarray:
    """Join four bits of a code with its top bit."""
    step, minimum = _decode_six_bits(unit, unit2, scales)
    fields = unpack_runs(codes, bits=4, run=32)
    fields |= unpack_runs(tops, bits=1, run=32) << 4
    return _spread(fields, step, minimum)


def encode_q6_k(rows: np.ndarray) -> Parts:
    """Codes of 6 bits from -32 on; 16 values share a scale of 8 bits."""
    ends = -32, 31
    groups = rows.reshape(len(rows), -1, 16)
    unit, scales, step = in_halves(fit_peaks(groups, ends), (-128, 127))
    codes = _fields(codes_of(groups, step, 0 * step, ends) + 32)
    return (
        pack_runs(codes & 15, bits=4, run=64),
        pack_runs(codes >> 4, bits=2, run=32),
        scales.view(np.uint8),
        unit,
    )


def decode_q6_k(
    codes: np.ndarray, tops: np.ndarray, scales: np.ndarray, unit: np.ndarray
) -> np.ndarray:
    """Join four bits of a code with its top two."""
    fields = unpack_runs(codes, bits=4, run=64)
    fields |= unpack_runs(tops, bits=2, run=32) << 4
    step = from_half(unit) * scales.view(np.int8)
    return _spread(fields.view(np.int8) - np.int8(32), step)


def pack_six_bits(scales: np.ndarray, minima: np.ndarray) -> np.ndarray:
    """Put 8 scales and 8 minima of 6 bits into 12 bytes.

    scales, minima : (blocks, 8) uint8, below 64
    returns : (blocks, 12) uint8: the first four scales, the first four minima
        and, low and high, four bits of the others; their upper two bits lie
        above the first ones

    >>> one = np.arange(8, dtype=np.uint8)[np.newaxis] + 28
    >>> pack_six_bits(one, one)[0].tolist()
    [156, 157, 158, 159, 156, 157, 158, 159, 0, 17, 34, 51]
    """
    firsts = [
        some[:, :4] | (some[:, 4:] >> 4) << 6 for some in (scales, minima)
    ]
    rest = scales[:, 4:] & 15 | (minima[:, 4:] & 15) << 4
    return np.hstack([*firsts, rest])


def unpack_six_bits(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take 8 scales and 8 minima out of 12 bytes; undo `pack_six_bits`."""
    scales, minima, rest = np.hsplit(data, 3)  # (blocks, 4) each
    return (
        np.hstack([scales & 63, rest & 15 | scales >> 2 & 48]),
        np.hstack([minima & 63, rest >> 4 | minima >> 2 & 48]),
    )


def _encode_six_bits(
    rows: np.ndarray, ends: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return both units, the packed scales and minima, and codes, uint8."""
    groups = rows.reshape(len(rows), -1, 32)
    step, minimum = fit_ranges(groups, ends)
    unit, scales, step = in_halves(step, SIX_BITS)
    unit2, minima, minimum = in_halves(minimum, SIX_BITS)
    codes = _fields(codes_of(groups, step, minimum, ends))
    packed = pack_six_bits(scales.view(np.uint8), minima.view(np.uint8))
    return unit, unit2, packed, codes


def _decode_six_bits(
    unit: np.ndarray, unit2: np.ndarray, scales: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each group's step and minimum, (blocks, 8) float32."""
    steps, minima = unpack_six_bits(scales)
    return from_half(unit) * steps, from_half(unit2) * minima


def _fields(codes: np.ndarray) -> np.ndarray:
    """Return (blocks, groups, size) codes as (blocks, 256) uint8."""
    return codes.reshape(len(codes), -1).astype(np.uint8)


def _spread(
    codes: np.ndarray, step: np.ndarray, minimum: np.ndarray | None = None
) -> np.ndarray:
    """Return step * code - minimum of each group, (blocks, 256) float32."""
    groups = codes.reshape(*step.shape, -1)
    values = groups * step[..., np.newaxis]
    if minimum is not None:
        values -= minimum[..., np.newaxis]
    return values.reshape(codes.shape)


UNITS = {"unit": 2, "minimum's unit": 2}
Q2_K = RowFormat(
    SIZE, 2, {"scales": 16, "codes": 64, **UNITS}, encode_q2_k, decode_q2_k
)
Q3_K = RowFormat(
    SIZE,
    3,
    {"top bits": 32, "codes": 64, "scales": 12, "unit": 2},
    encode_q3_k,
    decode_q3_k,
)
Q4_K = RowFormat(
    SIZE, 4, {**UNITS, "scales": 12, "codes": 128}, encode_q4_k, decode_q4_k
)
Q5_K = RowFormat(
    SIZE,
    5,
    {**UNITS, "scales": 12, "top bits": 32, "codes": 128},
    encode_q5_k,
    decode_q5_k,
)
Q6_K = RowFormat(
    SIZE,
    6,
    {"codes": 128, "top bits": 64, "scales": 16, "unit": 2},
    encode_q6_k,
    decode_q6_k,
)
