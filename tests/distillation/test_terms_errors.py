"""What terms refuse: layers that do not match, names that are not there."""

import pytest
import torch

from mini_compress.distillation import (
    AttentionTransfer,
    Hint,
    MatrixTransfer,
    distill,
)
from tests.support.mistakes import assert_refused
from tests.support.teachers import Moody

PAIRS = {"a.1": "b.2"}


def prepare(term, student, teacher):
    term.prepare({"a.1": student}, {"b.2": teacher})


def learn(small, pairs):
    distill(Moody(), Moody(), small, terms=[Hint(pairs)], epochs=1)


FOURS, SIXES = torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 6, 6)
VECTORS = torch.zeros(2, 3)


@pytest.mark.parametrize(
    ("term", "student", "teacher", "message"),
    [
        (
            AttentionTransfer(PAIRS),
            FOURS,
            SIXES,
            "map of the student's 'a.1' must be as large as that of the "
            "teacher's 'b.2', got (4, 4) and (6, 6): pair layers of equal "
            "size, or pass resize=True, which averages the larger one down",
        ),
        (
            AttentionTransfer(PAIRS, resize=True),
            FOURS,
            VECTORS,
            "output of the teacher's 'b.2' must be (n, channels, h, w) to "
            "have a map, got (2, 3)",
        ),
        (
            Hint(PAIRS),
            FOURS,
            SIXES,
            "output of the student's 'a.1' must have the shape of the "
            "teacher's 'b.2' but for the channels, got (2, 3, 4, 4) and "
            "(2, 5, 6, 6): pair layers of equal size, or match maps by "
            "AttentionTransfer with resize=True",
        ),
        (
            Hint(PAIRS),
            VECTORS,
            SIXES,
            "output of the student's 'a.1' must have the shape of the "
            "teacher's 'b.2' but for the channels, got (2, 3) and "
            "(2, 5, 6, 6): pair layers of equal size, or match maps by "
            "AttentionTransfer with resize=True",
        ),
        (
            MatrixTransfer(PAIRS),
            FOURS,
            SIXES,
            "student's 'a.1' and teacher's 'b.2' must give (n, heads, tokens, "
            "tokens) for the same tokens, got (2, 3, 4, 4) and (2, 5, 6, 6)",
        ),
    ],
)
def test_layers_that_do_not_match_are_refused(term, student, teacher, message):
    assert_refused(lambda: prepare(term, student, teacher), message)


def test_layers_that_are_not_there_are_refused(small):
    with pytest.raises(ValueError, match="got 'fliters'"):
        learn(small, {"fliters": "filters"})
    with pytest.raises(ValueError, match="got 'fliters'"):
        learn(small, {"filters": "fliters"})


@pytest.mark.parametrize("pairs", [{}, "filters", ["filters"], None])
def test_pairs_are_names_of_both(pairs):
    with pytest.raises(ValueError, match="pairs must name a student's layer"):
        Hint(pairs)


def test_weights_and_forms_are_checked():
    for kind in (AttentionTransfer, Hint, MatrixTransfer):
        with pytest.raises(ValueError, match=r"weight must be in .*, got -1"):
            kind(PAIRS, weight=-1)
    with pytest.raises(ValueError, match="form must be one of norm, squares"):
        AttentionTransfer(PAIRS, form="cosine")
    with pytest.raises(TypeError, match="resize must be True or False"):
        AttentionTransfer(PAIRS, resize=1)
