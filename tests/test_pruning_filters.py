"""Channels are scored, chosen, counted, and the report says what came of it."""

import pytest
import torch
from live_networks import build, random_images
from torch import nn
from torch.nn import functional

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

IMAGES = random_images(7).float()
LABELS = torch.arange(7)
GIVEN = {"images": IMAGES, "labels": LABELS}
NORMED = [name for name in CRITERIA if name != "bn_scale"]


def scores_of(model, criterion, **options):
    groups = find_groups(model)
    scores = score_channels(model, groups, criterion, **options)
    return {group.name: values for group, values in scores.items()}


@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_channel_gets_a_score(criterion):
    model = build("ResNet8").float().train()
    before = {name: x.clone() for name, x in model.state_dict().items()}
    scores = score_channels(model, find_groups(model), criterion, **GIVEN)
    for group, values in scores.items():
        assert values.shape == (group.channels,)
        assert values.dtype == torch.float64
        assert (values >= 0).all()
        assert len(values.unique()) > 1
    assert model.training
    assert all(x.grad is None for x in model.parameters())
    assert all(
        torch.equal(x, before[name]) for name, x in model.state_dict().items()
    )


@pytest.mark.parametrize(("criterion", "order"), [("l1", 1), ("l2", 2)])
def test_norms_are_those_of_the_filters(criterion, order):
    model = models.build("ResNet8")
    scores = scores_of(model, criterion)
    [inner] = [x for name, x in scores.items() if name == "features.3.body.0"]
    weight = model.features[3].body[0].weight.detach().double()
    expected = torch.stack([x.flatten().norm(order) for x in weight])
    torch.testing.assert_close(inner, expected)
    both = (model.features[4].body[3], model.features[4].skip[0])
    expected = sum(
        layer.weight.detach().double().flatten(1).norm(order, dim=1)
        for layer in both
    )
    torch.testing.assert_close(scores["features.4.body.3"], expected)


def test_scales_are_summed_where_channels_are_added():
    model = build("ResNet8")
    norms = (model.features[1], model.features[3].body[4])
    expected = sum(norm.weight.detach().abs() for norm in norms)
    torch.testing.assert_close(
        scores_of(model, "bn_scale")["features.0"], expected
    )


def hidden(model, images):
    """Activations of LeNet5 behind its ReLUs, (n, channels, positions)."""
    first = model.features[:2](images)
    second = model.features[2:5](first)
    third = model.classifier[:3](model.features[5](second))
    return [
        x.flatten(2) if x.ndim > 2 else x[:, :, None]
        for x in (first, second, third)
    ]


def test_activations_are_taken_behind_the_relu():
    model = build("LeNet5").float()
    with torch.no_grad():
        maps = hidden(model, IMAGES)
    means = scores_of(model, "mean_activation", images=IMAGES)
    shares = scores_of(model, "apoz", images=IMAGES)
    for got, share, values in zip(
        means.values(), shares.values(), maps, strict=True
    ):
        torch.testing.assert_close(got, values.double().mean((0, 2)))
        zeros = (values == 0).double().mean((0, 2))  # APoZ
        torch.testing.assert_close(share, 1 - zeros)


def test_batches_do_not_matter():
    many = random_images(1003).float()
    labels = torch.arange(1003) % 10
    model = build("LeNet300").float()
    for criterion in ("mean_activation", "apoz", "taylor"):
        whole = scores_of(model, criterion, images=many, labels=labels)
        parts = [
            scores_of(model, criterion, images=x, labels=y)
            for x, y in ((many[:499], labels[:499]), (many[499:], labels[499:]))
        ]
        for name, values in whole.items():
            mixed = (499 * parts[0][name] + 504 * parts[1][name]) / 1003
            torch.testing.assert_close(values, mixed)


def test_taylor_is_the_change_of_the_loss_to_first_order():
    """Scale one channel down a little: the loss changes in proportion."""
    model = build("LeNet5")
    images, labels = random_images(1), LABELS[:1]
    group, *_ = find_groups(model)
    step = 1e-6

    def loss_without(share, channel):
        maps = model.features[:2](images).clone()
        maps[:, channel] *= 1 - share
        logits = model.classifier(model.features[2:](maps))
        return functional.cross_entropy(logits, labels).item()

    # images must be float32 for the criterion: the same network in float32
    scores = scores_of(
        model.float(), "taylor", images=images.float(), labels=labels
    )
    model.double()
    with torch.no_grad():
        for channel in range(group.channels):
            change = loss_without(step, channel) - loss_without(0, channel)
            got = scores["features.0"][channel].item()
            assert got == pytest.approx(abs(change) / step, rel=1e-3, abs=1e-6)


def test_frozen_weights_can_be_scored():
    model = build("ConvNet").float().requires_grad_(False)
    scores = scores_of(model, "taylor", **GIVEN)
    assert scores["features.0"].sum() > 0
    assert not any(x.requires_grad for x in model.parameters())


def test_relus_in_place_do_not_spoil_what_was_seen():
    plain, in_place = build("LeNet300"), build("LeNet300")
    for module in in_place.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = True
    for criterion in ("apoz", "taylor"):
        one, other = (
            scores_of(model.float(), criterion, **GIVEN)
            for model in (plain, in_place)
        )
        for name in one:
            assert torch.equal(one[name], other[name])


def test_random_scores_depend_on_the_seed_alone():
    model = models.build("ConvNet")
    one, same, other = (
        scores_of(model, "random", seed=seed) for seed in (0, 0, 1)
    )
    assert torch.equal(one["features.0"], same["features.0"])
    assert not torch.equal(one["features.0"], other["features.0"])
    assert not torch.equal(one["features.3"], one["features.6"])


@pytest.mark.parametrize("ratio", [0, 0.1, 0.25, 0.5, 0.9, 0.999])
def test_each_group_loses_its_share_and_keeps_one(ratio):
    model = models.build("ConvNet")
    _, report = prune_filters(model, ratio)
    for one in report.groups:
        before, after = one.channels
        assert after == max(before - num_pruned(before, ratio), 1)
        assert list(one.kept) == sorted(set(one.kept))


@pytest.mark.parametrize("criterion", NORMED)
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
            {"scope": "layer"},
            ValueError,
            "scope must be one of group, global; got 'layer'",
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
            {"criterion": "taylor", "images": IMAGES, "labels": LABELS[:3]},
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
