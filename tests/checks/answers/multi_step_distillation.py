"""Answers to the exercises of book/multi_step_distillation.md."""

from itertools import pairwise

from mini_compress.checks import multi_step_distillation as checks
from tests.checks.answers import right, wrong

ONE = "one generation has the penalty itself"
NOT_ADDED = "the penalties do not just add up"
DIRECTION = "it depends on the direction"
STRENGTH = "and on the strength"


@wrong(checks.single_penalty, ONE)
def share_for_penalty(energy, strength, generations):
    # what is kept, and not the penalty that keeps as much
    return (energy / (energy + strength)) ** generations


@wrong(checks.single_penalty, ONE)
def one_not_subtracted(energy, strength, generations):
    return energy * (1 + strength / energy) ** generations


@wrong(checks.single_penalty, NOT_ADDED)
def added_up(energy, strength, generations):
    return generations * strength


@wrong(checks.single_penalty, NOT_ADDED)
def to_the_power(energy, strength, generations):
    return strength**generations if generations > 1 else strength


@wrong(checks.single_penalty, DIRECTION)
def one_for_all_directions(energy, strength, generations):
    # solved for a direction of 1
    return strength * (2**generations - 1)


@wrong(checks.single_penalty, STRENGTH)
def for_a_strength_of_one(energy, strength, generations):
    if generations == 1:
        return strength
    return energy * ((1 + 1 / energy) ** generations - 1)


@right(checks.single_penalty)
def from_what_is_kept(energy, strength, generations):
    kept = (energy / (energy + strength)) ** generations
    return energy / kept - energy


ONE_CLASS = "one class at T = 1: the share of the soft part"
MEAN = "a mean over the classes is so much smaller than their sum"
SQUARE = "our loss has T^2 in it already"
PUBLISHED = "and so the published one"


@wrong(checks.weight_here, ONE_CLASS)
def ratio_of_the_parts(soft, hard, temperature, num_classes):
    # soft for hard, and not soft for all
    return soft / (num_classes * temperature**2 * hard + 1e-300)


@wrong(checks.weight_here, MEAN)
def as_if_summed(soft, hard, temperature, num_classes):
    return soft / (soft + hard * temperature**2)


@wrong(checks.weight_here, MEAN)
def number_of_classes_times(soft, hard, temperature, num_classes):
    ours = soft * num_classes / temperature**2
    return ours / (ours + hard)


@wrong(checks.weight_here, MEAN)
def divided_by_the_old_sum(soft, hard, temperature, num_classes):
    return soft / (num_classes * temperature**2) / (soft + hard)


@wrong(checks.weight_here, SQUARE)
def square_left_in(soft, hard, temperature, num_classes):
    ours = soft / num_classes
    return ours / (ours + hard)


@wrong(checks.weight_here, SQUARE)
def temperature_not_squared(soft, hard, temperature, num_classes):
    ours = soft / (num_classes * temperature)
    return ours / (ours + hard)


@wrong(checks.weight_here, PUBLISHED)
def classes_or_temperature(soft, hard, temperature, num_classes):
    ours = soft / max(num_classes, temperature**2)
    return ours / (ours + hard)


@right(checks.weight_here)
def in_one_line(soft, hard, temperature, num_classes):
    return soft / (soft + num_classes * temperature**2 * hard)


TRAINED = "what comes back is the student, after it was trained"
NEXT = "the trained assistant teaches the next one"
GOES_ON = "so it goes on, each network being taught once"


@wrong(checks.follow, TRAINED)
def as_in_the_question(networks, teach):
    teacher, *learners = networks
    for learner in learners:
        teach(networks[0], learner)
        teacher = learner
    return teacher


@wrong(checks.follow, TRAINED)
def all_lessons(networks, teach):
    # the list of what came of each step
    trained = networks[:1]
    for learner in networks[1:]:
        trained.append(teach(trained[-1], learner))
    return trained


@wrong(checks.follow, NEXT)
def by_the_first_teacher(networks, teach):
    trained = networks[0]
    for learner in networks[1:]:
        trained = teach(networks[0], learner)
    return trained


@wrong(checks.follow, NEXT)
def by_the_untrained(networks, teach):
    trained = networks[0]
    for teacher, learner in pairwise(networks):
        trained = teach(teacher, learner)
    return trained


@wrong(checks.follow, GOES_ON)
def two_steps_only(networks, teach):
    # the paper's case, written out
    if len(networks) == 2:
        return teach(*networks)
    return teach(teach(networks[0], networks[1]), networks[-1])


@wrong(checks.follow, GOES_ON)
def from_the_start_each_time(networks, teach):
    # the path up to the assistant is walked again for the step after it
    if len(networks) == 2:
        return teach(*networks)
    if len(networks) > 3:
        from_the_start_each_time(networks[:-1], teach)
    return teach(from_the_start_each_time(networks[:-1], teach), networks[-1])


@right(checks.follow)
def from_the_end(networks, teach):
    if len(networks) == 1:
        return networks[0]
    return teach(from_the_end(networks[:-1], teach), networks[-1])
