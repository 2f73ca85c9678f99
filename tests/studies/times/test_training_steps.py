"""What the study of training steps times is a step of what it names."""

import pytest

from mini_compress import pruning, zoo
from mini_compress.studies.times import training_steps as study


@pytest.fixture
def net():
    return zoo.load(study.NETWORK, study.DATASET)


@pytest.mark.parametrize("name", study.LESSONS)
def test_a_step_goes_back_to_every_weight(name):
    made = []
    lesson = study.LESSONS[name]

    def make(model):
        made.append(lesson(model))
        return made[-1]

    step = study._make_step(make)
    model = made[0].model
    assert all(x.grad is None for x in model.parameters())
    step.take()
    learning = [x for x in model.parameters() if x.requires_grad]
    assert learning and all(x.grad is not None for x in learning)
    whole = study._make_step(study.whole)
    assert step.macs <= whole.macs


def test_removed_weights_stay_removed(net):
    lesson = study.masked(net)
    zeros = pruning.sparsity_of(pruning.masks_of(lesson.model))
    study._make_step(lambda model: lesson).take()
    assert pruning.sparsity_of(pruning.masks_of(lesson.model)) == zeros > 0.6


def test_a_teacher_is_not_its_student(net):
    lesson = study.taught(net)
    assert lesson.loss.teacher is not lesson.model


def test_all_are_timed_in_the_same_rounds():
    rows = [study.measure(run) for run in study.grid(True)]
    assert {row.repeats for row in rows} == {study.FEW}
    assert [row.method for row in rows] == list(study.LESSONS)
    assert all(row.min_ms > 0 for row in rows)
