"""The training loop: it learns, it repeats itself, it refuses what is wrong."""

import copy
import dataclasses
import functools
import math

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import models, pruning, training
from mini_compress.datasets import Split
from tests.support.network_weights import same_weights, weights_of


@pytest.fixture(scope="module")
def trained(small):
    return train(small)


def train(data, network="LeNet300", **changes):
    settings = {"epochs": 3, "progress": False} | changes
    return training.train(models.build(network), data, **settings)


@pytest.mark.parametrize("network", models.NETWORKS)
def test_three_epochs_beat_the_start(small, network):
    start = training.evaluate(models.build(network), small.test)
    # normalization needs some tens of steps to learn its statistics
    result = train(small, network, batch_size=32)
    end = training.evaluate(result.model, small.test)
    assert end.interval(0.999)[0] > start.interval(0.999)[1]
    assert result.history[-1].loss < result.history[0].loss


def test_training_leaves_its_argument_alone(small):
    model = models.build("ConvNet")
    before, modes = weights_of(model), [m.training for m in model.modules()]
    result = training.train(model, small, epochs=1, progress=False)
    assert all(torch.equal(before[k], v) for k, v in weights_of(model).items())
    assert [m.training for m in model.modules()] == modes
    assert model.trained_on is None
    assert result.model.trained_on == "mnist5k"
    assert not any(m.training for m in result.model.modules())
    for parameter in result.model.parameters():
        assert parameter.is_contiguous()


@pytest.mark.parametrize("network", ["LeNet300", "ConvNet"])
def test_same_seed_same_result(small, network):
    torch.manual_seed(1)
    one = train(small, network, epochs=2)
    torch.manual_seed(2)
    other = train(small, network, epochs=2)
    assert same_weights(one.model, other.model)
    losses = [[epoch.loss for epoch in run.history] for run in (one, other)]
    assert losses[0] == losses[1]
    assert not same_weights(
        one.model, train(small, network, epochs=2, seed=1).model
    )


def test_global_generator_is_not_touched(small):
    before = torch.random.get_rng_state()
    train(small, epochs=1)
    training.train(models.perceptron(9, dropout=0.5), small, epochs=1)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_seed_fixes_what_dropout_leaves_out(small):
    model = models.perceptron(9, dropout=0.5)
    seen = []
    model.classifier[3].register_forward_hook(
        lambda module, x, y: seen.append(y) if module.training else None
    )
    options = {"epochs": 1, "progress": False}
    torch.manual_seed(1)
    one = training.train(model, small, **options).model
    torch.manual_seed(2)  # what others have drawn is of no matter
    assert same_weights(one, training.train(model, small, **options).model)
    left = [(y == 0).float() for y in seen[:2]]  # of two steps
    assert not torch.equal(*left)


def test_the_best_epoch_on_validation_is_kept(small):
    result = train(small, epochs=8, learning_rate=0.02)
    accuracies = [epoch.accuracy for epoch in result.history]
    assert [epoch.number for epoch in result.history] == list(range(1, 9))
    assert result.best.accuracy == max(accuracies)
    last = max(n for n, a in enumerate(accuracies, 1) if a == max(accuracies))
    assert result.best.number == last
    kept = training.evaluate(result.model, small.validation)
    assert kept.accuracy == result.best.accuracy


def test_a_worse_last_epoch_is_not_kept(small):
    """Validation labels that the untrained network gives favor the start."""
    model = models.build("LeNet300")
    labels = training.predict(model, small.validation.images)
    validation = dataclasses.replace(small.validation, labels=labels)
    odd = dataclasses.replace(small, validation=validation)
    result = training.train(model, odd, epochs=6, progress=False)
    assert result.best.number < 6
    kept = training.evaluate(result.model, validation)
    assert kept.accuracy == result.best.accuracy
    assert kept.accuracy > result.history[-1].accuracy


