"""Factored layers: torch's own convolution of the weight that they stand for.

In float64, so that what is left is rounding.
"""

import copy

import numpy as np
import pytest
import tensorly
import torch
from hypothesis import given
from hypothesis import strategies as st
from tensorly import decomposition as peer
from torch import nn
from torch.nn import functional

from mini_compress.kernels.low_rank import tucker_to_tensor
from mini_compress.layers import (
    LowRankConv2d,
    LowRankLinear,
    SeparableConv2d,
    TuckerConv2d,
    geometry_of,
)
from mini_compress.layers.kinds import FACTORED
from mini_compress.pruning import apply_masks, magnitude_masks, store_sparse
from mini_compress.quantization import quantize_weights
from tests.support.strategies import quick

CONVOLUTIONS = [LowRankConv2d, SeparableConv2d, TuckerConv2d]
KERNELS = [(1, 3), (5, 1), (4, 4), (3, 2), (1, 1)]
ROUNDING = 1e-11


@st.composite
def convolutions(draw) -> nn.Conv2d:
    """Draw a convolution whose two axes differ in all there is."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    kernel = draw(st.sampled_from(KERNELS))
    dilation = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = tuple(
        draw(st.integers(0, min(3, side * gap)))
        for side, gap in zip(kernel, dilation, strict=True)
    )
    torch.manual_seed(draw(st.integers(0, 2**32 - 1)))
    return nn.Conv2d(
        groups * draw(st.integers(1, 4)),
        groups * draw(st.integers(1, 4)),
        kernel,
        stride=draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
    ).double()


def images_for(conv: nn.Conv2d) -> torch.Tensor:
    return torch.randn(2, conv.in_channels, 13, 14, dtype=torch.float64)


def settings_of(kind, ranks) -> int | tuple:
    return tuple(ranks) if kind is TuckerConv2d else ranks[0]


@pytest.mark.parametrize("kind", CONVOLUTIONS)
@quick
@given(conv=convolutions(), data=st.data())
def test_a_chain_convolves_with_the_weight_that_it_stands_for(kind, conv, data):
    x, before = images_for(conv), copy.deepcopy(conv)
    geometry = geometry_of(conv)
    largest = kind.largest_ranks(geometry)
    full = kind.from_conv(conv, settings_of(kind, largest))
    torch.testing.assert_close(full(x), conv(x), rtol=0, atol=ROUNDING)
    ranks = tuple(data.draw(st.integers(1, most)) for most in largest)
    low = kind.from_conv(conv, settings_of(kind, ranks))
    assert low.geometry == geometry
    assert low.ranks == ranks
    weight = low.dense_weight()
    assert weight.shape == conv.weight.shape
    expected = functional.conv2d(
        x,
        weight,
        conv.bias,
        conv.stride,
        conv.padding,
        conv.dilation,
        conv.groups,
    )
    torch.testing.assert_close(low(x), expected, rtol=0, atol=ROUNDING)
    low.require_valid()
    assert repr(conv) == repr(before)
    assert torch.equal(conv.weight, before.weight)


@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_of_low_rank(bias):
    layer = nn.Linear(7, 5, bias=bias).double()
    x = torch.randn(3, 4, 7, dtype=torch.float64)
    full = LowRankLinear.from_linear(layer, 5)
    torch.testing.assert_close(full(x), layer(x), rtol=0, atol=ROUNDING)
    low = LowRankLinear.from_linear(layer, 2)
    expected = functional.linear(x, low.dense_weight(), layer.bias)
    torch.testing.assert_close(low(x), expected, rtol=0, atol=ROUNDING)
    assert (low.bias is None) == (not bias)
    assert low.first.bias is None
    assert (low.first.in_features, low.second.out_features) == (7, 5)


def test_nothing_of_its_rank_is_nearer_than_the_svd():
    layer = nn.Linear(9, 6).double()
    weight = layer.weight.detach()
    values = torch.linalg.svdvals(weight)
    for rank in range(1, 7):
        near = LowRankLinear.from_linear(layer, rank).dense_weight()
        missed = torch.linalg.norm(weight - near)
        assert torch.isclose(missed, torch.linalg.norm(values[rank:]))


def planted(conv: nn.Conv2d, kind, ranks) -> nn.Conv2d:
    """Give a convolution a weight of given ranks, from random parts."""
    generator = torch.Generator().manual_seed(3)
    low = kind.from_conv(conv, settings_of(kind, ranks))
    for part in low.children():
        part.weight.data.normal_(generator=generator)
    conv.weight.data.copy_(low.dense_weight())
    return conv


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_planted_ranks_are_recovered(kind, groups):
    conv = nn.Conv2d(8, 12, (3, 5), groups=groups).double()
    ranks = (3, 2) if kind is TuckerConv2d else (3,)
    conv = planted(conv, kind, ranks)
    size = torch.linalg.norm(conv.weight)
    found = kind.from_conv(conv, settings_of(kind, ranks)).dense_weight()
    # partial_tucker computes with squares: 1e-8 of the size may be missed
    assert torch.linalg.norm(conv.weight - found) < 1e-7 * size
    for i in range(len(ranks)):
        less = tuple(x - (i == j) for j, x in enumerate(ranks))
        near = kind.from_conv(conv, settings_of(kind, less)).dense_weight()
        assert torch.linalg.norm(conv.weight - near) > 1e-2 * size


def test_tucker_has_the_error_of_tensorly():
    torch.manual_seed(4)
    conv = nn.Conv2d(10, 12, 3)
    low = TuckerConv2d.from_conv(conv, (5, 4))
    weight = conv.weight.detach().double().numpy()
    (core, factors), _ = peer.partial_tucker(
        weight, [5, 4], modes=[0, 1], tol=1e-8, n_iter_max=500
    )
    near = tensorly.tenalg.multi_mode_dot(core, factors, modes=[0, 1])
    ours = np.linalg.norm(weight - low.dense_weight().double().numpy())
    # neither may stop in a worse optimum
    assert ours <= np.linalg.norm(weight - near) * 1.001
    parts = [x.weight.detach().double().numpy() for x in low.children()]
    first, core, last = (
        x.squeeze((2, 3)) if x.shape[2] == 1 else x for x in parts
    )
    rebuilt = tucker_to_tensor(core, [last, first.T], modes=(0, 1))
    assert np.allclose(rebuilt, low.dense_weight().numpy(), atol=1e-6)
    assert np.allclose(last.T @ last, np.eye(5), atol=1e-6)
    assert np.allclose(first @ first.T, np.eye(4), atol=1e-6)


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_its_weight_is_that_of_three_products(kind):
    conv = nn.Conv2d(4, 6, (2, 3)).double()
    low = kind.from_conv(
        conv, settings_of(kind, kind.largest_ranks(geometry_of(conv)))
    )
    parts = [x.weight for x in low.children()]
    if kind is LowRankConv2d:
        whole = torch.einsum("or,rikl->oikl", parts[1][:, :, 0, 0], parts[0])
    elif kind is SeparableConv2d:
        whole = torch.einsum(
            "rik,orl->oikl", parts[0][..., 0], parts[1][:, :, 0]
        )
    else:
        first, core, last = parts[0][:, :, 0, 0], parts[1], parts[2][:, :, 0, 0]
        whole = torch.einsum("or,rskl,si->oikl", last, core, first)
    torch.testing.assert_close(low.dense_weight(), whole.detach())


@pytest.mark.parametrize(
    ("kind", "names"),
    [(LowRankLinear, "first second"), (SeparableConv2d, "vertical horizontal")],
)
def test_its_parts_are_balanced(kind, names):
    if kind is LowRankLinear:
        low = kind.from_linear(nn.Linear(9, 6), 3)
    else:
        low = kind.from_conv(nn.Conv2d(4, 6, 3), 3)
    one, other = (low.get_submodule(x).weight.detach() for x in names.split())
    rows = one.reshape(3, -1).norm(dim=1)
    columns = other.transpose(0, 1).reshape(3, -1).norm(dim=1)
    torch.testing.assert_close(rows, columns)


def test_a_moment_brings_the_nearest_outputs():
    rng = np.random.default_rng(5)
    torch.manual_seed(5)
    layer = nn.Linear(8, 6).double()
    inputs = rng.standard_normal((40, 8)) * np.geomspace(1, 50, 8)
    moment = inputs.T @ inputs / len(inputs)
    low = LowRankLinear.from_linear(layer, 2, moment=moment)
    outputs = inputs @ layer.weight.detach().numpy().T
    left, values, right = np.linalg.svd(outputs, full_matrices=False)
    best = left[:, :2] * values[:2] @ right[:2]
    got = inputs @ low.dense_weight().numpy().T
    assert np.allclose(got, best, atol=1e-9 * np.abs(best).max())
    plain = LowRankLinear.from_linear(layer, 2).dense_weight().numpy()
    assert np.linalg.norm(inputs @ plain.T - outputs) > 1.5 * np.linalg.norm(
        got - outputs
    )
    rows = low.first.weight.detach().norm(dim=1)
    columns = low.second.weight.detach().norm(dim=0)
    torch.testing.assert_close(rows, columns)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_moment_of_windows_brings_the_nearest_outputs(groups):
    torch.manual_seed(6)
    conv = nn.Conv2d(
        4, 6, (3, 2), stride=2, padding=1, groups=groups, bias=False
    ).double()
    x = images_for(conv) * torch.tensor([1, 30, 3, 10]).reshape(4, 1, 1)
    windows = functional.unfold(x, (3, 2), 1, 1, 2)  # (images, d, places)
    blocks = windows.permute(1, 0, 2).reshape(groups, 24 // groups, -1)
    moment = (blocks @ blocks.mT / blocks.shape[-1]).numpy()
    low = LowRankConv2d.from_conv(conv, 2, moment=moment)
    # (groups, outputs of a group, images * places)
    outputs = conv.weight.detach().reshape(groups, 6 // groups, -1) @ blocks
    tails = torch.linalg.svdvals(outputs)[:, 2:]
    missed = torch.linalg.norm(conv(x) - low(x))
    assert torch.isclose(missed, torch.linalg.norm(tails))


@pytest.mark.parametrize("kind", FACTORED.values())
def test_all_parts_are_trained(kind):
    torch.manual_seed(7)
    if kind is LowRankLinear:
        low, x = kind.from_linear(nn.Linear(6, 5), 2), torch.randn(3, 6)
    else:
        conv = nn.Conv2d(4, 5, 3)
        low = kind.from_conv(conv, settings_of(kind, (2, 2)))
        x = torch.randn(3, 4, 5, 5)
    (low(x) ** 2).sum().backward()
    for name, parameter in low.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_what_was_frozen_stays_frozen_and_nothing_is_drawn():
    layer = nn.Linear(4, 3)
    layer.weight.requires_grad = False
    state = torch.random.get_rng_state()
    low = LowRankLinear.from_linear(layer.eval(), 2)
    assert torch.equal(torch.random.get_rng_state(), state)
    trained = {name: x.requires_grad for name, x in low.named_parameters()}
    assert trained == {
        "first.weight": False,
        "second.weight": False,
        "second.bias": True,
    }
    assert not low.training
    assert low.bias is not layer.bias


@pytest.mark.parametrize("kind", FACTORED.values())
def test_its_constructor_draws_first_weights(kind):
    layer = nn.Linear(6, 5) if kind is LowRankLinear else nn.Conv2d(4, 5, 3)
    geometry = geometry_of(layer)
    rank = {"ranks": (2, 2)} if kind is TuckerConv2d else {"rank": 2}
    torch.manual_seed(0)
    one, other = (kind(geometry, bias=True, **rank) for _ in range(2))
    assert one.geometry == geometry
    assert one.settings == {"bias": True, **rank}
    for x, y in zip(one.parameters(), other.parameters(), strict=True):
        assert x.requires_grad
        assert not torch.equal(x, y)


@pytest.mark.parametrize("kind", FACTORED.values())
def test_parts_that_are_compressed_change_nothing_else(kind):
    torch.manual_seed(8)
    layer = nn.Linear(60, 50) if kind is LowRankLinear else nn.Conv2d(8, 9, 3)
    make = getattr(kind, "from_linear", None) or kind.from_conv
    low = make(layer, settings_of(kind, (5, 4)))
    masked = apply_masks(low, magnitude_masks(low, 0.9))
    for small in (quantize_weights(low, bits=8), store_sparse(masked)):
        assert type(small) is kind
        assert small.geometry == low.geometry
        assert small.settings == low.settings
        small.require_valid()
        part = next(iter(small.named_children()))[0]
        assert torch.equal(
            small.part_weight(part),
            small.get_submodule(part).dense_weight(),
        )
    close = quantize_weights(low, bits=8).dense_weight() - low.dense_weight()
    assert 0 < close.norm() < 0.05 * low.dense_weight().norm()
    assert torch.equal(
        store_sparse(masked).dense_weight(), masked.dense_weight()
    )
