"""Teachers: asked as they should be, left as they were, written down."""

import dataclasses
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mini_compress import distillation, models
from mini_compress.distillation import (
    CachedLogits,
    Ensemble,
    ask,
    cache_logits,
)
from mini_compress.distillation.teachers import answer, require_same_images
from mini_compress.kernels import packed_logits
from mini_compress.training import Batch
from tests.support.network_weights import same_weights, weights_of
from tests.support.teachers import Moody, modes_of

IMAGES = torch.rand((9, 1, 28, 28), generator=torch.Generator().manual_seed(0))
BATCH = Batch(IMAGES, None, torch.arange(9), epoch=1)


def logits_of(model, images=IMAGES):
    with torch.no_grad():
        return model.eval()(images)


@pytest.mark.parametrize("how", ["ask", "answer", "cache"])
def test_a_teacher_is_asked_in_evaluation_and_left_as_it_was(small, how):
    teacher = Moody()
    before, modes = weights_of(teacher), modes_of(teacher)
    assert len(set(modes)) == 2
    if how == "ask":
        logits = ask(teacher, IMAGES)
    elif how == "answer":
        logits = answer(teacher, BATCH)
    else:
        logits = cache_logits(teacher, small.train.take(9)).logits
    assert not logits.requires_grad
    assert set(teacher.passes) == {(False, False)}
    assert modes_of(teacher) == modes
    after = teacher.state_dict()
    assert all(torch.equal(after[name], x) for name, x in before.items())
    images = small.train.images[:9] if how == "cache" else IMAGES
    torch.testing.assert_close(logits, logits_of(Moody(), images))


def test_a_teacher_is_left_as_it_was_after_an_error():
    teacher = Moody()
    modes = modes_of(teacher)
    with pytest.raises(RuntimeError):
        ask(teacher, IMAGES[:, :, :20])
    assert modes_of(teacher) == modes
    assert torch.is_grad_enabled()


def test_batches_make_no_difference():
    teacher = Moody()
    torch.testing.assert_close(
        ask(teacher, IMAGES, batch_size=4), ask(teacher, IMAGES)
    )
    assert len(teacher.passes) == 4


def test_an_ensemble_is_the_geometric_mean_at_every_temperature():
    networks = [models.perceptron(7, seed=seed) for seed in range(3)]
    got = ask(Ensemble(networks), IMAGES)
    each = torch.stack([logits_of(network) for network in networks])
    torch.testing.assert_close(got, each.mean(dim=0))
    for temperature in (1.0, 4.0):
        p = torch.softmax(each / temperature, dim=2).double()
        mean = p.log().mean(dim=0).exp()
        mean = mean / mean.sum(dim=1, keepdim=True)
        torch.testing.assert_close(
            torch.softmax(got / temperature, dim=1).double(),
            mean,
            rtol=1e-5,
            atol=1e-6,
        )


def test_members_are_the_networks_themselves_and_results_are_taken():
    one, other = models.perceptron(3), models.perceptron(4)
    ensemble = Ensemble([one, SimpleNamespace(model=other)])
    assert list(ensemble.models) == [one, other]
    with pytest.raises(ValueError, match="number of models must be >= 1"):
        Ensemble([])
    with pytest.raises(TypeError, match="got int"):
        Ensemble([one, 3])


def test_a_cache_is_looked_up_by_the_places_of_the_images(small):
    split = small.train.take(20)
    cache = cache_logits(Moody(), split)
    assert cache.num_bytes == 20 * 10 * 4
    assert len(cache) == 20
    assert torch.equal(cache.logits, ask(Moody(), split.images))
    places = torch.tensor([5, 3, 17])
    batch = Batch(split.images[places], None, places, epoch=2)
    assert torch.equal(answer(cache, batch), cache.logits[places])


@pytest.mark.parametrize(
    ("top", "bits"), [(None, 8), (None, 3), (3, None), (2, 4)]
)
def test_a_packed_cache_is_what_the_kernel_keeps(small, top, bits):
    split = small.train.take(20)
    cache = cache_logits(Moody(), split, top=top, bits=bits)
    exact = ask(Moody(), split.images).numpy()
    packed = packed_logits.pack_logits(exact, top=top, bits=bits or 8)
    assert cache.num_bytes == packed.num_bytes
    unpacked = torch.from_numpy(packed_logits.unpack_logits(packed))
    assert torch.equal(cache.logits, unpacked)
    assert f"{packed.num_bytes:,} bytes" in repr(cache)


def test_other_images_are_refused(small):
    split = small.train.take(20)
    cache = cache_logits(Moody(), split)
    require_same_images(cache, split)
    with pytest.raises(ValueError, match="number of cached logits must be 600"):
        require_same_images(cache, small.train)
    backwards = dataclasses.replace(
        split, pixels=split.pixels.flip(0), labels=split.labels.flip(0)
    )
    others = dataclasses.replace(split, pixels=small.train.pixels[20:40])
    for wrong in (backwards, others):
        with pytest.raises(ValueError, match="in another order"):
            require_same_images(cache, wrong)


def test_labels_do_not_matter_to_a_cache(small):
    split = small.train.take(20)
    cache = cache_logits(Moody(), split)
    require_same_images(cache, dataclasses.replace(split, labels=None))


@pytest.mark.parametrize("teacher", [3, "LeNet300", None])
def test_what_is_no_network_is_refused(small, teacher):
    with pytest.raises(TypeError, match=r"must be a torch\.nn\.Module"):
        distillation.distill(
            teacher, models.perceptron(3), small, epochs=1, progress=False
        )
    with pytest.raises(TypeError, match=r"must be a torch\.nn\.Module"):
        cache_logits(teacher, small.train)


def test_a_cache_of_results_is_that_of_their_networks(small):
    split, network = small.train.take(5), nn.Sequential(nn.Flatten())
    cache = cache_logits(SimpleNamespace(model=network), split)
    assert isinstance(cache, CachedLogits)
    assert torch.equal(cache.logits, split.images.flatten(1))
    assert same_weights(network, nn.Sequential(nn.Flatten()))
