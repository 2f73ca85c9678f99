"""Answers to the exercises of book/distillation.md."""

import copy

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
from mini_compress.kernels.soft_targets import log_softmax, softmax
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


ROWS = "logits come back, a row for each image"
NO_GRADIENT = "no gradient flows through the teacher"
STATISTICS = "the running statistics are as they were"
EVALUATION = "they are the logits of the evaluation mode"
MODE = "the teacher is in the mode in which it was"
PARTS = "so is each part of it"
ENDS = "what asked for a gradient still does, and autograd is on"


@wrong(checks.answers, ROWS)
def named_classes(teacher, images):
    # hard answers: nothing is left for a temperature
    with torch.no_grad():
        return teacher(images).argmax(dim=1)


@wrong(checks.answers, NO_GRADIENT)
def evaluation_mode_alone(teacher, images):
    # eval() does not switch gradients off
    was = teacher.training
    logits = teacher.eval()(images)
    teacher.train(was)
    return logits


@wrong(checks.answers, STATISTICS)
def no_gradients_alone(teacher, images):
    # no_grad() does not change the mode
    with torch.no_grad():
        return teacher(images)


@wrong(checks.answers, STATISTICS)
def warmed_up(teacher, images):
    # "let it see the batch first"
    with torch.no_grad():
        teacher(images)
        return teacher.eval()(images)


@wrong(checks.answers, EVALUATION)
def batch_normalization_alone(teacher, images):
    # the recipe for frozen statistics, which forgets dropout
    for part in teacher.modules():
        if isinstance(part, torch.nn.BatchNorm1d):
            part.eval()
    with torch.no_grad():
        return teacher(images)


@wrong(checks.answers, MODE)
def left_in_evaluation_mode(teacher, images):
    # harmless, if nobody trains it any more
    with torch.no_grad():
        return teacher.eval()(images)


@wrong(checks.answers, MODE)
def always_back_to_training(teacher, images):
    # a teacher that was in evaluation mode is now in training mode
    teacher.eval()
    with torch.no_grad():
        logits = teacher(images)
    teacher.train()
    return logits


@wrong(checks.answers, PARTS)
def mode_of_the_whole(teacher, images):
    # train(mode) sets all parts alike
    was = teacher.training
    with torch.no_grad():
        logits = teacher.eval()(images)
    teacher.train(was)
    return logits


def modes_kept(teacher, images):
    """Ask in evaluation mode, and put the mode of each part back."""
    modes = {part: part.training for part in teacher.modules()}
    logits = teacher.eval()(images)
    for part, mode in modes.items():
        part.training = mode
    return logits


@wrong(checks.answers, ENDS)
def parameters_frozen(teacher, images):
    # as it stands in many scripts, where it is meant to last
    return modes_kept(teacher.requires_grad_(False), images)


@wrong(checks.answers, ENDS)
def gradients_off_for_good(teacher, images):
    # as a function it has no end
    torch.set_grad_enabled(False)
    return modes_kept(teacher, images)


@right(checks.answers)
def copied_and_detached(teacher, images):
    # as safe, and as slow as copying a network
    return copy.deepcopy(teacher).eval()(images).detach()


@right(checks.answers)
def in_inference_mode(teacher, images):
    with torch.inference_mode():
        return modes_kept(teacher, images)


@right(checks.answers)
def by_the_package(teacher, images):
    return distillation.ask(teacher, images)


AGREED = "where both columns agree: the best epoch, from 1, and its accuracy"
ON_VALIDATION = "the epoch is chosen on validation alone"
ITS_TEST = "its test accuracy is reported, and no other"
THE_LAST = "of equally good epochs it is the last, whatever the test says"


@wrong(checks.reportable, AGREED)
def counted_from_0(validation, test):
    best = max(np.flatnonzero(validation == max(validation)))
    return best, test[best]


@wrong(checks.reportable, AGREED)
def accuracy_first(validation, test):
    best = max(np.flatnonzero(validation == max(validation)))
    return test[best], best + 1


@wrong(checks.reportable, AGREED)
def last_epoch(validation, test):
    # as if nothing were kept
    return len(test), test[-1]


@wrong(checks.reportable, ON_VALIDATION)
def best_on_test(validation, test):
    # the code released for teacher assistants; MIT 6.5940, lab 1
    return np.argmax(test) + 1, max(test)


@wrong(checks.reportable, ON_VALIDATION)
def best_on_both(validation, test):
    # "more images judge better"
    best = np.argmax(validation + test)
    return best + 1, test[best]


@wrong(checks.reportable, ITS_TEST)
def what_it_was_chosen_by(validation, test):
    best = max(np.flatnonzero(validation == max(validation)))
    return best + 1, validation[best]


@wrong(checks.reportable, ITS_TEST)
def best_of_each_column(validation, test):
    # the right epoch beside the luckiest figure
    best = max(np.flatnonzero(validation == max(validation)))
    return best + 1, max(test)


@wrong(checks.reportable, THE_LAST)
def first_of_equals(validation, test):
    best = np.argmax(validation)
    return best + 1, test[best]


@wrong(checks.reportable, THE_LAST)
def equals_parted_by_test(validation, test):
    # sorts (validation, test): a choice on test by the back door
    best = max(range(len(test)), key=lambda x: (validation[x], test[x]))
    return best + 1, test[best]


@wrong(checks.reportable, THE_LAST)
def mean_of_equals(validation, test):
    equal = np.flatnonzero(validation == max(validation))
    return equal[-1] + 1, test[equal].mean()


@right(checks.reportable)
def epoch_by_epoch(validation, test):
    kept, best = 0, -np.inf
    for number, accuracy in enumerate(validation, start=1):
        if accuracy >= best:
            kept, best = number, accuracy
    return kept, test[kept - 1]


@right(checks.reportable)
def by_sorting(validation, test):
    # a stable sort leaves equals in their order
    last = np.argsort(validation, kind="stable")[-1]
    return [int(last) + 1, float(test[last])]


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a Perceptron that can be saved and used"
BUDGET = "the file has fewer than 30,000 bytes"
ENOUGH = "at least 465 are right"
STEPS = "at most 560 steps of the optimizer"
LESSON = {"epochs": 20, "learning_rate": 0.02, "progress": False}


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
    return quantization.quantize_weights(distilled(teacher, epochs=40))


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
