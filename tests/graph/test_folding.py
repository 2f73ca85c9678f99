"""Normalizations are merged where nothing else depends on it, and only there.

Every network is compared with the folded one on its own input, and what stays
is told in a warning.
"""

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from mini_compress import models
from mini_compress.quantization import (
    fold_batchnorm,
    quantize_static,
    quantize_weights,
    unfolded_norms,
)
from tests.support.mistakes import assert_refused

IMAGE = (1, 8, 8)


class Net(nn.Module):
    """Parts, and whatever a test does with them."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run = run
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x):
        return self.run(self, x)


def conv(inputs=1, outputs=8, **options):
    return nn.Conv2d(inputs, outputs, 3, padding=1, **options)


def settled(model: nn.Module, shape=IMAGE) -> nn.Module:
    """Let normalizations see images, and give them scales and shifts."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _ in range(5):
            model.train()(torch.randn(8, *shape, generator=generator) * 3 + 1)
    for module in model.modules():
        if isinstance(module, _BatchNorm) and module.affine:
            nn.init.normal_(module.weight, generator=generator)
            nn.init.normal_(module.bias, generator=generator)
    return model.eval()


def norms_of(model: nn.Module) -> list[str]:
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, _BatchNorm)
    ]


def assert_folded(model: nn.Module, left: dict[str, str], shape=IMAGE) -> None:
    """Fold, compare outputs, and check what stays and what is said of it."""
    before = {name: x.clone() for name, x in model.state_dict().items()}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folded = fold_batchnorm(model)
    assert norms_of(folded) == list(left)
    assert unfolded_norms(model) == left
    assert len(caught) == bool(left)
    for name, why in left.items():
        assert repr(name) in str(caught[0].message)
        assert why in str(caught[0].message)
    x = torch.rand(4, *shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected, got = model(x), folded(x)
    # a few roundings of float32, of the largest output
    assert (got - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert not any(module.training for module in folded.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("name", models.NETWORKS)
def test_networks_of_the_book_are_folded_completely(name):
    assert_folded(settled(models.build(name), (1, 28, 28)), {}, (1, 28, 28))


def test_folding_equals_torchs_own():
    pair = settled(nn.Sequential(conv(3, 4), nn.BatchNorm2d(4)), (3, 8, 8))
    expected = torch.nn.utils.fusion.fuse_conv_bn_eval(*pair)
    folded = fold_batchnorm(pair)[0]
    torch.testing.assert_close(folded.weight, expected.weight)
    torch.testing.assert_close(folded.bias, expected.bias)


def residual(model, x):
    x = model.norm(model.conv(x)).relu()
    return model.inner_norm(input=model.inner(input=x)) + x


@pytest.mark.parametrize(
    "model",
    [
        Net(
            residual,
            conv=conv(bias=False),
            norm=nn.BatchNorm2d(8),
            inner=conv(8, groups=4),
            inner_norm=nn.BatchNorm2d(8, affine=False),
        ),
        nn.DataParallel(nn.Sequential(conv(), nn.BatchNorm2d(8))),
        nn.Sequential(nn.Sequential(conv()), nn.Sequential(nn.BatchNorm2d(8))),
        Net(
            lambda m, x: m.norm(m.conv(x)).add_(x).relu_(),
            conv=conv(padding_mode="reflect"),
            norm=nn.BatchNorm2d(8),
        ),
    ],
)
def test_a_pair_is_found_wherever_it_stands(model):
    assert_folded(settled(model), {})


def test_linear_layers_take_in_batchnorm1d():
    model = nn.Sequential(
        nn.Linear(6, 8),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Linear(8, 3, bias=False),
        nn.BatchNorm1d(3),
    )
    assert_folded(settled(model, (6,)), {}, (6,))


def test_a_folded_batchnorm1d_takes_no_third_axis():
    """Along which it would have normalized: the output would be another."""
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8))
    folded = fold_batchnorm(model)
    assert_refused(
        lambda: folded(torch.zeros(4, 8, 6)),
        "input of a BatchNorm1d that was folded must have 2 axes, got shape "
        "(4, 8, 8)",
    )


class Scaled(nn.Sequential):
    """A subclass need not run its parts one after the other."""

    def forward(self, x):
        return self[1](2 * self[0](x))


class Rectified(nn.BatchNorm2d):
    def forward(self, x):
        return super().forward(x).relu()


def read_twice(model, x):
    y = model.conv(x)
    return model.norm(y) + y


TAP = nn.Sequential(conv(), nn.BatchNorm2d(8))
TIED = Net(
    lambda m, x: m.norm(m.conv(x)) + m.other(x),
    conv=conv(),
    norm=nn.BatchNorm2d(8),
    other=conv(),
)
TIED.other.weight = TIED.conv.weight


@pytest.mark.parametrize(
    ("model", "left"),
    [
        (Scaled(conv(), nn.BatchNorm2d(8)), {"1": "does not follow a Conv2d"}),
        (
            nn.Sequential(nn.BatchNorm2d(1), conv(), nn.BatchNorm2d(8)),
            {"0": "does not follow a Conv2d"},
        ),
        (
            nn.Sequential(conv(), Rectified(8)),
            {"1": f"is a {__name__}.Rectified"},
        ),
        (
            nn.Sequential(
                conv(),
                nn.BatchNorm2d(8, track_running_stats=False),
                conv(8),
                nn.BatchNorm2d(8),
            ),
            {"1": "has no running statistics"},
        ),
        (
            Net(read_twice, conv=conv(), norm=nn.BatchNorm2d(8)),
            {"norm": "is not alone in reading 'conv'"},
        ),
        (
            Net(lambda m, x: m.tap(x) + m.tap[0](x), tap=TAP),
            {"tap.1": "follows 'tap.0', which runs 2 times"},
        ),
        (
            Net(
                lambda m, x: m.norm(m.two(m.norm(m.one(x)))),
                one=conv(),
                two=conv(8),
                norm=nn.BatchNorm2d(8),
            ),
            {"norm": "runs 2 times"},
        ),
        (
            Net(
                lambda m, x: functional.batch_norm(
                    m.conv(x), m.norm.running_mean, m.norm.running_var
                ),
                conv=conv(),
                norm=nn.BatchNorm2d(8),
            ),
            {"norm": "never runs"},
        ),
        (
            Net(
                lambda m, x: m.norm(m.conv(x)) * m.conv.weight.abs().sum(),
                conv=conv(),
                norm=nn.BatchNorm2d(8),
            ),
            {"norm": "one of their tensors is used elsewhere"},
        ),
        (TIED, {"norm": "one of their tensors is used elsewhere"}),
    ],
)
def test_what_is_used_otherwise_stays_and_is_told(model, left):
    model = settled(model)
    told = unfolded_norms(model)
    assert {name: left[name] in why for name, why in told.items()} == (
        dict.fromkeys(left, True)
    )
    assert_folded(model, told)


def test_hooks_between_the_two_keep_them_apart():
    model = settled(nn.Sequential(conv(), nn.BatchNorm2d(8)))
    model[0].register_forward_hook(lambda layer, inputs, output: 2 * output)
    told = {"1": "follows '0', and one of them has hooks"}
    assert_folded(model, told)


def test_a_normalization_of_another_width_stays():
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(5))
    told = {"1": "has another width than '0'"}
    assert_folded(settled(model, (5, 6)), told, (5, 6))


