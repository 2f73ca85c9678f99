"""Answers to the exercises of book/distillation.md."""

import numpy as np
import torch
from torch.nn import functional

from mini_compress import (
    datasets,
    distillation,
    models,
    quantization,
    training,
)
from mini_compress.checks import distillation as checks
from mini_compress.kernels.soft_targets import (
    decouple,
    log_softmax,
    soft_target_gradient,
    soft_target_loss,
    softmax,
)
from tests.checks.answers import right, wrong

NUMBER = "one number comes back, 0 if both say the same"
ORDER = "it is KL(teacher, student), and not the reverse"
CLASSES = "an image's divergence is the sum over its classes"
IMAGES = "the loss is the mean over the images"
SQUARE = "the temperature's square keeps the gradient's size"
FINITE = "logits of 10,000 give a finite loss"


def divergences(p_logits, q_logits, temperature):
    """Return KL(p, q), term by term: (n, classes)."""
    log_p = log_softmax(p_logits, temperature=temperature)
    log_q = log_softmax(q_logits, temperature=temperature)
    return np.exp(log_p) * (log_p - log_q)


@wrong(checks.mended_loss, NUMBER)
def loss_of_each_image(student, teacher, temperature):
    # torch: reduction="none", and the mean forgotten
    terms = divergences(teacher, student, temperature)
    return temperature**2 * terms.sum(axis=1)


@wrong(checks.mended_loss, NUMBER)
def cross_entropy(student, teacher, temperature):
    # the teacher's own entropy is left in: the gradient is right
    p = softmax(teacher, temperature=temperature)
    log_q = log_softmax(student, temperature=temperature)
    return -(temperature**2) * (p * log_q).sum(axis=1).mean()


@wrong(checks.mended_loss, NUMBER)
def logits_changed(student, teacher, temperature):
    # student /= temperature, in the caller's array
    student /= temperature
    return temperature**2 * divergences(teacher, student, 1.0).sum(1).mean()


@wrong(checks.mended_loss, ORDER)
def all_three_faults(student, teacher, temperature):
    # the function of the exercise, but for its logarithms
    return divergences(student, teacher, temperature).mean()


@wrong(checks.mended_loss, ORDER)
def exchanged(student, teacher, temperature):
    # scipy's rel_entr(x, y) is KL(x, y), torch's kl_div(x, y) is KL(y, x)
    terms = divergences(student, teacher, temperature)
    return temperature**2 * terms.sum(axis=1).mean()


@wrong(checks.mended_loss, ORDER)
def both_ways(student, teacher, temperature):
    # a symmetric divergence
    there = divergences(student, teacher, temperature)
    back = divergences(teacher, student, temperature)
    return temperature**2 * (there + back).sum(axis=1).mean() / 2


@wrong(checks.mended_loss, CLASSES)
def two_faults(student, teacher, temperature):
    # the order mended alone
    return divergences(teacher, student, temperature).mean()


@wrong(checks.mended_loss, CLASSES)
def mean_over_classes(student, teacher, temperature):
    # torch: reduction="mean", which warns of it
    return temperature**2 * divergences(teacher, student, temperature).mean()


@wrong(checks.mended_loss, IMAGES)
def sum_over_images(student, teacher, temperature):
    # torch: reduction="sum"
    return temperature**2 * divergences(teacher, student, temperature).sum()


@wrong(checks.mended_loss, SQUARE)
def without_square(student, teacher, temperature):
    # one fault left: the last
    return divergences(teacher, student, temperature).sum(axis=1).mean()


@wrong(checks.mended_loss, SQUARE)
def once_the_temperature(student, teacher, temperature):
    # T for T**2
    return (
        temperature * divergences(teacher, student, temperature).sum(1).mean()
    )


@wrong(checks.mended_loss, NUMBER)
def teacher_alone_is_softened(student, teacher, temperature):
    # the student's own temperature forgotten
    log_q = log_softmax(student)
    log_p = log_softmax(teacher, temperature=temperature)
    terms = np.exp(log_p) * (log_p - log_q)
    return temperature**2 * terms.sum(axis=1).mean()


@wrong(checks.mended_loss, FINITE)
def logarithm_of_softmax(student, teacher, temperature):
    # 0 * log(0) is NaN
    p = softmax(teacher, temperature=temperature)
    q = softmax(student, temperature=temperature)
    return temperature**2 * (p * np.log(p / q)).sum(axis=1).mean()


