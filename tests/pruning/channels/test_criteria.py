"""Channels get a score by each criterion."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from mini_compress import models
from mini_compress.pruning import (
    CRITERIA,
    find_groups,
    score_channels,
)
from tests.support.live_networks import GIVEN, build, random_images

IMAGES = GIVEN["images"]


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
    images, labels = random_images(1), GIVEN["labels"][:1]
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
