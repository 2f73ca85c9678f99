"""Pooling, sums and products of codes: what is timed, and the peers."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from mini_compress.kernels import elementwise, pooling
from mini_compress.kernels.affine import AffineParams
from tests.benchmarks.case import Case
from tests.support.sessions import grid_inputs, make_model, open_session
from tests.support.strategies import random_codes

OWN = {"domain": "com.microsoft"}  # onnxruntime's own operators
GRIDS = [
    AffineParams(scale, zero_point, bits=8, signed=False)
    for scale, zero_point in [(0.1, 3), (0.2, 128), (0.15, 77)]
]
WINDOW = {"kernel_shape": [2, 2], "strides": [2, 2]}


def code_cases(images: int) -> Iterator[Case]:
    """Pool, add and multiply images of codes, as onnxruntime does."""
    x, other = draw(images), draw(images)
    a, b, y = (grid_inputs(params) for params in GRIDS)
    a_grid, _, y_grid = GRIDS
    size = f"{images}x32x28x28"

    def case(name, ours, operator, inputs, least_ratio, **attributes) -> Case:
        node = open_session(make_model(operator, inputs, **attributes))
        return Case(
            f"{name}, {size}",
            f"onnxruntime {operator}",
            ours,
            lambda: node(x),
            least_ratio,
        )

    yield case(
        "max_pool_int8, 2x2",
        lambda: pooling.max_pool_int8(x, kernel=2),
        "MaxPool",
        [x],
        least_ratio=2,
        **WINDOW,
    )
    yield case(
        "average_pool_int8, 2x2",
        lambda: pooling.average_pool_int8(x, a_grid, y_grid, kernel=2),
        "QLinearAveragePool",
        [x, *a, *y],
        least_ratio=0.4,
        **WINDOW,
        **OWN,
    )
    # the peer's sums and products are vectors of codes from end to end
    for name, function, operator, least_ratio in [
        ("add_int8", elementwise.add_int8, "QLinearAdd", 1 / 40),
        ("multiply_int8", elementwise.multiply_int8, "QLinearMul", 1 / 15),
    ]:
        yield case(
            name,
            partial(function, x, other, *GRIDS),
            operator,
            [x, *a, other, *b, *y],
            least_ratio,
            **OWN,
        )


def growing_code_calls(smoke: bool) -> Iterator[tuple[str, int, Callable]]:
    """Yield what a call does, how many codes it reads, and the call."""
    for images in (1, 4) if smoke else (1, 4, 16, 64):
        x, other = draw(images), draw(images)
        call = partial(pooling.max_pool_int8, x, kernel=2)
        yield f"max_pool_int8, 2x2, {images} images", x.size, call
        call = partial(elementwise.add_int8, x, other, *GRIDS)
        yield f"add_int8, {images} images", x.size, call


def draw(images: int) -> np.ndarray:
    """Return images of codes with 32 channels."""
    rng = np.random.default_rng(images)
    return random_codes(rng, np.uint8, images, 32, 28, 28)
