"""Distillation from end to end: what is learned, left alone, and refused."""

import dataclasses
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional

from mini_compress import models, training
from mini_compress.datasets import unlabeled
from mini_compress.distillation import (
    DistillationLoss,
    Hint,
    cache_logits,
    decoupled_loss,
    distill,
    distilling,
    soft_target_loss,
)
from mini_compress.training import Batch
from tests.support.network_weights import same_weights, weights_of
from tests.support.teachers import Moody, modes_of


def student(seed=0):
    return models.perceptron(8, seed=seed)


def learn(teacher, data, network=None, **changes):
    settings = {"epochs": 1, "progress": False} | changes
    return distill(teacher, network or student(), data, **settings)


@pytest.fixture(scope="module")
def teacher(small):
    return training.train(
        models.perceptron(60, seed=1), small, epochs=8, progress=False
    ).model


@pytest.fixture
def no_training(monkeypatch):
    """Let nothing be trained: what is refused is refused before."""

    def fail(*_, **__):
        pytest.fail("training has begun")

    monkeypatch.setattr(distilling, "train", fail)


def test_a_student_says_what_its_teacher_says(small, teacher):
    result = learn(teacher, small, weight=1, epochs=10, learning_rate=0.02)
    agreed, before = (
        (
            training.predict(network, small.test.images)
            == training.predict(teacher, small.test.images)
        )
        .float()
        .mean()
        for network in (result.model, student())
    )
    assert agreed > 0.75 > 0.3 > before


def test_the_loss_is_the_weighted_sum(small, teacher):
    batch = Batch(
        small.train.images[:9], small.train.labels[:9], torch.arange(9), 1
    )
    network = student()
    logits, targets = network(batch.images), teacher(batch.images)
    hard = functional.cross_entropy(logits, batch.labels)
    soft = soft_target_loss(logits, targets, temperature=3)
    apart = decoupled_loss(
        logits, targets, batch.labels, temperature=3, others_weight=2
    )
    for weight in (0, 0.25, 1):
        loss = DistillationLoss(teacher, temperature=3, weight=weight)
        expected = weight * soft + (1 - weight) * hard
        torch.testing.assert_close(loss(network, batch), expected)
        loss = DistillationLoss(
            teacher, temperature=3, weight=weight, others_weight=2
        )
        expected = weight * apart + (1 - weight) * hard
        torch.testing.assert_close(loss(network, batch), expected)


def test_without_weight_it_is_training(small, teacher):
    plain = training.train(student(), small, epochs=2, progress=False)
    assert same_weights(
        learn(teacher, small, weight=0, epochs=2).model, plain.model
    )


def test_teacher_and_student_are_left_as_they_were(small):
    networks = Moody(), Moody()
    before = [(weights_of(x), modes_of(x)) for x in networks]
    terms = [Hint({"filters": "filters"}, weight=1)]
    learn(networks[0], small, networks[1], terms=terms)
    for network, (weights, modes) in zip(networks, before, strict=True):
        after = network.state_dict()
        assert all(torch.equal(after[name], x) for name, x in weights.items())
        assert modes_of(network) == modes
    assert set(networks[0].passes) == {(False, False)}
    assert not networks[1].passes
    assert all(x.grad is None for x in networks[0].parameters())


def test_results_may_teach(small, teacher):
    result = learn(SimpleNamespace(model=teacher), small)
    assert same_weights(result.model, learn(teacher, small).model)


def test_the_same_seed_gives_the_same_student(small, teacher):
    settings = {
        "transform": training.random_shifts(1),
        "terms": [Hint({"classifier.1": "classifier.1"})],
    }
    one, again, other = (
        learn(teacher, small, forgetful(), seed=seed, **settings).model
        for seed in (0, 0, 1)
    )
    assert same_weights(one, again)
    assert not same_weights(one, other)


def forgetful():
    return models.perceptron(8, dropout=0.3, seed=0)