@wrong(checks.mended_loss, FINITE)
def a_little_added(student, teacher, temperature):
    # log(q + 1e-8) is finite, and wrong where q is smaller
    p = softmax(teacher, temperature=temperature)
    q = softmax(student, temperature=temperature)
    terms = p * (np.log(p + 1e-8) - np.log(q + 1e-8))
    return temperature**2 * terms.sum(axis=1).mean()


@wrong(checks.mended_loss, FINITE)
def exponentials_overflow(student, teacher, temperature):
    # log-softmax without taking the largest off
    def logs(x):
        x = x.astype(np.float64) / temperature
        return x - np.log(np.exp(x).sum(axis=1, keepdims=True))

    p, q = logs(teacher), logs(student)
    return temperature**2 * (np.exp(p) * (p - q)).sum(axis=1).mean()


@right(checks.mended_loss)
def by_torch(student, teacher, temperature):
    log_q, log_p = (
        functional.log_softmax(torch.from_numpy(x) / temperature, dim=1)
        for x in (student, teacher)
    )
    divergence = functional.kl_div(
        log_q, log_p, reduction="batchmean", log_target=True
    )
    return temperature**2 * divergence


@right(checks.mended_loss)
def image_by_image(student, teacher, temperature):
    total = 0.0
    for row in zip(student / temperature, teacher / temperature, strict=True):
        q, p = (x - x.max() - np.log(np.exp(x - x.max()).sum()) for x in row)
        total += float(np.exp(p) @ (p - q))
    return temperature**2 * total / len(student)


SHIFTED = "a number added to all logits of an image changes nothing"
ONE_IMAGE = "for one image it is what soft_target_loss gives at T = 10,000"
SEVERAL = "for several images it is the mean"
LIMIT = "it is the limit, and not the loss at some high temperature"


def centered(logits):
    return logits - logits.mean(axis=1, keepdims=True)


@wrong(checks.logit_matching, NUMBER)
def its_gradient(student, teacher):
    # equation 4 of Hinton, which is the slope
    return (centered(student) - centered(teacher)) / student.size


@wrong(checks.logit_matching, NUMBER)
def squares_of_the_student(student, teacher):
    # the teacher forgotten
    return (centered(student) ** 2).mean() / 2


@wrong(checks.logit_matching, SHIFTED)
def not_centered(student, teacher):
    # "matching logits" as it stands in many posts
    return ((student - teacher) ** 2).mean() / 2


@wrong(checks.logit_matching, SHIFTED)
def centered_over_all(student, teacher):
    # one mean for the whole batch
    return np.var(student - teacher) / 2


@wrong(checks.logit_matching, SHIFTED)
def centered_by_class(student, teacher):
    # axis=0: the mean of a class over the images
    return np.var(student - teacher, axis=0).mean() / 2


@wrong(checks.logit_matching, ONE_IMAGE)
def without_half(student, teacher):
    # torch: mse_loss
    return np.var(student - teacher, axis=1).mean()


@wrong(checks.logit_matching, ONE_IMAGE)
def summed_over_classes(student, teacher):
    # as KL sums, but 1 / classes is part of the limit
    return np.var(student - teacher, axis=1).mean() * student.shape[1] / 2


@wrong(checks.logit_matching, ONE_IMAGE)
def one_degree_of_freedom_less(student, teacher):
    # the estimate of a variance
    return np.var(student - teacher, axis=1, ddof=1).mean() / 2


@wrong(checks.logit_matching, SEVERAL)
def summed_over_images(student, teacher):
    # divided by the classes alone
    return np.var(student - teacher, axis=1).sum() / 2


@wrong(checks.logit_matching, LIMIT)
def very_hot(student, teacher):
    # the loss itself, at a temperature that seems high enough
    return soft_target_loss(student, teacher, temperature=1e4)


@wrong(checks.logit_matching, LIMIT)
def slope_times_distance(student, teacher):
    # half the difference along the gradient, which is not yet the limit's
    slope = soft_target_gradient(student, teacher, temperature=1e4)
    return (slope * (student - teacher)).sum() / 2


@right(checks.logit_matching)
def half_a_variance(student, teacher):
    return np.var(student - teacher, axis=1).mean() / 2


