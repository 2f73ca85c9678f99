"""Answers to the exercises of book/attention_distillation.md."""

import numpy as np

from mini_compress.checks import attention_distillation as checks
from tests.checks.answers import right, wrong

PLACES = "for one image, the mean over the places"
FACTOR = "a factor of all features changes nothing"
TWICE = "an image twice in a batch changes nothing"
OWN_NORM = "each image's map has a norm of its own"


def normalize(energy):
    norm = np.sqrt((energy**2).sum(axis=(-2, -1), keepdims=True))
    return energy / np.where(norm > 0, norm, 1)


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
