"""What is timed: a kernel of ours and a peer that does the same work."""

from collections.abc import Callable, Iterator
from functools import partial
from unittest import mock

import numpy as np
import safetensors.torch
import torch
from onnx.reference import ReferenceEvaluator
from torch import nn

from mini_compress import artifact
from mini_compress.artifact import header
from mini_compress.kernels import affine, integer
from tests.benchmarks.case import Case
from tests.benchmarks.code_cases import code_cases, growing_code_calls
from tests.benchmarks.codebook_cases import (
    codebook_cases,
    growing_codebook_calls,
)
from tests.benchmarks.format_cases import format_cases, growing_format_calls
from tests.benchmarks.low_rank_cases import (
    growing_low_rank_calls,
    low_rank_cases,
)
from tests.benchmarks.network_cases import network_cases
from tests.benchmarks.rounding_cases import (
    growing_rounding_calls,
    rounding_cases,
)
from tests.benchmarks.sparse_cases import growing_sparse_calls, sparse_cases
from tests.benchmarks.table_cases import growing_table_calls, table_cases
from tests.support.sessions import make_model, open_session
from tests.support.strategies import random_codes


def matmul_cases(side: int, least_int_ratio: float) -> Iterator[Case]:
    """Multiply square matrices of codes: numpy twice, onnxruntime."""
    rng = np.random.default_rng(0)
    a = random_codes(rng, np.uint8, side, side)
    b = random_codes(rng, np.int8, side, side)
    work = f"matmul_int8, u8 x s8, {side} cubed"
    ints = a.astype(np.int32), b.astype(np.int32)
    floats = a.astype(np.float32), b.astype(np.float32)
    node = open_session(make_model("MatMulInteger", [a, b]))

    def ours() -> np.ndarray:
        return integer.matmul_int8(a, b)

    # numpy's integer product takes seconds, so it is timed a few times only
    few = {"least_ratio": least_int_ratio, "rounds": 3}
    yield Case(work, "numpy int32 @", ours, lambda: ints[0] @ ints[1], **few)
    yield Case(
        work, "numpy float32 @", ours, lambda: floats[0] @ floats[1], 0.8
    )
    yield Case(
        work,
        "onnxruntime MatMulInteger",
        ours,
        lambda: node(a),
        least_ratio=1 / 6,
        needs_vnni=True,
    )


def conv_cases(images: int) -> Iterator[Case]:
    """Convolve images of codes: ONNX's reference, onnxruntime.

    The peers requantize besides, which takes them about a tenth of the time.
    """
    rng = np.random.default_rng(0)
    x = random_codes(rng, np.uint8, images, 32, 28, 28)
    weight = random_codes(rng, np.int8, 64, 32, 3, 3)
    scale, one = np.float32(0.001), np.float32(1)
    x_zero, zero, out_zero = np.uint8(128), np.int8(0), np.uint8(100)
    grids = [scale, x_zero, weight, one, zero, one, out_zero]
    model = make_model("QLinearConv", [x, *grids], pads=[1, 1, 1, 1])
    reference = ReferenceEvaluator(model)
    node = open_session(model)
    name = model.graph.input[0].name

    def ours() -> np.ndarray:
        return integer.conv2d_int8(x, weight, padding=1, x_zero_point=128)

    work = f"conv2d_int8, {images}x32x28x28, 64 of 3x3"
    yield Case(
        work,
        "onnx.reference QLinearConv",
        ours,
        lambda: reference.run(None, {name: x}),
        least_ratio=40,
    )
    yield Case(
        work,
        "onnxruntime QLinearConv",
        ours,
        lambda: node(x),
        least_ratio=1 / 8,
        needs_vnni=True,
    )


def quantize_cases(rows: int) -> Iterator[Case]:
    """Quantize a weight, one step per row: torch."""
    x = np.random.default_rng(0).standard_normal((rows, 10_000), np.float32)
    params = affine.choose_affine(x, symmetric=True, axis=1)
    tensor = torch.from_numpy(x)
    scale = torch.tensor(params.scale.ravel())
    zero_point = torch.tensor(params.zero_point.ravel())
    yield Case(
        f"quantize, {rows}x10000, step per row",
        "torch.quantize_per_channel",
        lambda: affine.quantize(x, params),
        lambda: torch.quantize_per_channel(
            tensor, scale, zero_point, 0, torch.qint8
        ),
        least_ratio=4,
    )


def file_cases(rows: int) -> Iterator[Case]:
    """Load a file of floats, its sum unchecked: safetensors, which has none."""
    model = nn.Sequential(nn.Linear(1000, rows), nn.Linear(rows, 1000))
    data = artifact.to_bytes(model)

    def ours() -> None:
        with mock.patch.object(header, "_require_digest"):
            artifact.from_bytes(data, model)

    yield Case(
        f"load a file of {len(data) / 1e6:.0f} MB, beyond its checksum",
        "safetensors.torch.load",
        ours,
        lambda: safetensors.torch.load(data),
        least_ratio=0.5,
    )


def all_cases(smoke: bool) -> Iterator[Case]:
    """Yield every case; smaller ones, whose targets say nothing, for smoke."""
    yield from matmul_cases(128 if smoke else 512, least_int_ratio=40)
    yield from matmul_cases(256 if smoke else 1024, least_int_ratio=100)
    yield from conv_cases(images=1 if smoke else 8)
    yield from code_cases(images=1 if smoke else 8)
    yield from quantize_cases(rows=10 if smoke else 1000)
    yield from sparse_cases(smoke)
    yield from low_rank_cases(smoke)
    yield from table_cases(smoke)
    yield from rounding_cases(smoke)
    yield from format_cases(smoke)
    yield from codebook_cases(smoke)
    yield from network_cases(smoke)
    yield from file_cases(rows=100 if smoke else 10_000)


def growing_calls(smoke: bool) -> Iterator[tuple[str, int, Callable]]:
    """Yield what a call does, how many operations that is, and the call."""
    rng = np.random.default_rng(0)
    for side in (64, 128, 256) if smoke else (64, 128, 256, 512, 1024, 2048):
        a = random_codes(rng, np.uint8, side, side)
        b = random_codes(rng, np.int8, side, side)
        call = partial(integer.matmul_int8, a, b)
        yield f"matmul_int8, {side} cubed", side**3, call
    weight = random_codes(rng, np.int8, 64, 32, 3, 3)
    for images in (1, 4) if smoke else (1, 4, 16, 64):
        x = random_codes(rng, np.uint8, images, 32, 28, 28)
        call = partial(integer.conv2d_int8, x, weight, padding=1)
        yield (
            f"conv2d_int8, {images} images",
            images * 28**2 * weight.size,
            call,
        )
    for rows in (1, 100) if smoke else (1, 10, 100, 1000):
        x = rng.standard_normal((rows, 10_000), np.float32)
        call = partial(affine.quantize, x, affine.choose_affine(x, axis=1))
        yield f"quantize, {rows}x10000", x.size, call
    yield from growing_code_calls(smoke)
    yield from growing_sparse_calls(smoke)
    yield from growing_low_rank_calls(smoke)
    yield from growing_table_calls(smoke)
    yield from growing_rounding_calls(smoke)
    yield from growing_format_calls(smoke)
    yield from growing_codebook_calls(smoke)