def test_the_loop_equals_one_written_out(small):
    """Two epochs of three steps, with another build of torch's AdamW."""
    few = dataclasses.replace(small, train=small.train.take(20))
    settings = {"learning_rate": 0.01, "weight_decay": 0.1, "batch_size": 7}
    got = train(few, epochs=2, seed=3, **settings).model
    model = models.build("LeNet300")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0, weight_decay=0)
    generator = torch.Generator().manual_seed(3)
    for step in range(6):
        if step % 3 == 0:
            order = torch.randperm(20, generator=generator)
        batch = order[step % 3 * 7 : step % 3 * 7 + 7]
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (1 + math.cos(math.pi * step / 6)) / 2
        loss = nn.CrossEntropyLoss()(
            model(few.train.images[batch]), few.train.labels[batch]
        )
        optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():  # of weights, not of biases
            for layer in model.classifier:
                if isinstance(layer, nn.Linear):
                    layer.weight *= 1 - 0.1 * group["lr"]
        optimizer.step()
    for key, weight in weights_of(got).items():
        torch.testing.assert_close(weight, model.state_dict()[key])


def test_learning_rate_rises_then_falls():
    rates = [training.warm_cosine(step, 200) for step in range(201)]
    assert np.argmax(rates) in (20, 19)
    assert max(rates) == 1
    assert (np.diff(rates[:20]) > 0).all()
    assert (np.diff(rates[20:]) < 0).all()
    assert rates[0] < 0.1
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert [training.warm_cosine(step, 1) for step in (0, 1)] == [1, 0]


def test_progress_bar_can_be_seen_and_hidden(small, capsys, monkeypatch):
    # tests run with TQDM_DISABLE=1, which tqdm reads when it is imported
    shown = functools.partial(training.loop.tqdm, disable=False)
    monkeypatch.setattr(training.loop, "tqdm", shown)
    train(small, epochs=1, progress=False)
    assert capsys.readouterr().err == ""
    train(small, epochs=1, progress=True)
    assert "validation" in capsys.readouterr().err


def test_predict_runs_in_batches_and_restores_the_mode(small):
    model = models.build("ResNet8").train()
    model.features[3].eval()  # a part frozen on purpose
    modes = [module.training for module in model.modules()]
    before = weights_of(model)
    sizes = []
    model.register_forward_hook(lambda _, x, y: sizes.append(len(y)))
    images = small.test.take(25).images
    labels = training.predict(model, images, batch_size=10)
    assert sizes == [10, 10, 5]
    assert (labels.shape, labels.dtype) == ((25,), torch.int64)
    assert not labels.requires_grad
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(before[k], v) for k, v in weights_of(model).items())
    frozen = copy.deepcopy(model).eval()
    assert torch.equal(labels, frozen(images).argmax(1))
    assert training.predict(model, images[:0]).shape == (0,)


@pytest.mark.parametrize("channels", [1, 3])
def test_predict_lays_images_out_channels_last(channels):
    images = torch.rand(4, channels, 5, 6)
    seen = []
    model = torch.nn.Flatten()
    model.register_forward_pre_hook(lambda _, inputs: seen.append(*inputs))
    labels = training.predict(model, images)
    assert torch.equal(seen[0], images)
    assert seen[0].stride() == (30 * channels, 1, 6 * channels, channels)
    assert torch.equal(labels, images.flatten(1).argmax(1))


def test_mode_is_restored_after_an_error():
    model = models.build("ConvNet").train()
    with pytest.raises(RuntimeError):
        training.predict(model, torch.zeros(2, 3, 28, 28))
    assert all(module.training for module in model.modules())


def test_evaluate_counts_right_answers(small, trained):
    score = training.evaluate(trained.model, small.test)
    labels = training.predict(trained.model, small.test.images)
    assert score.correct.tolist() == (labels == small.test.labels).tolist()
    assert score.images == "mnist5k test"
    assert len(score) == 300


def empty(split: Split) -> Split:
    return dataclasses.replace(
        split, pixels=split.pixels[:0], labels=split.labels[:0]
    )


@pytest.mark.parametrize(
    ("learned", "dataset", "part", "refused"),
    [
        ("mnist", "mnist5k", "test", True),
        ("mnist", "mnist5k", "train", True),
        ("mnist5k", "mnist", "train", True),
        ("mnist5k", "mnist", "validation", True),
        ("mnist5k", "mnist", "test", False),
        ("mnist", "mnist", "validation", False),
        ("mnist5k", "mnist5k", "train", False),
        ("fashion_mnist", "mnist5k", "test", False),
        ("mnist", "fashion_mnist", "test", False),
        (None, "mnist5k", "test", False),
    ],
)
def test_known_images_are_refused(small, learned, dataset, part, refused):
    model = models.build("LeNet300")
    model.trained_on = learned
    split = dataclasses.replace(small.test, dataset=dataset, part=part)
    if not refused:
        training.evaluate(model, split)
        return
    message = (
        "model must not know the images, got one trained on "
        f"{learned} and {dataset}'s {part} images"
    )
    with pytest.raises(ValueError, match=message):
        training.evaluate(copy.deepcopy(model), split)


