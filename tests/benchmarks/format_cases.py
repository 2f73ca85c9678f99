"""Number formats: decoding blocks, beside llama.cpp's Python package."""

from collections.abc import Callable, Iterator
from functools import partial

import gguf
import numpy as np
from gguf.constants import GGMLQuantizationType

from mini_compress.kernels.block_formats import FORMATS, decode_blocks
from mini_compress.kernels.rotation import random_signs, rotate
from tests.benchmarks.case import Case

ROWS = 100  # gguf decodes 16 rows at a time: long ones suit it


def format_cases(smoke: bool) -> Iterator[Case]:
    """Decode weights; the peer is given rows, which suits it best."""
    count = 25_600 if smoke else 10_240_000
    for name, least_ratio in {"mxfp4": 2, "q4_k": 1}.items():
        data = random_blocks(name, count)
        kind = GGMLQuantizationType[name.upper()]
        yield Case(
            f"decode {count:,} of {name}",
            "gguf.quants",
            partial(decode_blocks, data, name, count),
            partial(gguf.quants.dequantize, data.reshape(ROWS, -1), kind),
            least_ratio=least_ratio,
        )


def growing_format_calls(
    smoke: bool,
) -> Iterator[tuple[str, int, Callable]]:
    """Yield a call, how many values it works on, and its name."""
    counts = (25_600,) if smoke else (102_400, 1_024_000, 10_240_000)
    for name in ("mxfp4", "q4_k", "nf4"):
        for count in counts:
            data = random_blocks(name, count)
            call = partial(decode_blocks, data, name, count)
            yield f"decode {count:,} of {name}", count, call
    for side in (64, 128) if smoke else (256, 1024, 4096):
        x = np.random.default_rng(0).normal(size=(64, side)).astype(np.float32)
        call = partial(rotate, x, random_signs(side))
        yield f"rotate 64 rows of {side}", x.size, call


def random_blocks(name: str, count: int) -> np.ndarray:
    """Return bytes whose scales are small numbers, as weights have them."""
    form = FORMATS[name]
    rng = np.random.default_rng(0)
    shape = count // form.size, form.num_bytes
    blocks = rng.integers(0, 128, shape, dtype=np.uint8)
    # the first bytes are scales: below 2**0 in E8M0, small in float16, of
    # which these are sign and exponent; Q4_K has two, and none may be NaN
    blocks[:, [1, 3]] = 20
    return blocks.ravel()