def test_what_is_frozen_stays_frozen_and_a_new_bias_follows_the_weight():
    model = nn.Sequential(
        conv(bias=False),
        nn.BatchNorm2d(8),
        conv(8, bias=False),
        nn.BatchNorm2d(8),
        conv(8),
        nn.BatchNorm2d(8),
    )
    model[0].weight.requires_grad_(False)
    model[4].bias.requires_grad_(False)
    folded = fold_batchnorm(model)
    assert {n: p.requires_grad for n, p in folded.named_parameters()} == {
        "0.weight": False,
        "0.bias": False,
        "2.weight": True,
        "2.bias": True,
        "4.weight": True,
        "4.bias": False,
    }


def test_a_layer_keeps_its_dtype():
    model = settled(nn.Sequential(conv(), nn.BatchNorm2d(8))).bfloat16()
    folded = fold_batchnorm(model)
    assert {x.dtype for x in folded.parameters()} == {torch.bfloat16}


def test_aliases_are_folded_with_what_they_name():
    model = Net(
        lambda m, x: m.norm(m.conv(x)), conv=conv(), norm=nn.BatchNorm2d(8)
    )
    model.same, model.same_norm = model.conv, model.norm
    assert_folded(settled(model), {})


def test_a_network_quantized_in_part_is_folded_in_the_other():
    model = settled(
        nn.Sequential(conv(), nn.BatchNorm2d(8), conv(8), nn.BatchNorm2d(8))
    )
    part = quantize_weights(model, layers=["0"])
    assert_folded(part, {"1": "does not follow a Conv2d"})


def test_a_network_without_normalizations_is_not_traced():
    class Decides(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    assert_folded(Decides(), {})


def test_what_cannot_be_traced_is_an_error_with_the_cure():
    class Decides(nn.Sequential):
        def forward(self, x):
            return super().forward(x) if x.sum() > 0 else x

    model = nn.Sequential(Decides(conv(), nn.BatchNorm2d(8)))
    with pytest.raises(ValueError, match=r"got Decides at '0'.* by themselves"):
        fold_batchnorm(model)


def test_reading_more_of_a_normalization_is_an_error():
    model = Net(
        lambda m, x: m.norm(m.conv(x)) * m.norm.num_features,
        conv=conv(),
        norm=nn.BatchNorm2d(8),
    )
    with pytest.raises(ValueError, match="must run without its normaliz"):
        fold_batchnorm(model)


def test_static_quantization_names_the_normalizations_that_stay():
    model = settled(nn.Sequential(conv(), nn.ReLU(), nn.BatchNorm2d(8)))
    images = torch.rand(4, *IMAGE)
    with pytest.warns(UserWarning, match="1 batch norm.* float32: '2'"):
        quantize_static(model, images)
