"""Networks of operations on codes: wiring, batches, and what is refused."""

import pytest
import torch
from torch import nn

from mini_compress.kernels.affine import AffineParams
from mini_compress.layers import IntegerNetwork, Step
from mini_compress.layers.integer_base import QuantizeInput
from mini_compress.layers.integer_ops import (
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConcat,
    IntegerFlatten,
    IntegerGlobalAvgPool2d,
    IntegerMaxPool2d,
)
from mini_compress.layers.integer_table import IntegerTable
from mini_compress.quantization import quantize_network
from tests.support.random_networks import random_images, random_network

GRID = AffineParams(0.5, 3, bits=8, signed=False)
POOL = {"kernel_size": (2, 2), "stride": (2, 2)}


def entrance(bits: int = 8) -> QuantizeInput:
    made = QuantizeInput(y_bits=bits)
    made.set_grid(GRID)
    return made


def adding(scale: float = 0.5) -> IntegerAdd:
    made = IntegerAdd(x_bits=(8, 8), y_bits=8)
    made.set_input_grids([AffineParams(scale, 3, 8, signed=False)] * 2)
    made.set_grid(GRID)
    return made


def chain(*more: Step) -> IntegerNetwork:
    return IntegerNetwork([Step("input", entrance(), ()), *more])


def test_steps_run_in_order_and_have_names():
    network = chain(
        Step("a.pool", IntegerMaxPool2d(**POOL), (0,)),
        Step("a.add", adding(), (1, 1)),
        Step("flat", IntegerFlatten(), (2,)),
    )
    network.require_valid()
    images = torch.tensor([[[[0.0, 1.0], [2.0, -9.0]]]])
    codes = network.quantize(images)
    assert codes.tolist() == [[[[3, 5], [7, 0]]]]
    steps = dict(network.run(codes))
    assert list(steps) == ["input", "a.pool", "a.add", "flat"]
    assert steps["a.pool"].item() == 7
    assert steps["a.add"].item() == 11  # 2 + 2 = 4, in halves, from 3
    assert network(images).tolist() == [[4.0]]
    assert network.get_submodule("a.add") is network.steps[2].operation
    assert "a.add reads a.pool, a.pool" in repr(network)


def test_a_batch_is_its_images_one_by_one():
    images = random_images(230)
    network = quantize_network(random_network(1), images[:50])
    one_by_one = torch.cat([network(image[None]) for image in images[:5]])
    logits = network(images)
    assert torch.equal(logits[:5], one_by_one)
    assert torch.equal(logits[200:], network(images[200:]))
    assert logits.dtype == torch.float32
    assert network(images[:0]).shape == (0, 5)


def test_what_is_read_last_is_let_go():
    network = quantize_network(random_network(1), random_images(8))
    steps = network.run(network.quantize(random_images(8)))
    _, first = next(steps)
    *_, (_, last) = steps
    assert last.shape == (8, 5)
    assert len(dict(network.run(first))) == len(network.steps)


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        ([], ValueError, r"number of steps must be in \[2"),
        ([("a", entrance(), ())], ValueError, "number of steps must be"),
        (
            [("a", IntegerFlatten(), (0,)), ("b", entrance(), ())],
            ValueError,
            "no other must be a QuantizeInput, got IntegerFlatten at 'a'",
        ),
        (
            [("a", entrance(), ()), ("b", entrance(), ())],
            ValueError,
            "got QuantizeInput at 'b'",
        ),
        (
            [("a", entrance(), ()), ("b", nn.ReLU(), (0,))],
            TypeError,
            "step 'b' must be on codes, got ReLU",
        ),
        (
            [("a", entrance(), ()), ("b", IntegerFlatten(), (1,))],
            ValueError,
            r"step that 'b' reads must be in \[0, 0\], got 1",
        ),
        (
            [("a", entrance(), ()), ("b", IntegerFlatten(), (0, 0))],
            ValueError,
            "number of inputs of 'b' must be 1, got 2",
        ),
        (
            [("a", entrance(), ()), ("a", IntegerFlatten(), (0,))],
            ValueError,
            "must be free, got 'a'",
        ),
        (
            [("a", entrance(), ()), ("a.b", IntegerFlatten(), (0,))],
            ValueError,
            "must not lie within others, got 'a.b'",
        ),
        (
            [("b.a", entrance(), ()), ("b", IntegerFlatten(), (0,))],
            ValueError,
            "must be free, got 'b'",
        ),
        (
            [("a", entrance(), ()), ("run", IntegerFlatten(), (0,))],
            ValueError,
            "must be free, got 'run'",
        ),
        (
            [("a", entrance(), ()), ("b..c", IntegerFlatten(), (0,))],
            ValueError,
            "must be free, got 'b..c'",
        ),
        (
            [("a", entrance(), ()), (7, IntegerFlatten(), (0,))],
            TypeError,
            "name of a step must be a string, got int",
        ),
    ],
)
def test_bad_wiring(steps, error, message):
    with pytest.raises(error, match=message):
        IntegerNetwork([Step(*step) for step in steps])


def test_grids_must_meet():
    network = chain(Step("add", adding(0.25), (0, 0)))
    with pytest.raises(ValueError, match="'add' must be made for what 'input'"):
        network.require_valid()


def test_bad_inputs():
    network = chain(
        Step("pool", IntegerMaxPool2d(kernel_size=(5, 5), stride=(1, 1)), (0,))
    )
    with pytest.raises(ValueError, match="input must be finite, got NaN"):
        network(torch.full((1, 1, 6, 6), torch.nan))
    with pytest.raises(TypeError, match="must be a uint8 tensor"):
        dict(network.run(torch.zeros(1, 1, 6, 6)))
    with pytest.raises(ValueError, match="step 'pool': kernel must fit"):
        network(torch.zeros(1, 1, 4, 4))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: IntegerAdd(x_bits=(8,), y_bits=8), ValueError, r"\[2, 2\]"),
        (lambda: IntegerAdd(x_bits=(8, 1), y_bits=8), ValueError, "x_bits mus"),
        (lambda: IntegerConcat(x_bits=(), y_bits=8), ValueError, "of inputs"),
        (
            lambda: IntegerMaxPool2d(kernel_size=(2, 2), stride=(0, 1)),
            ValueError,
            "stride must be in",
        ),
        (
            lambda: IntegerMaxPool2d(**POOL, padding=(2, 0)),
            ValueError,
            r"padding must be in \[0, 1\]",
        ),
        (
            lambda: IntegerAvgPool2d(
                **POOL, x_bits=(8,), y_bits=8, count_include_pad=1
            ),
            TypeError,
            "count_include_pad must be True or False",
        ),
        (
            lambda: IntegerTable(function="sin", x_bits=(8,), y_bits=8),
            ValueError,
            "function must be one of relu",
        ),
        (
            lambda: IntegerGlobalAvgPool2d(
                x_bits=(8,), y_bits=8, rounding="float64_half_away"
            ),
            ValueError,
            "rounding must be one of",
        ),
    ],
)
def test_bad_operations(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_entries_of_a_table_fit_its_bits():
    table = IntegerTable(function="tanh", x_bits=(4,), y_bits=3)
    assert table.table.shape == (16,)
    table.table[2] = 8
    with pytest.raises(ValueError, match="entries of table must be at most 7"):
        table.require_valid()
