"""What comes in from outside: losses, modules trained along, augmentation."""

import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional

from mini_compress import models, training
from mini_compress.training import cross_entropy
from tests.support.network_weights import same_weights


def train(data, network="LeNet300", **changes):
    settings = {"epochs": 3, "progress": False} | changes
    return training.train(models.build(network), data, **settings)


def test_the_usual_loss_is_cross_entropy(small):
    def written_out(model, batch):
        return nn.CrossEntropyLoss()(model(batch.images), batch.labels)

    assert same_weights(
        train(small).model, train(small, loss=written_out).model
    )


def test_a_loss_is_told_which_images_it_sees(small):
    seen = []

    def note(model, batch):
        seen.append(batch)
        return cross_entropy(model, batch)

    train(small, loss=note, epochs=2, batch_size=250)
    assert [batch.epoch for batch in seen] == [1, 1, 1, 2, 2, 2]
    for batches in (seen[:3], seen[3:]):
        indices = torch.cat([batch.indices for batch in batches])
        assert sorted(indices.tolist()) == list(range(600))
    assert not torch.equal(seen[0].indices, seen[3].indices)
    for batch in seen:
        images = small.train.images[batch.indices]
        assert torch.equal(batch.images, images)
        assert torch.equal(batch.labels, small.train.labels[batch.indices])


def test_a_student_learns_from_cached_logits_without_labels(small):
    """Distillation: what the teacher thinks is looked up by the indices."""
    teacher = train(small, epochs=6).model
    with torch.no_grad():
        logits = teacher(small.train.images)

    def distill(model, batch):
        return functional.kl_div(
            functional.log_softmax(model(batch.images), 1),
            functional.log_softmax(logits[batch.indices], 1),
            reduction="batchmean",
            log_target=True,
        )

    unlabeled = dataclasses.replace(small.train, labels=None)
    data = dataclasses.replace(small, train=unlabeled)
    student = train(data, loss=distill, epochs=6).model
    agree = training.predict(student, small.test.images)
    agree = agree == training.predict(teacher, small.test.images)
    assert agree.float().mean() > 0.8
    shuffled = logits[torch.randperm(600, generator=torch.Generator())]
    logits = shuffled  # the wrong image's logits teach nothing
    worse = training.predict(
        train(data, loss=distill, epochs=6).model, small.test.images
    )
    assert (worse == small.test.labels).float().mean() < 0.4


