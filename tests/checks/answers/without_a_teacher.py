"""Answers to the exercises of book/without_a_teacher.md."""

import itertools

import numpy as np

from mini_compress.checks import without_a_teacher as checks
from mini_compress.kernels.packed_logits import pack_logits, unpack_logits
from mini_compress.kernels.soft_targets import soft_target_loss
from tests.checks.answers import right, wrong

NUMBERS = "top and bits are numbers that pack_logits takes"
FITS = "the cache fits"
LEAST = "of all that fits, it loses least"
OTHERS = "other answers have another best form"


def list_forms(classes):
    return itertools.product(range(1, classes + 1), range(1, 9))


def loss_of(logits, top, bits, temperature=4.0):
    kept = unpack_logits(pack_logits(logits, top=top, bits=bits))
    return soft_target_loss(kept, logits, temperature=temperature)


def bytes_of(logits, top, bits):
    return pack_logits(logits, top=top, bits=bits).num_bytes


def search(logits, num_bytes, size=bytes_of, loss=loss_of):
    fits = [
        form
        for form in list_forms(logits.shape[1])
        if size(logits, *form) <= num_bytes
    ]
    return min(fits, key=lambda form: loss(logits, *form))


@wrong(checks.choose_form, NUMBERS)
def all_as_none(logits, num_bytes):
    # None keeps all classes in pack_logits, but is no number
    return None, 4


@wrong(checks.choose_form, NUMBERS)
def bits_of_an_image(logits, num_bytes):
    # the budget spent on one class
    return 1, 8 * num_bytes // len(logits)


@wrong(checks.choose_form, FITS)
def least_loss_of_all(logits, num_bytes):
    # the budget is not looked at
    return search(logits, np.inf)


@wrong(checks.choose_form, FITS)
def without_the_step(logits, num_bytes):
    # the bits of an image alone; four bytes are missing
    return search(logits, num_bytes, size=lambda *form: bytes_of(*form) - 4)


@wrong(checks.choose_form, LEAST)
def numbers_of_all_classes(logits, num_bytes):
    # a class takes its code and its number, even if all are kept
    def size(logits, top, bits):
        return len(logits) * ((top + 1) * bits + 4 * top) / 8 + 4

    return search(logits, num_bytes, size=size)


@wrong(checks.choose_form, LEAST)
def at_temperature_one(logits, num_bytes):
    # where the second class hardly counts
    return search(
        logits,
        num_bytes,
        loss=lambda *form: loss_of(*form, temperature=1.0),
    )


@wrong(checks.choose_form, FITS)
def three_in_many_bits(logits, num_bytes):
    # "the top three hold nearly everything"
    fits = [x for x in range(1, 9) if bytes_of(logits, 3, x) <= num_bytes]
    return 3, max(fits, default=1)


@wrong(checks.choose_form, OTHERS)
def best_of_ten_classes(logits, num_bytes):
    # classes are counted up to ten, whatever there are
    best = (np.inf, (1, 1))
    for top, bits in list_forms(min(logits.shape[1], 10)):
        if top in (1, 2, 3, 10) and bytes_of(logits, top, bits) <= num_bytes:
            best = min(best, (loss_of(logits, top, bits), (top, bits)))
    return best[1]


@right(checks.choose_form)
def by_search(logits, num_bytes):
    return search(logits, num_bytes)


KEPT = "the top classes keep what they had"
REST = "the others share the rest, in equal parts"
ORDER = "each row has its own order"
ALL = "if all classes are kept, nothing changes"


def keep(p, top):
    order = np.argsort(-p, axis=1, kind="stable")
    return np.argsort(order, axis=1) < top


@wrong(checks.spread_rest, KEPT)
def renormalized(p, top):
    # the fault that was to be mended
    kept = np.where(keep(p, top), p, 0)
    return kept / kept.sum(axis=1, keepdims=True)


@wrong(checks.spread_rest, KEPT)
def smoothed(p, top):
    # the rest goes to all classes, as in label smoothing
    kept = np.where(keep(p, top), p, 0)
    return kept + (1 - kept.sum(axis=1, keepdims=True)) / p.shape[1]


@wrong(checks.spread_rest, REST)
def rest_left_out(p, top):
    # rows do not add up to 1
    return np.where(keep(p, top), p, 0)


@wrong(checks.spread_rest, REST)
def rest_to_each(p, top):
    # each of the others gets all of the rest
    kept = np.where(keep(p, top), p, 0)
    rest = 1 - kept.sum(axis=1, keepdims=True)
    return np.where(keep(p, top), p, rest)


@wrong(checks.spread_rest, REST)
def unchanged(p, top):
    # nothing is saved
    return p.copy()


@wrong(checks.spread_rest, ORDER)
def order_of_the_first(p, top):
    # the classes of the first image are taken for all
    kept = keep(p[:1], top).repeat(len(p), axis=0)
    count = max(1, p.shape[1] - top)
    rest = (p * ~kept).sum(axis=1, keepdims=True) / count
    return np.where(kept, p, rest)


@wrong(checks.spread_rest, ALL)
def divided_by_none(p, top):
    # 0 / 0, and NaN times False is NaN
    kept = keep(p, top)
    share = (p * ~kept).sum(axis=1, keepdims=True) / np.float64(
        p.shape[1] - top
    )
    return p * kept + share * ~kept


@right(checks.spread_rest)
def with_where(p, top):
    kept = keep(p, top)
    count = max(1, p.shape[1] - top)
    return np.where(kept, p, (p * ~kept).sum(axis=1, keepdims=True) / count)
