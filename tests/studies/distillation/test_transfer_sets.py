"""Pictures without labels: whose they are, and what is left of a digit."""

import pytest
import torch

from mini_compress import datasets
from mini_compress.studies.distillation.transfer_sets import (
    others,
    take_apart,
    transfer_set,
    with_more,
)
from mini_compress.studies.engine.grid import Run

KNOWN = 500
WHOLE = datasets.load("mnist5k").train


def run_of(pictures="digits", count=40, seed=0):
    settings = {"pictures": pictures, "count": count}
    return Run(
        network="LeNet300",
        dataset=f"mnist5k_{KNOWN}",
        seed=seed,
        method="transfer",
        settings=settings,
    )


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", ["digits", "noise", "shuffled", "mixed"])
def test_each_kind_is_so_many_pictures_without_labels(kind):
    data = transfer_set(run_of(kind))
    assert data.train.pixels.shape == (40, 1, 28, 28)
    assert data.train.labels is None
    assert data.name == "mnist5k"
    assert len(data.validation) == 500
    again, other = (
        transfer_set(run_of(kind)),
        transfer_set(run_of(kind, seed=1)),
    )
    assert data.sha256 == again.sha256
    assert (data.sha256 == other.sha256) == (kind == "digits")


def test_shuffled_pictures_keep_their_histogram_and_lose_their_places():
    pixels = WHOLE.pixels[:20]
    made = take_apart(pixels, "shuffled", 60, generator())
    assert made.shape == (60, 1, 28, 28)
    histograms = {
        tuple(torch.bincount(image.flatten().int(), minlength=256).tolist())
        for image in pixels
    }
    orders = []
    for image in made:
        counts = torch.bincount(image.flatten().int(), minlength=256)
        assert tuple(counts.tolist()) in histograms
        orders.append(image)
    # a digit leaves the border empty; a shuffled one does not
    border = torch.stack(orders)[:, :, :2].float().mean()
    assert pixels[:, :, :2].float().mean() == 0 < border
    # no two of them are moved alike: the places are of each picture
    assert len({image.numpy().tobytes() for image in orders}) == 60


def test_mixed_pictures_keep_each_pixels_place_and_no_picture():
    pixels = WHOLE.pixels[:20]
    made = take_apart(pixels, "mixed", 60, generator())
    assert made.shape == (60, 1, 28, 28)
    found = (made[:, None] == pixels[None]).any(dim=1)  # (60, 1, 28, 28)
    assert found.all()
    known = {image.numpy().tobytes() for image in pixels}
    assert not known & {image.numpy().tobytes() for image in made}
    shares = pixels.float().mean(dim=0), made.float().mean(dim=0)
    assert (shares[0] - shares[1]).abs().mean() < 10  # of 255


def test_noise_has_every_value_alike():
    pixels = transfer_set(run_of("noise", count=200)).train.pixels
    counts = torch.bincount(pixels.flatten().int(), minlength=256)
    expected = pixels.numel() / 256
    assert (counts - expected).abs().max() < 6 * expected**0.5


def test_digits_are_those_that_the_teacher_has_not_seen():
    assert torch.equal(
        transfer_set(run_of()).train.pixels,
        WHOLE.pixels[KNOWN : KNOWN + 40],
    )
    part = others(run_of(), 40)
    assert torch.equal(part.labels, WHOLE.labels[KNOWN : KNOWN + 40])


def test_more_images_come_with_their_labels_or_without():
    labeled, bare = (with_more(run_of(), labels=x) for x in (True, False))
    assert torch.equal(labeled.train.pixels, bare.train.pixels)
    assert torch.equal(labeled.train.labels, WHOLE.labels[KNOWN : KNOWN + 40])
    assert bare.train.labels is None
    assert torch.equal(labeled.test.pixels, bare.test.pixels)


def test_clothes_are_clothes(data_folder):
    data = transfer_set(run_of("clothes"))
    expected = datasets.load("fashion_mnist").train.pixels[:40]
    assert torch.equal(data.train.pixels, expected)