def round_weights(weight, levels=3):
    """Round to a few even levels; gradients pass as if nothing had been."""
    step = weight.detach().abs().max() / (levels // 2)
    rounded = step * torch.round(weight.detach() / step)
    return weight + (rounded - weight).detach()


def test_a_network_learns_to_be_quantized(small):
    """Quantization-aware training: the loss sees rounded weights."""

    def rounded(model):
        return {
            name: round_weights(value) if value.ndim > 1 else value
            for name, value in model.named_parameters()
        }

    def aware(model, batch):
        logits = torch.func.functional_call(
            model, rounded(model), (batch.images,)
        )
        return functional.cross_entropy(logits, batch.labels)

    def score(model):
        with torch.no_grad():
            logits = torch.func.functional_call(
                model, rounded(model), (small.test.images,)
            )
        return (logits.argmax(1) == small.test.labels).float().mean()

    settings = {"epochs": 12, "learning_rate": 0.01}
    plain = train(small, **settings).model
    assert score(train(small, loss=aware, **settings).model) > score(plain)


def test_an_extra_module_learns_along_and_is_put_back(small):
    """A hint: a small layer turns hidden features into 10 targets."""
    torch.manual_seed(0)
    extra = nn.Linear(300, 10).eval()
    before = {key: x.clone() for key, x in extra.state_dict().items()}
    losses, seen = [], []

    def hinted(model, batch):
        hidden = (
            model.classifier[:3](model.features(batch.images))
            if (hasattr(model, "features"))
            else model.classifier[:3](batch.images)
        )
        hint = functional.cross_entropy(extra(hidden), batch.labels)
        losses.append(hint.item())
        seen.append(extra.weight.detach().clone())
        assert extra.training
        return cross_entropy(model, batch) + hint

    train(small, loss=hinted, extra=extra)
    assert losses[-1] < 0.7 * losses[0]
    assert not torch.equal(seen[0], seen[-1])
    assert not extra.training
    for key, value in extra.state_dict().items():
        assert torch.equal(value, before[key])


def test_an_extra_module_is_put_back_after_an_error(small):
    extra = nn.Linear(1, 1)
    before = extra.weight.detach().clone()

    def fail(model, batch):
        if batch.epoch == 2:
            raise RuntimeError("stop")
        return cross_entropy(model, batch) + extra(torch.ones(1)).sum()

    with pytest.raises(RuntimeError, match="stop"):
        train(small, loss=fail, extra=extra)
    assert torch.equal(extra.weight, before)


def test_augmentation_changes_images_and_not_their_order(small):
    orders, images = [], []

    def note(model, batch):
        orders.append(batch.indices)
        images.append(batch.images)
        return cross_entropy(model, batch)

    def flip(batch, generator):
        if torch.rand((), generator=generator) < 0.5:
            return batch.flip(3)
        return batch

    train(small, loss=note)
    plain, orders, seen, images = orders, [], images, []
    one = train(small, loss=note, transform=flip)
    assert all(map(torch.equal, plain, orders))
    flipped = [
        torch.equal(a.flip(3), b) for a, b in zip(seen, images, strict=True)
    ]
    assert 0 < sum(flipped) < len(flipped)
    assert same_weights(one.model, train(small, transform=flip).model)


def test_only_what_multiplies_decays(small):
    settings = {"epochs": 1, "learning_rate": 0.01, "weight_decay": 50.0}
    kept = train(small, "ConvNet", loss=_no_gradient, **settings).model
    fresh = models.build("ConvNet")
    for name, value in fresh.named_parameters():
        got = kept.get_parameter(name)
        if value.ndim < 2:
            assert torch.equal(got, value), name
        else:
            assert got.abs().sum() < 0.5 * value.abs().sum(), name


def _no_gradient(model, batch):
    return 0.0 * sum(x.sum() for x in model.parameters())


def test_a_last_batch_of_one_joins_the_one_before(small):
    sizes = []

    def note(model, batch):
        sizes.append(len(batch.indices))
        return cross_entropy(model, batch)

    data = dataclasses.replace(small, train=small.train.take(41))
    train(data, "ConvNet", loss=note, epochs=1, batch_size=20)
    assert sizes == [20, 21]
    assert training.count_steps(data, epochs=3, batch_size=20) == 6
    assert training.count_steps(data, epochs=3, batch_size=21) == 6
    assert training.count_steps(data, epochs=1, batch_size=1) == 41


def test_what_cannot_be_descended_is_refused(small):
    with pytest.raises(TypeError, match=r"tensor of one number, got .*3"):
        train(small, loss=lambda model, batch: torch.ones(3))
    with pytest.raises(TypeError, match="tensor of one number, got float"):
        train(small, loss=lambda model, batch: 0.5)
    with pytest.raises(ValueError, match="without a gradient"):
        train(small, loss=lambda model, batch: torch.tensor(0.5))
    with pytest.raises(TypeError, match=r"extra must be a torch\.nn\.Module"):
        train(small, extra="regressor")
    unlabeled = dataclasses.replace(small.train, labels=None)
    with pytest.raises(ValueError, match=r"train must have labels for the"):
        train(dataclasses.replace(small, train=unlabeled))
    with pytest.raises(ValueError, match="must have labels to be scored"):
        training.evaluate(models.build("LeNet300"), unlabeled)


def test_frozen_layers_stay_and_a_frozen_network_is_refused(small):
    model = models.build("LeNet300")
    model.classifier[1].requires_grad_(False)
    got = training.train(model, small, epochs=1, progress=False).model
    assert torch.equal(got.classifier[1].weight, model.classifier[1].weight)
    assert not torch.equal(got.classifier[3].weight, model.classifier[3].weight)
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="a parameter that learns, got none"):
        training.train(model, small, epochs=1, progress=False)


@pytest.mark.parametrize(("num_images", "batch_size"), [(1, 128), (20, 1)])
def test_one_image_is_too_few_for_batch_normalization(
    small, num_images, batch_size
):
    few = dataclasses.replace(small, train=small.train.take(num_images))
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.BatchNorm1d(10))
    with pytest.raises(ValueError, match="must be >= 2 for batch norm"):
        training.train(
            model, few, epochs=1, batch_size=batch_size, progress=False
        )
