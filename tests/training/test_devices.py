"""Training and scoring where the network is; here that is pretended."""

import pytest
import torch
from torch import Tensor, nn
from tqdm import tqdm

from mini_compress import models, training
from mini_compress.training import evaluation, steps
from tests.support.mistakes import assert_refused
from tests.support.network_weights import same_weights

AWAY = torch.device("cuda:0")


@pytest.fixture
def moves(monkeypatch) -> list[tuple[str, torch.dtype, tuple[int, ...]]]:
    """What is moved, in a world where networks are on a device that is not.

    Numbers stay where they are, so that the result is that of the CPU.
    """
    found = []
    to = Tensor.to

    def pretend(tensor, *places, **options):
        if places and isinstance(places[0], torch.device):
            found.append((places[0].type, tensor.dtype, tuple(tensor.shape)))
            return tensor
        return to(tensor, *places, **options)

    monkeypatch.setattr(Tensor, "to", pretend)
    for module in (evaluation, steps):
        monkeypatch.setattr(module, "require_one_device", lambda *_: AWAY)
    return found


def test_batches_follow_the_network_and_scores_come_back(moves, small):
    model = models.build("LeNet300")
    score = training.evaluate(model, small.test.take(7))
    assert type(score.correct).__module__ == "numpy"
    assert moves == [
        ("cpu", torch.int64, (7,)),  # labels, to where the images are
        ("cuda", torch.float32, (7, 1, 28, 28)),
        ("cpu", torch.int64, (7,)),  # the classes found
    ]
    del moves[:]
    training.predict(model, small.test.images, batch_size=200)
    assert [shape[0] for place, _, shape in moves if place == "cuda"] == [
        *(200, 100)
    ]


def test_images_and_labels_of_a_step_are_moved_and_indices_stay(moves, small):
    model, places = models.build("LeNet300"), []

    def loss(network, batch):
        places.append(batch.indices)
        return training.cross_entropy(network, batch)

    learner = steps.Learner(
        model,
        1,
        learning_rate=0.01,
        weight_decay=0.0,
        loss=loss,
        extra=None,
        transform=lambda images: images,
        after_step=None,
    )
    indices = torch.tensor([5, 3, 8])
    learner.learn(small.train, [indices], 1, tqdm(disable=True))
    assert moves == [
        ("cuda", torch.float32, (3, 1, 28, 28)),
        ("cuda", torch.int64, (3,)),
    ]
    assert places[0] is indices


def test_nothing_is_copied_on_the_cpu(small):
    images = small.test.take(100).images  # one batch
    seen = []
    model = models.build("LeNet300")
    model.register_forward_hook(lambda _, x, y: seen.append(x[0].data_ptr()))
    training.predict(model, images)
    assert seen == [images.data_ptr()]


def test_a_network_on_two_devices_is_refused(small):
    model = models.build("LeNet300")
    model.classifier[3].to("meta")
    message = (
        "parameters must lie on one device, got cpu ('classifier.1.weight') "
        "and meta ('classifier.3.weight')"
    )
    options = {"epochs": 1, "progress": False}
    assert_refused(lambda: training.train(model, small, **options), message)
    assert_refused(lambda: training.evaluate(model, small.test), message)


def test_a_network_without_numbers_is_refused(small):
    model = models.build("LeNet300").to("meta")
    message = "parameters must have numbers, got shapes on the meta device"
    options = {"epochs": 1, "progress": False}
    assert_refused(lambda: training.train(model, small, **options), message)
    assert_refused(lambda: training.evaluate(model, small.test), message)


def test_what_learns_along_must_be_where_the_network_is(small):
    extra = nn.Linear(2, 2, device="meta")
    options = {"epochs": 1, "progress": False, "extra": extra}
    with pytest.raises(ValueError, match=r"got cpu .* and meta \('weight'\)"):
        training.train(models.build("LeNet300"), small, **options)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("network", ["LeNet300", "ConvNet"])
def test_a_gpu_learns_what_a_cpu_learns(small, network):
    """Also with dropout, augmentation and another module that learns."""
    model = models.build(network)
    options = {"epochs": 3, "batch_size": 32, "progress": False}
    here = training.train(model, small, **options)
    there = training.train(model.to("cuda"), small, **options)
    assert {p.device.type for p in there.model.parameters()} == {"cuda"}
    found = training.evaluate(there.model, small.test)
    expected = training.evaluate(here.model, small.test)
    assert abs(found.accuracy - expected.accuracy) < 5
    dropping = models.perceptron(50, dropout=0.5).to("cuda")
    before = torch.cuda.get_rng_state()
    options["transform"] = lambda images, generator: (
        images + (0.1 * torch.rand(images.shape, generator=generator))
    )
    one, same = (
        training.train(dropping, small, **options).model for _ in range(2)
    )
    assert same_weights(one, same)
    assert torch.equal(before, torch.cuda.get_rng_state())
