"""Answers to the exercises of book/attention_distillation.md."""

import numpy as np

from mini_compress.checks import attention_distillation as checks
from tests.checks.answers import right, wrong

TWO = "a power of 2 gives the maps of the chapter"
OTHERS = "other powers are of the absolute values"
LARGEST = "an infinite power takes the largest channel"
NO_ENERGY = "a map without energy stays 0, and others are as ever"


def normalize(energy):
    norm = np.sqrt((energy**2).sum(axis=(-2, -1), keepdims=True))
    return energy / np.where(norm > 0, norm, 1)


@wrong(checks.power_map, TWO)
def mean_over_places(features, power):
    # the energy of channels, which have no order in common
    return normalize((np.abs(features) ** power).mean(axis=(2, 3)))


@wrong(checks.power_map, TWO)
def one_map_for_the_batch(features, power):
    energy = (np.abs(features) ** power).mean(axis=1)
    return energy / np.linalg.norm(energy)


@wrong(checks.power_map, OTHERS)
def signs_kept(features, power):
    if power == np.inf:
        return normalize(np.abs(features).max(axis=1))
    return normalize((features**power).mean(axis=1))


@wrong(checks.power_map, LARGEST)
def largest_with_its_sign(features, power):
    if power == np.inf:
        return normalize(features.max(axis=1))
    return normalize((np.abs(features) ** power).mean(axis=1))


@wrong(checks.power_map, NO_ENERGY)
def divided_by_zero(features, power):
    sizes = np.abs(features)
    energy = (
        sizes.max(axis=1) if power == np.inf else (sizes**power).mean(axis=1)
    )
    return energy / np.sqrt((energy**2).sum(axis=(1, 2), keepdims=True))


@right(checks.power_map)
def by_flat_maps(features, power):
    sizes = np.abs(features).reshape(*features.shape[:2], -1)
    energy = np.linalg.norm(sizes, ord=power, axis=1)
    if power != np.inf:
        energy = energy**power
    norm = np.linalg.norm(energy, axis=1, keepdims=True)
    norm[norm == 0] = 1
    return (energy / norm).reshape(len(sizes), *features.shape[2:])


PLACES = "for one image, the mean over the places"
FACTOR = "a factor of all features changes nothing"
TWICE = "an image twice in a batch changes nothing"
OWN_NORM = "each image's map has a norm of its own"


def squares(features):
    return (features**2).mean(axis=1)


@wrong(checks.map_loss, PLACES)
def norm_of_the_paper(student, teacher):
    apart = normalize(squares(student)) - normalize(squares(teacher))
    return np.sqrt((apart**2).sum(axis=(1, 2))).mean()


@wrong(checks.map_loss, PLACES)
def sum_over_places(student, teacher):
    apart = normalize(squares(student)) - normalize(squares(teacher))
    return (apart**2).sum(axis=(1, 2)).mean()


@wrong(checks.map_loss, FACTOR)
def not_normalized(student, teacher):
    # a factor of 10 in the features is one of 10,000 in the loss
    return ((squares(student) - squares(teacher)) ** 2).mean()


@wrong(checks.map_loss, TWICE)
def sum_over_images(student, teacher):
    apart = normalize(squares(student)) - normalize(squares(teacher))
    return (apart**2).mean(axis=(1, 2)).sum()


@wrong(checks.map_loss, OWN_NORM)
def norm_of_the_batch(student, teacher):
    # `norm()` without an axis, put right for the number of images
    maps = [
        np.sqrt(len(x)) * squares(x) / np.linalg.norm(squares(x))
        for x in (student, teacher)
    ]
    return ((maps[0] - maps[1]) ** 2).mean()


@right(checks.map_loss)
def by_products(student, teacher):
    # of two maps of norm 1, the squared distance is 2 - 2 * their product
    ours, theirs = (normalize(squares(x)) for x in (student, teacher))
    products = (ours * theirs).sum(axis=(1, 2))
    return (2 - 2 * products).mean() / ours[0].size


