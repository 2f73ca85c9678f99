"""Channels are chosen, removed, and the report says what came of it."""

import pytest
import torch
from torch import nn

from mini_compress import hardware, models
from mini_compress.kernels.masks import num_pruned
from mini_compress.pruning import (
    CRITERIA,
    choose_channels,
    find_groups,
    prune_filters,
    recalibrate_norms,
    score_channels,
)
from tests.support.live_networks import GIVEN, build, random_images

IMAGES = GIVEN["images"]


@pytest.mark.parametrize("ratio", [0, 0.1, 0.25, 0.5, 0.9, 0.999])
def test_each_group_loses_its_share_and_keeps_one(ratio):
    model = models.build("ConvNet")
    _, report = prune_filters(model, ratio)
    for one in report.groups:
        before, after = one.channels
        assert after == max(before - num_pruned(before, ratio), 1)
        assert list(one.kept) == sorted(set(one.kept))


@pytest.mark.parametrize("criterion", sorted({*CRITERIA} - {"bn_scale"}))
@pytest.mark.parametrize("ratio", [0.3, 0.97])
def test_globally_the_sum_is_right_and_no_group_is_emptied(criterion, ratio):
    model = build("LeNet5").float()
    _, report = prune_filters(
        model, ratio, criterion=criterion, scope="global", **GIVEN
    )
    before, after = report.channels
    assert after == before - num_pruned(before, ratio)
    assert all(len(one.kept) >= 1 for one in report.groups)
    _, report = prune_filters(
        model, 0.999, criterion=criterion, scope="global", **GIVEN
    )
    assert report.channels == (570, 3)


def test_the_lowest_scores_go():
    group, _ = find_groups(models.LeNet300())
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(300, generator=generator, dtype=torch.float64)
    kept = choose_channels({group: values}, 0.9)[group]
    assert set(kept) == set(values.argsort()[-30:].tolist())
    equal = choose_channels({group: torch.ones(300).double()}, 0.99)[group]
    assert equal == [0, 1, 2]


def test_global_norms_are_relative_and_scales_are_not():
    """Weights of one layer times 100: l1 does not mind, bn_scale would."""
    model = models.build("ConvNet")
    _, before = prune_filters(model, 0.5, scope="global")
    with torch.no_grad():
        model.features[0].weight.mul_(100)
        model.features[1].weight.mul_(100)
    _, after = prune_filters(model, 0.5, scope="global")
    assert [x.kept for x in before.groups] == [x.kept for x in after.groups]
    _, scales = prune_filters(model, 0.5, criterion="bn_scale", scope="global")
    assert len(scales.groups[0].kept) == 16


def test_the_report_counts_what_the_ledger_counts():
    model = models.build("ResNet8")
    small, report = prune_filters(model, 0.5)
    for number, one in enumerate((model, small)):
        ledger = hardware.ledger(one)
        assert report.parameters[number] == ledger.parameters
        assert report.macs[number] == ledger.macs
    assert report.channel_ratio == report.requested == 0.5
    # a layer between two pruned ones keeps a quarter of its weights
    assert report.param_ratio == pytest.approx(1 - 0.5**2, abs=0.01)
    text = repr(report)
    assert "parameters           77,754   19,810   74.5 %" in text
    assert (
        "features.4.body.3, features.4.skip.0      32     16   50.0 %" in text
    )
    assert report._repr_html_().count("<table") == 2
    assert report.kept[report.groups[0].group] == report.groups[0].kept


def test_groups_by_name():
    model = models.build("LeNet5")
    small, report = prune_filters(model, 0.5, layers=["classifier.1"])
    assert small.features[3].out_channels == 50
    assert small.classifier[1].out_features == 250
    assert report.channels == (500, 250)


def test_a_layer_brings_those_that_share_its_channels():
    model = models.build("ResNet8")
    by_any, by_first = (
        prune_filters(model, 0.5, layers=layers).report
        for layers in (["features.3.body.3", "features.0"], ["features.0"])
    )
    assert by_any == by_first  # and it is pruned once
    assert "features.3.body.3" in by_first.groups[0].group.producers


def test_two_words_for_each_by_itself():
    model = models.build("LeNet300")
    one, other = (
        prune_filters(model, 0.5, scope=scope) for scope in ("layer", "group")
    )
    assert one.report == other.report == prune_filters(model, 0.5).report
    assert one.report.scope == "layer"


NAN = models.build("LeNet300")
nn.init.constant_(NAN.classifier[1].weight, float("nan"))