def test_training_goes_on_only_with_unknown_images(small):
    model = models.build("LeNet300")
    model.trained_on = "mnist"
    with pytest.raises(
        ValueError, match="got one trained on mnist and mnist5k"
    ):
        training.train(model, small, epochs=1, progress=False)


def test_a_loss_that_is_not_finite_is_refused(small):
    message = r"loss must be finite, got (nan|inf) at learning rate 1e\+30"
    with pytest.raises(ValueError, match=message):
        train(small, learning_rate=1e30)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be >= 1, got 0"),
        (
            {"epochs": 1.5},
            TypeError,
            "epochs must be a whole number, got float",
        ),
        ({"batch_size": 0}, ValueError, "batch_size must be >= 1, got 0"),
        ({"seed": -1}, ValueError, "seed must be >= 0, got -1"),
        (
            {"learning_rate": -1},
            ValueError,
            r"learning_rate must be in \[0, inf",
        ),
        (
            {"weight_decay": math.nan},
            ValueError,
            "weight_decay must be in .*nan",
        ),
        ({"model": "LeNet5"}, TypeError, "model must be a .*Module, got str"),
        ({"data": "mnist"}, TypeError, "data must be a Dataset, got str"),
    ],
)
def test_bad_arguments_are_named(small, changes, error, message):
    arguments = {"model": models.build("LeNet300"), "data": small, "epochs": 1}
    with pytest.raises(error, match=message):
        training.train(**(arguments | changes), progress=False)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_empty_splits_are_refused(small, part):
    hollow = dataclasses.replace(small, **{part: empty(getattr(small, part))})
    message = f"number of images in data.{part} must be >= 1, got 0"
    with pytest.raises(ValueError, match=message):
        train(hollow)


def test_evaluate_names_bad_input(small):
    model = models.build("LeNet300")
    with pytest.raises(ValueError, match="images in split must be >= 1, got 0"):
        training.evaluate(model, empty(small.test))
    with pytest.raises(TypeError, match="split must be a Split, got Tensor"):
        training.evaluate(model, small.test.images)
    with pytest.raises(TypeError, match=r"images must be torch.float32, got"):
        training.predict(model, small.test.pixels)
    with pytest.raises(TypeError, match=r"model must be a .*Module, got type"):
        training.predict(models.LeNet300, small.test.images)


def test_after_step_sees_every_step_in_turn(small):
    seen = []
    train(small, epochs=2, batch_size=250, after_step=seen.append)
    assert [(step.number, step.epoch) for step in seen] == [
        *((1, 1), (2, 1), (3, 1)),
        *((4, 2), (5, 2), (6, 2)),
    ]
    assert {step.num_steps for step in seen} == {6}


def test_what_after_step_changes_stays_changed(small):
    def clear(step):
        with torch.no_grad():
            step.model.classifier[1].weight.zero_()

    model = train(small, after_step=clear).model
    assert not model.classifier[1].weight.any()
    assert model.classifier[3].weight.any()


def test_epochs_before_the_first_kept_are_no_candidates(small):
    def spoil(step):
        if step.epoch > 1:
            with torch.no_grad():
                step.model.classifier[5].weight.zero_()

    assert train(small, after_step=spoil).best.number == 1
    late = train(small, after_step=spoil, first_kept=2)
    assert late.best.number > 1
    assert not late.model.classifier[5].weight.any()


def test_first_kept_must_be_an_epoch(small):
    with pytest.raises(ValueError, match=r"first_kept must be in \[1, 3\]"):
        train(small, first_kept=4)


def test_a_narrow_short_cut_trains_to_the_end(small):
    """In channels-last layout torch 2.13 dies of this one."""
    narrow, _ = pruning.prune_filters(models.build("ResNet8"), 0.75)
    assert narrow.features[4].skip[0].in_channels < 8
    result = training.train(narrow, small, epochs=1, progress=False)
    assert len(result.history) == 1