HALF = "one block with one head: half a token's own, half its attention"
HEADS = "heads are averaged"
EVERY = "the identity is added in every block"
LEFT = "the later block stands at the left"


def mix(block):
    mixed = block.mean(axis=1) + np.eye(block.shape[-1])
    return mixed / mixed.sum(axis=-1, keepdims=True)


@wrong(checks.rollout, HALF)
def without_identity(matrices):
    result = matrices[0].mean(axis=1)
    for block in matrices[1:]:
        result = block.mean(axis=1) @ result
    return result


@wrong(checks.rollout, HALF)
def rows_not_divided(matrices):
    result = np.eye(matrices.shape[-1])
    for block in matrices:
        result = (block.mean(axis=1) + np.eye(len(result[-1]))) @ result
    return result


@wrong(checks.rollout, HEADS)
def first_head(matrices):
    result = np.eye(matrices.shape[-1])
    for block in matrices:
        result = mix(block[:, :1]) @ result
    return result


@wrong(checks.rollout, EVERY)
def identity_once(matrices):
    result = mix(matrices[0])
    for block in matrices[1:]:
        result = block.mean(axis=1) @ result
    return result


@wrong(checks.rollout, LEFT)
def later_at_the_right(matrices):
    result = mix(matrices[0])
    for block in matrices[1:]:
        result = result @ mix(block)
    return result


@right(checks.rollout)
def from_the_last_block(matrices):
    blocks = [(x.mean(axis=1) + np.eye(x.shape[-1])) / 2 for x in matrices]
    result = blocks[-1]
    for earlier in blocks[-2::-1]:
        result = np.einsum("nij,njk->nik", result, earlier)
    return result


ONE = "one image and one control: a difference, and who is ahead"
ALIKE = "each image counts alike, whatever the sum of its map"
MEAN = "the excess is over the mean of the controls, not the best"
ABOVE = "an image counts as above if it beats every control"


def share(maps, ink):
    return (maps * ink).sum(axis=(-2, -1)) / maps.sum(axis=(-2, -1))


@wrong(checks.control, ONE)
def mean_on_ink(maps, controls, ink):
    # of the cells with ink, not over the sum of the map
    ours = (maps * ink).sum(axis=(1, 2)) / ink.sum(axis=(1, 2))
    theirs = (controls * ink).sum(axis=(2, 3)) / ink.sum(axis=(1, 2))
    return ours.mean() - theirs.mean(), (ours > theirs.max(axis=0)).mean()


@wrong(checks.control, ONE)
def against_the_share_of_cells(maps, controls, ink):
    ours, cells = share(maps, ink), ink.mean(axis=(1, 2))
    return ours.mean() - cells.mean(), (ours > cells).mean()


@wrong(checks.control, ALIKE)
def all_maps_in_one_sum(maps, controls, ink):
    theirs = share(controls, ink)
    pooled = (maps * ink).sum() / maps.sum()
    ahead = (share(maps, ink) > theirs.max(axis=0)).mean()
    return pooled - theirs.mean(), ahead


@wrong(checks.control, MEAN)
def over_the_best_control(maps, controls, ink):
    ours, theirs = share(maps, ink), share(controls, ink)
    best = theirs.max(axis=0)
    return ours.mean() - best.mean(), (ours > best).mean()


@wrong(checks.control, ABOVE)
def above_the_mean_control(maps, controls, ink):
    ours, theirs = share(maps, ink), share(controls, ink)
    return ours.mean() - theirs.mean(), (ours > theirs.mean(axis=0)).mean()


@right(checks.control)
def image_by_image(maps, controls, ink):
    excess, above = 0.0, 0
    for number, cells in enumerate(ink):
        ours = maps[number][cells].sum() / maps[number].sum()
        theirs = [x[number][cells].sum() / x[number].sum() for x in controls]
        excess += ours - sum(theirs) / len(theirs)
        above += all(ours > x for x in theirs)
    return excess / len(ink), above / len(ink)
