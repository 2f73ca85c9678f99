"""Random shifts: each image a whole number of pixels, zeros come in."""

import itertools

import numpy as np
import pytest
import torch

from mini_compress import training
from mini_compress.training import random_shifts
from tests.support.mistakes import assert_refused


def images_of(n, shape=(2, 6, 5)):
    generator = torch.Generator().manual_seed(1)
    return torch.rand((n, *shape), generator=generator) + 0.1


def shifted(images, pixels, seed=0):
    return random_shifts(pixels)(images, torch.Generator().manual_seed(seed))


def moved_by(image, down, right):
    """Move one image by padding with zeros and cutting."""
    _, height, width = image.shape
    edge = abs(down) + abs(right)
    padded = np.pad(image.numpy(), ((0, 0), (edge, edge), (edge, edge)))
    rows, cols = edge - down, edge - right
    return padded[:, rows : rows + height, cols : cols + width]


def offsets(images, moved, pixels):
    """Return the one move of each image that gives what was made of it."""
    found = []
    for image, got in zip(images, moved, strict=True):
        fits = [
            move
            for move in itertools.product(range(-pixels, pixels + 1), repeat=2)
            if np.array_equal(moved_by(image, *move), got)
        ]
        assert len(fits) == 1
        found += fits
    return found


def test_every_image_is_moved_by_itself_in_every_direction():
    images = images_of(300)
    before = images.clone()
    found = offsets(images, shifted(images, 2), 2)
    assert torch.equal(images, before)
    # 25 moves; 300 draws leave one out in a case of 8,000
    assert set(found) == set(itertools.product(range(-2, 3), repeat=2))


def test_no_pixels_no_move():
    images = images_of(4)
    assert torch.equal(shifted(images, 0), images)


def test_images_may_leave_altogether():
    images = images_of(200, (1, 3, 3))
    moved = shifted(images, 4)
    gone = moved.flatten(1).sum(dim=1) == 0
    assert 0 < gone.sum() < 200
    kept = moved.count_nonzero(dim=(1, 2, 3))
    assert set(kept.tolist()) == {0, 1, 2, 3, 4, 6, 9}


def test_the_generator_decides():
    images = images_of(20)
    assert torch.equal(shifted(images, 2), shifted(images, 2))
    assert not torch.equal(shifted(images, 2), shifted(images, 2, seed=1))
    generator, move = torch.Generator().manual_seed(0), random_shifts(2)
    first, second = move(images, generator), move(images, generator)
    assert not torch.equal(first, second)  # anew in each epoch
    state = torch.get_rng_state()
    move(images, generator)
    assert torch.equal(torch.get_rng_state(), state)


def test_training_takes_it(small):
    from mini_compress import models

    seen = []

    def note(model, batch):
        seen.append(batch)
        return training.cross_entropy(model, batch)

    training.train(
        models.perceptron(5, seed=0),
        small,
        epochs=1,
        progress=False,
        loss=note,
        transform=random_shifts(1),
    )
    batch = seen[0]
    plain = small.train.images[batch.indices]
    assert batch.images.shape == plain.shape
    assert not torch.equal(batch.images, plain)
    assert batch.images.max() == plain.max()


@pytest.mark.parametrize("pixels", [-1])
def test_other_pixels_are_refused(pixels):
    assert_refused(
        lambda: random_shifts(pixels), f"pixels must be >= 0, got {pixels}"
    )
    with pytest.raises(TypeError, match="pixels must be a whole number"):
        random_shifts(0.5)