def test_a_cache_teaches_as_its_teacher_does(small, teacher):
    exact = cache_logits(teacher, small.train)
    asked, looked_up = (
        learn(x, small, weight=1, epochs=2) for x in (teacher, exact)
    )
    for ours, theirs in zip(asked.history, looked_up.history, strict=True):
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
        assert ours.accuracy == theirs.accuracy
    coarse = cache_logits(teacher, small.train, bits=1)
    other = learn(coarse, small, weight=1, epochs=2)
    assert abs(other.best.loss - asked.best.loss) > 1e-3


def test_the_teacher_sees_what_the_student_sees(small, teacher):
    seen = {"teacher": [], "student": []}
    hooks = teacher.register_forward_pre_hook(
        lambda _, inputs: seen["teacher"].append(inputs[0])
    )
    network = student()

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network

        def forward(self, images):
            if self.training:
                seen["student"].append(images)
            return self.inner(images)

    learn(teacher, small, Watched(), transform=training.random_shifts(2))
    hooks.remove()
    known = {image.numpy().tobytes() for image in small.train.images}
    # the first one was asked about two black images, to see what fits
    assert len(seen["student"]) == len(seen["teacher"]) - 1 == 5
    for ours, theirs in zip(seen["student"], seen["teacher"][1:], strict=True):
        assert torch.equal(ours, theirs)
        moved = [image.numpy().tobytes() not in known for image in ours]
        assert sum(moved) > len(ours) / 2


def test_images_without_labels_will_do_for_soft_targets(small, teacher):
    data = unlabeled(small, small.train.pixels)
    got = learn(teacher, data, weight=1, epochs=2).model
    assert same_weights(got, learn(teacher, small, weight=1, epochs=2).model)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"weight": 0.9}, "a weight below 1"), ({"others_weight": 2}, "others_w")],
)
def test_labels_are_missed_before_training(
    small, teacher, no_training, changes, reason
):
    data = unlabeled(small, small.train.pixels)
    with pytest.raises(ValueError, match=f"must have labels for {reason}"):
        learn(teacher, data, **{"weight": 1} | changes)


class Broken(nn.Module):
    def forward(self, images):
        return torch.full((len(images), 10), math.nan)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": 0}, "temperature must be above 0, got 0"),
        ({"temperature": -1}, r"temperature must be in \[0, inf\), got -1"),
        ({"temperature": math.nan}, r"temperature must .*, got nan"),
        ({"weight": 1.5}, r"weight must be in \[0, 1\], got 1.5"),
        ({"weight": -0.1}, r"weight must be in \[0, inf\), got -0.1"),
        ({"others_weight": -1}, r"others_weight must be in .*, got -1"),
        ({"teacher": Broken()}, "teacher's logits must be finite, got NaN"),
        (
            {"teacher": Moody(classes=7)},
            "teacher must have the student's 10 classes, got 7",
        ),
        (
            {"teacher": models.perceptron(3).to("meta")},
            "device of the teacher must be cpu, got meta",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_training(
    small, teacher, no_training, changes, message
):
    with pytest.raises(ValueError, match=message):
        learn(changes.pop("teacher", teacher), small, **changes)


def test_a_cache_of_other_images_is_refused(small, teacher, no_training):
    cache = cache_logits(teacher, small.train)
    backwards = dataclasses.replace(
        small.train,
        pixels=small.train.pixels.flip(0),
        labels=small.train.labels.flip(0),
    )
    with pytest.raises(ValueError, match="in another order"):
        learn(cache, dataclasses.replace(small, train=backwards))
    few = dataclasses.replace(small, train=small.train.take(50))
    with pytest.raises(ValueError, match="cached logits must be 50, got 600"):
        learn(cache, few)
    with pytest.raises(ValueError, match="transform must be None for cached"):
        learn(cache, small, transform=training.random_shifts(1))


def test_terms_need_a_network(small, teacher, no_training):
    cache = cache_logits(teacher, small.train)
    with pytest.raises(ValueError, match="must be a network to match its feat"):
        learn(cache, small, terms=[Hint({"classifier.1": "classifier.1"})])


def test_students_are_networks_of_finite_logits(small, teacher, no_training):
    with pytest.raises(TypeError, match=r"student must be a torch\.nn\.Module"):
        distill(teacher, "student", small, epochs=1)
    with pytest.raises(ValueError, match="student's logits must be finite"):
        distill(teacher, Broken(), small, epochs=1)