@right(checks.logit_matching)
def with_loops(student, teacher):
    total = 0.0
    for ours, theirs in zip(student, teacher, strict=True):
        apart = [float(x - y) for x, y in zip(ours, theirs, strict=True)]
        mean = sum(apart) / len(apart)
        total += sum((x - mean) ** 2 for x in apart)
    return total / student.size / 2


@right(checks.logit_matching)
def pairs_of_classes(student, teacher):
    # a variance is half the mean square over all pairs
    apart = student - teacher
    pairs = apart[:, :, np.newaxis] - apart[:, np.newaxis]
    return (pairs**2).mean() / 4


ONE = "one image: it gets that probability"
MEAN = "several images: the mean of their probabilities is the share"
NEGATIVE = "a class that is named too often gets a negative bias"
SHARES = "shares from 0.001 to 0.999"
FAR = "logits of 50 and -50 too"


def mean_share(logits, one, bias):
    moved = np.array(logits, np.float64)
    moved[:, one] += bias
    return softmax(moved)[:, one].mean()


def bisect(logits, one, share, low, high, halvings=100):
    for _ in range(halvings):
        middle = (low + high) / 2
        if mean_share(logits, one, middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def log_odds(share):
    return np.log(share / (1 - share))


def newton(logits, one, share, bias, steps, longest=np.inf):
    for _ in range(steps):
        moved = np.array(logits, np.float64)
        moved[:, one] += bias
        p = softmax(moved)[:, one]
        step = (share - p.mean()) / (p * (1 - p)).mean()
        bias += np.clip(step, -longest, longest)
    return bias


@wrong(checks.class_bias, ONE)
def added_to_the_probability(logits, one, share):
    # behind the softmax, where rows no longer add up to 1
    return share - softmax(logits)[:, one].mean()


@wrong(checks.class_bias, ONE)
def ratio_of_probabilities(logits, one, share):
    # log(share / p): the sum of the others stays as it was
    return np.log(share / softmax(logits)[:, one].mean())


@wrong(checks.class_bias, ONE)
def always_the_first(logits, one, share):
    # the class forgotten
    return bisect(logits, 0, share, -300, 300)


@wrong(checks.class_bias, MEAN)
def once_corrected(logits, one, share):
    # prior correction by log odds: right for one image
    return log_odds(share) - log_odds(softmax(logits)[:, one].mean())


@wrong(checks.class_bias, ONE)
def share_of_decisions(logits, one, share):
    # the share of images that are named so, in place of a probability
    others = np.delete(logits, one, axis=1).max(axis=1)
    return np.quantile(others - logits[:, one], share)


@wrong(checks.class_bias, NEGATIVE)
def from_zero_up(logits, one, share):
    # a class that was left out needs more, never less
    return bisect(logits, one, share, 0, 300)


@wrong(checks.class_bias, SHARES)
def within_eight(logits, one, share):
    # Hinton's 3.5, with room to spare
    return bisect(logits, one, share, -8, 8)


@wrong(checks.class_bias, ONE)
def in_tenths(logits, one, share):
    # a table of biases, as a plot of them has
    tried = np.arange(-100, 100, 0.1)
    reached = [mean_share(logits, one, bias) for bias in tried]
    return tried[np.abs(np.array(reached) - share).argmin()]


@wrong(checks.class_bias, FAR)
def newton_gives_up(logits, one, share):
    # enough steps for logits of an ordinary size
    return newton(logits, one, share, 0.0, 12, longest=5.0)


@wrong(checks.class_bias, FAR)
def within_thirty(logits, one, share):
    # wide enough for most networks
    return bisect(logits, one, share, -30, 30)


@right(checks.class_bias)
def halving(logits, one, share):
    return bisect(logits, one, share, -1000, 1000)


@right(checks.class_bias)
def enclosed_by_the_images(logits, one, share):
    # no image needs less than the lowest, nor more than the highest
    logs = np.array(log_softmax(logits)[:, one])
    with np.errstate(divide="ignore"):
        rest = np.log(-np.expm1(logs))
    needed = log_odds(share) + np.where(np.isfinite(rest), rest, -200) - logs
    return np.float32(bisect(logits, one, share, needed.min(), needed.max()))


TWO = "two arrays come back, a number for each image in each"
WHOLE = "target + (1 - p) * others is the divergence of all classes"
OUTCOMES = "the first part knows two outcomes, the target and all others"
LABEL = "the target is the label, which need not be the teacher's first choice"
EXTREME = "logits of 10,000 give finite parts, and the right ones"


def split(logits, labels, temperature):
    """Return (n,), (n, classes - 1) logits: target, and others."""
    n, classes = logits.shape
    is_target = np.arange(classes) == np.asarray(labels)[:, np.newaxis]
    scaled = logits.astype(np.float64) / temperature
    return scaled[is_target], scaled[~is_target].reshape(n, classes - 1)


def binary(p, q):
    """Return KL of two outcomes, whose first has probability p or q."""
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


def of_target(logits, labels, temperature):
    p = softmax(logits.astype(np.float64), temperature=temperature)
    return p[np.arange(len(p)), labels]


def among_others(student, teacher, labels, temperature):
    ours, theirs = (
        split(x, labels, temperature)[1] for x in (student, teacher)
    )
    return divergences(theirs, ours, 1.0).sum(axis=1)


@wrong(checks.decoupled_parts, TWO)
def means_of_the_batch(student, teacher, labels, temperature):
    # the published code returns one number
    parts = decouple(student, teacher, labels, temperature=temperature)
    return [part.mean() for part in parts]


@wrong(checks.decoupled_parts, TWO)
def weighted_sum(student, teacher, labels, temperature):
    # alpha * target + beta * others, with 1 and 8
    parts = decouple(student, teacher, labels, temperature=temperature)
    return parts[0] + 8 * parts[1]


@wrong(checks.decoupled_parts, WHOLE)
def with_square(student, teacher, labels, temperature):
    # T**2, which belongs to the loss
    parts = decouple(student, teacher, labels, temperature=temperature)
    return [temperature**2 * part for part in parts]


@wrong(checks.decoupled_parts, WHOLE)
def others_not_renormalized(student, teacher, labels, temperature):
    # their probabilities add up to 1 - p
    target, _ = decouple(student, teacher, labels, temperature=temperature)
    terms = divergences(
        teacher.astype(float), student.astype(float), temperature
    )
    own = terms[np.arange(len(labels)), labels]
    return target, terms.sum(axis=1) - own


@wrong(checks.decoupled_parts, WHOLE)
def reversed_parts(student, teacher, labels, temperature):
    # KL(student, teacher)
    return decouple(teacher, student, labels, temperature=temperature)


@wrong(checks.decoupled_parts, WHOLE)
def others_first(student, teacher, labels, temperature):
    # the order of the two
    return decouple(student, teacher, labels, temperature=temperature)[::-1]


@wrong(checks.decoupled_parts, OUTCOMES)
def one_outcome(student, teacher, labels, temperature):
    # the target's term alone, and all else in the others
    p = of_target(teacher, labels, temperature)
    q = of_target(student, labels, temperature)
    terms = divergences(
        teacher.astype(float), student.astype(float), temperature
    )
    own = p * np.log(p / q)
    return own, (terms.sum(axis=1) - own) / (1 - p)


@wrong(checks.decoupled_parts, OUTCOMES)
def nothing_split(student, teacher, labels, temperature):
    # the whole and 0 add up, too
    terms = divergences(teacher, student, temperature)
    return terms.sum(axis=1), np.zeros(len(labels))


@wrong(checks.decoupled_parts, LABEL)
def teachers_choice(student, teacher, labels, temperature):
    # labels not used
    chosen = teacher.argmax(axis=1)
    return decouple(student, teacher, chosen, temperature=temperature)


@wrong(checks.decoupled_parts, EXTREME)
def as_published(student, teacher, labels, temperature):
    # decoupled distillation's own code: 1000 off, log of a sum of softmax
    p = of_target(teacher, labels, temperature)
    q = of_target(student, labels, temperature)
    off = 1000.0 * np.eye(teacher.shape[1])[labels]
    ours, theirs = (
        x.astype(np.float64) / temperature - off for x in (student, teacher)
    )
    return binary(p, q), divergences(theirs, ours, 1.0).sum(axis=1)


@wrong(checks.decoupled_parts, EXTREME)
def one_minus_p(student, teacher, labels, temperature):
    # the others are right, but 1 - p is 0 where p rounds to 1
    p = of_target(teacher, labels, temperature)
    q = of_target(student, labels, temperature)
    return binary(p, q), among_others(student, teacher, labels, temperature)


@right(checks.decoupled_parts)
def by_logsumexp(student, teacher, labels, temperature):
    def two(logits):
        target, others = split(logits, labels, temperature)
        return np.stack([target, np.logaddexp.reduce(others, axis=1)], axis=1)

    target = divergences(two(teacher), two(student), 1.0).sum(axis=1)
    return target, among_others(student, teacher, labels, temperature)


@right(checks.decoupled_parts)
def in_torch(student, teacher, labels, temperature):
    columns = torch.from_numpy(labels)[:, None]
    parts = []
    for logits in (student, teacher):
        logs = torch.from_numpy(logits).double() / temperature
        logs = logs.log_softmax(dim=1)
        rest = logs.scatter(1, columns, -torch.inf)
        both = logs.gather(1, columns), rest.logsumexp(1, keepdim=True)
        kept = torch.arange(logs.shape[1]) != columns
        others = logs[kept].view(len(logs), -1).log_softmax(dim=1)
        parts.append((torch.cat(both, dim=1), others))
    ours, theirs = parts
    return tuple(
        (p.exp() * (p - q)).sum(dim=1)
        for p, q in zip(theirs, ours, strict=True)
    )


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a Perceptron that can be saved and used"
BUDGET = "the file has fewer than 30,000 bytes"
ENOUGH = "at least 465 are right"
STEPS = "at most 840 steps of the optimizer"
LESSON = {"epochs": 30, "learning_rate": 0.01, "progress": False}


def distilled(teacher, width=35, **changed):
    """Train a student of one hidden layer on what the teacher answers."""
    student = models.perceptron(width, seed=0)
    settings = LESSON | changed
    data = datasets.load("mnist5k")
    return distillation.distill(teacher, student, data, **settings).model


def on_labels(width, seed=0, **changed):
    student = models.perceptron(width, seed=seed)
    data = datasets.load("mnist5k")
    return training.train(student, data, seed=seed, **LESSON | changed).model


@wrong(checks.distilled_student, UNSEEN)
def judged_on_the_test_images(teacher):
    # MIT 6.5940, lab 1: the best epoch on the test set
    student = distilled(teacher, epochs=1)
    assert (
        training.evaluate(student, datasets.load("mnist5k").test).accuracy > 20
    )
    return student


@wrong(checks.distilled_student, SAVED)
def teacher_in_fewer_bits(teacher):
    # a smaller teacher is not a student
    return quantization.quantize_weights(teacher, bits=4)


@wrong(checks.distilled_student, SAVED)
def what_training_gives(teacher):
    # the result, and not its model
    data = datasets.load("mnist5k")
    student = models.perceptron(9, seed=0)
    settings = LESSON | {"epochs": 1}
    return distillation.distill(teacher, student, data, **settings)


@wrong(checks.distilled_student, BUDGET)
def wide_in_float32(teacher):
    # four bytes for each weight
    return distilled(teacher, epochs=1)


@wrong(checks.distilled_student, ENOUGH)
def narrow_in_float32(teacher):
    # distilled, but nine neurons are all that fit
    return distilled(teacher, width=9)


@wrong(checks.distilled_student, ENOUGH)
def labels_alone(teacher):
    # without a teacher, in the same bytes and epochs
    return quantization.quantize_weights(on_labels(35, seed=1))


@wrong(checks.distilled_student, STEPS)
def twice_as_long(teacher):
    # more epochs in place of a better lesson
    return quantization.quantize_weights(distilled(teacher, epochs=60))


@right(checks.distilled_student)
def on_moved_labels(teacher):
    # within the budget without a teacher: the control of the exercise
    moved = training.random_shifts(1)
    return quantization.quantize_weights(on_labels(35, transform=moved))


@right(checks.distilled_student)
def lesson_of_my_own(teacher):
    data = datasets.load("mnist5k")
    student = training.train(
        models.perceptron(35, seed=1),
        data,
        loss=distillation.DistillationLoss(teacher, weight=0.5),
        transform=training.random_shifts(1),
        **LESSON,
    )
    return quantization.quantize_weights(student.model)
