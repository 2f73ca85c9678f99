"""Terms: what is compared, what is learned along, and what cannot fit."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from mini_compress import models
from mini_compress.distillation import (
    AttentionTransfer,
    DistillationLoss,
    Hint,
    MatrixTransfer,
    Term,
    attention_loss,
    distill,
)
from mini_compress.training import Batch
from tests.support.network_weights import same_weights
from tests.support.teachers import Moody


def features(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def prepare(term, student, teacher):
    term.prepare({"a.1": student}, {"b.2": teacher})
    return term({"a.1": student}, {"b.2": teacher})


PAIRS = {"a.1": "b.2"}


def learn(small, *terms, network=None, **changes):
    settings = {"epochs": 1, "progress": False} | changes
    return distill(
        Moody(), network or Moody(), small, terms=terms, **settings
    ).model


@pytest.mark.parametrize("form", ["squares", "norm"])
def test_attention_is_compared_as_the_loss_says(form):
    student, teacher = features(3, 4, 6, 6), features(3, 9, 6, 6, seed=1)
    term = AttentionTransfer(PAIRS, weight=10, form=form)
    expected = 10 * attention_loss(student, teacher, form=form)
    torch.testing.assert_close(prepare(term, student, teacher), expected)


def test_the_larger_map_is_averaged_down():
    small, large = features(3, 4, 3, 3), features(3, 9, 6, 6, seed=1)
    halved = functional.avg_pool2d(large, 2)
    expected = attention_loss(small, halved)
    term = AttentionTransfer(PAIRS, weight=1, resize=True)
    torch.testing.assert_close(prepare(term, small, large), expected)
    torch.testing.assert_close(
        prepare(term, large, small), attention_loss(halved, small)
    )


def test_a_hint_is_the_mean_square_of_what_is_missed():
    student, teacher = features(3, 4, 6, 6), features(3, 9, 6, 6, seed=1)
    term = Hint(PAIRS, weight=2)
    got = prepare(term, student, teacher)
    [layer] = term.regressors
    assert layer.weight.shape == (9, 4, 1, 1)
    mapped = torch.einsum("oi,nihw->nohw", layer.weight[:, :, 0, 0], student)
    missed = mapped + layer.bias[:, None, None] - teacher
    torch.testing.assert_close(got, 2 * missed.square().mean())


def test_hints_of_vectors_and_of_tokens_are_linear():
    for shapes in (((5, 3), (5, 8)), ((5, 7, 3), (5, 7, 8))):
        term = Hint(PAIRS)
        prepare(term, features(*shapes[0]), features(*shapes[1]))
        assert term.regressors[0].weight.shape == (8, 3)


def test_a_seed_makes_the_hints_first_weights():
    weights = []
    for seed in (0, 0, 1):
        torch.rand(3)  # torch's own generator does not matter
        state = torch.get_rng_state()
        term = Hint(PAIRS, seed=seed)
        prepare(term, features(2, 3), features(2, 4))
        assert torch.equal(torch.get_rng_state(), state)
        weights.append(term.regressors[0].weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_several_pairs_add_up():
    student = {"a": features(2, 3, 4, 4), "b": features(2, 5, 2, 2)}
    teacher = {"c": features(2, 6, 4, 4), "d": features(2, 7, 2, 2)}
    pairs = {"a": "c", "b": "d"}
    term = AttentionTransfer(pairs, weight=3)
    expected = 3 * sum(
        attention_loss(student[x], teacher[y]) for x, y in pairs.items()
    )
    torch.testing.assert_close(term(student, teacher), expected)
    hint = Hint(pairs)
    hint.prepare(student, teacher)
    assert [x.weight.shape[:2] for x in hint.regressors] == [(6, 3), (7, 5)]


SEEN = []  # a term is copied, and what it holds with it


class Watched(Hint):
    """A hint that notes its first weight in every step."""

    def compare(self, ours, student, teacher):
        """Note, then compare."""
        SEEN.append(self.regressors[0].weight.detach().clone())
        return super().compare(ours, student, teacher)


def test_regressors_are_learned_and_thrown_away(small):
    SEEN.clear()
    term = Watched({"head": "head"}, weight=1)
    got = learn(small, term)
    assert len(SEEN) == 5
    assert not torch.equal(SEEN[0], SEEN[-1])
    assert not list(term.parameters())  # the term itself is as it was
    assert set(got.state_dict()) == set(Moody().state_dict())


class Offset(Term):
    """A term of one's own: logits that differ by a number that is learned."""

    def __init__(self, pairs, *, weight):
        super().__init__(pairs, weight=weight)
        self.offset = nn.Parameter(torch.zeros(1))

    def check(self, ours, theirs, student, teacher):
        """Refuse other shapes."""
        if student.shape != teacher.shape:
            raise ValueError(f"{ours} and {theirs} differ")

    def compare(self, ours, student, teacher):
        """Note the offset, then compare."""
        SEEN.append(self.offset.item())
        return (student + self.offset - teacher).square().mean()


def test_a_term_of_ones_own_learns_and_is_put_back(small):
    SEEN.clear()
    term = Offset({"head": "head"}, weight=5)
    got = learn(small, term, weight=0)
    assert SEEN[0] == 0 != SEEN[-1]
    assert term.offset.item() == 0
    assert not same_weights(got, learn(small, weight=0))
    wrong = Offset({"filters": "head"}, weight=5)
    with pytest.raises(ValueError, match="filters and head differ"):
        learn(small, wrong)


def test_a_term_counts_beside_the_other_losses(small):
    teacher, student = Moody(), Moody().eval()
    images, labels = small.train.images[:6], small.train.labels[:6]
    batch = Batch(images, labels, torch.arange(6), 1)
    term = AttentionTransfer({"filters": "norm"}, weight=7)
    with torch.no_grad():
        plain = DistillationLoss(teacher)(student, batch)
        got = DistillationLoss(teacher, terms=[term])(student, batch)
        one = student.filters(images)
        other = Moody().eval().norm(one)
    expected = plain + 7 * attention_loss(one, other)
    torch.testing.assert_close(got, expected)


def test_matrices_of_a_transformer_are_matched(small):
    teacher, student = (
        models.vision_transformer(width=width, depth=1, seed=0)
        for width in (24, 12)
    )
    name = "blocks.0.attention.softmax"
    got = [
        distill(
            teacher,
            student,
            small,
            terms=[MatrixTransfer({name: name}, weight=weight)],
            weight=0,
            epochs=1,
            progress=False,
        ).model
        for weight in (0, 10)
    ]
    assert not same_weights(*got)