class NoReLU(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(784, 5), nn.Linear(5, 10)

    def forward(self, x):
        return self.two(self.one(x.flatten(1)))


@pytest.mark.parametrize(
    ("model", "ratio", "options", "error", "message"),
    [
        (models.LeNet5(), 1.0, {}, ValueError, r"in \[0, 1\), got 1"),
        (models.LeNet5(), -0.1, {}, ValueError, r"in \[0, 1\), got -0.1"),
        (models.LeNet5(), "half", {}, TypeError, "must be a number, got str"),
        (
            models.LeNet5(),
            0.5,
            {"criterion": "norm"},
            ValueError,
            "one of l1, l2, bn_scale, mean_activation, apoz, taylor, random",
        ),
        (
            models.LeNet5(),
            0.5,
            {"scope": "network"},
            ValueError,
            "scope must be one of layer, group, global; got 'network'",
        ),
        (
            models.LeNet5(),
            0.5,
            {"criterion": "bn_scale"},
            ValueError,
            "batch normalization with a scale .* got none for 'features.0'",
        ),
        (
            models.LeNet5(),
            0.5,
            {"criterion": "apoz"},
            TypeError,
            "images must be a float32 tensor, got NoneType",
        ),
        (
            models.LeNet5(),
            0.5,
            {"criterion": "taylor", "images": IMAGES},
            TypeError,
            "labels must be a tensor, got NoneType",
        ),
        (
            models.LeNet5(),
            0.5,
            {"criterion": "taylor", **GIVEN, "labels": GIVEN["labels"][:3]},
            ValueError,
            "number of labels must be 7, got 3",
        ),
        (
            models.LeNet5(),
            0.5,
            {"criterion": "apoz", "images": IMAGES[:0]},
            ValueError,
            "images must not be empty",
        ),
        (
            models.LeNet5(),
            0.5,
            {"layers": ["features.1"]},
            ValueError,
            "layers' names must be one of features.0, .* got 'features.1'",
        ),
        (models.LeNet5(), 0.5, {"layers": "all"}, TypeError, "list of names"),
        (models.LeNet5(), 0.5, {"layers": []}, ValueError, "got none"),
        (NAN, 0.5, {}, ValueError, "l1 of 'classifier.1' must be finite"),
        (
            NoReLU(),
            0.5,
            {"criterion": "apoz", "images": IMAGES},
            ValueError,
            "must have a ReLU behind which .* got none for 'one'",
        ),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
            0.5,
            {},
            ValueError,
            "channels between two layers to prune, got none",
        ),
        ("LeNet5", 0.5, {}, TypeError, "Module, got str"),
    ],
)
def test_bad_requests(model, ratio, options, error, message):
    with pytest.raises(error, match=message):
        prune_filters(model, ratio, **options)


def test_groups_of_another_model_are_refused():
    groups = find_groups(models.LeNet5())
    with pytest.raises(
        ValueError, match=r"of 'features.0' must be 20, got None"
    ):
        score_channels(models.LeNet300(), groups, "apoz", images=IMAGES)


def test_normalizations_are_measured_anew():
    model = build("ConvNet").float()
    images = random_images(600).float()
    again = recalibrate_norms(model, images)
    assert not any(module.training for module in again.modules())
    maps = model.features[0](images)
    norm = again.features[1]
    torch.testing.assert_close(norm.running_mean, maps.mean((0, 2, 3)))
    halves = [x.var((0, 2, 3)) for x in maps.chunk(2)]
    torch.testing.assert_close(norm.running_var, sum(halves) / 2)
    outputs = again.features[:2](images).transpose(0, 1).flatten(1)
    torch.testing.assert_close(outputs.mean(1), norm.bias, atol=1e-4, rtol=0)
    before, after = model.state_dict(), again.state_dict()
    for name in before:
        same = torch.equal(before[name], after[name])
        assert same == ("running" not in name and "num_" not in name)
    assert norm.momentum == model.features[1].momentum == 0.1
    with pytest.raises(TypeError, match="images must be a float32 tensor"):
        recalibrate_norms(model, images.double())


def test_dropout_stays_off_while_normalizations_are_measured():
    model = build("Mixed").float()
    one, other = (recalibrate_norms(model, IMAGES) for _ in range(2))
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


def test_one_image_shows_no_spread():
    model = models.build("ConvNet")
    with pytest.raises(ValueError, match="must be >= 2 for batch norm"):
        recalibrate_norms(model, IMAGES[:1])
