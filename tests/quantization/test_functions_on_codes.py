"""GELU, softmax and layer normalization on codes, in a float network."""

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import models
from mini_compress.quantization import functions_on_codes


def images(count: int = 8) -> torch.Tensor:
    rng = torch.Generator().manual_seed(0)
    return torch.rand(count, 1, 28, 28, generator=rng)


def one(module: nn.Module, x: torch.Tensor, **options) -> torch.Tensor:
    """Put a module on codes whose grids are those of x; give it x."""
    kinds = ["gelu", "softmax", "layer_norm"]
    net = functions_on_codes(nn.Sequential(module), x, kinds, **options)
    return net(x).detach()


def weighted_norm() -> nn.LayerNorm:
    norm = nn.LayerNorm(28)
    norm.weight.data = torch.linspace(0.5, 2, 28)
    norm.bias.data = torch.linspace(-1, 1, 28)
    return norm


@pytest.mark.parametrize(
    "module",
    [
        nn.GELU(),
        nn.GELU(approximate="tanh"),
        nn.Softmax(dim=-1),
        nn.Softmax(dim=2),
        weighted_norm(),
        nn.LayerNorm(28, bias=False),
        nn.LayerNorm(28, elementwise_affine=False),
    ],
    ids=str,
)
def test_codes_give_what_floats_give_between_the_same_grids(module):
    x = 6 * images() - 3
    near = one(module, x)
    control = one(module, x, in_float=True)
    exact = module(x).detach()
    step = (exact.max() - exact.min()) / 255
    if isinstance(module, nn.Softmax):
        step = torch.tensor(1 / 256)
    assert (near - control).abs().max() <= 1.001 * step  # ties
    assert (near != control).float().mean() < 0.01
    slope = 2.5  # more than any of these functions has here, weight included
    in_step = 6 / 255
    assert (near - exact).abs().max() <= slope * in_step + step
    assert not torch.equal(near, exact)


def test_fewer_bits_are_further_off():
    x = 6 * images() - 3
    exact = nn.functional.gelu(x)
    errors = [
        float((one(nn.GELU(), x, bits=bits) - exact).abs().mean())
        for bits in (8, 6, 4, 2)
    ]
    assert np.all(np.diff(errors) > 0)


def test_only_the_named_kinds_change_and_the_model_stays():
    net = models.vision_transformer(depth=1, seed=0)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    changed = functions_on_codes(net, images(), ["softmax"], bits=4)
    kinds = [type(x).__name__ for x in changed.modules()]
    assert kinds.count("OnCodes") == 1
    assert type(changed.blocks[0].attention.softmax).__name__ == "OnCodes"
    assert net.training
    assert not changed.training
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())


def test_grids_are_those_of_the_calibration_images():
    # what lies beyond them saturates
    net = functions_on_codes(nn.Sequential(nn.GELU()), images(), ["gelu"])
    high = net(torch.full((1, 1, 2, 2), 50.0))
    assert high.max() < 1


@pytest.mark.parametrize(
    ("model", "kinds", "options", "error", "message"),
    [
        (nn.ReLU(), ["gelu"], {}, ValueError, "must have one of"),
        (nn.Sequential(nn.GELU()), ["relu"], {}, ValueError, "kinds"),
        (nn.Sequential(nn.GELU()), ["gelu"], {"bits": 9}, ValueError, "bits"),
        (
            nn.Sequential(nn.GELU()),
            ["gelu"],
            {"in_float": 1},
            TypeError,
            "in_float",
        ),
        (
            nn.Sequential(nn.LayerNorm((28, 28))),
            ["layer_norm"],
            {},
            ValueError,
            "axes of a layer normalization",
        ),
    ],
)
def test_bad_requests(model, kinds, options, error, message):
    with pytest.raises(error, match=message):
        functions_on_codes(model, images(), kinds, **options)
