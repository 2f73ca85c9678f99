"""What else of the teacher the student is to match: features, inside.

A term pairs layers of the student with layers of the teacher, and is added to
the loss. Names of layers are those of `model.named_modules()`.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from .._require import require_bool, require_number, require_one_of
from .attention import FORMS, attention_loss, matrix_loss

Outputs = Mapping[str, Tensor]


class Term(nn.Module):
    """Pairs of layers whose outputs are compared.

    pairs : name of the student's layer -> name of the teacher's
    weight : of the sum over the pairs, beside a loss of soft targets and
        labels whose weights add up to 1
    """

    def __init__(self, pairs: Mapping[str, str], *, weight: float) -> None:
        super().__init__()
        if not isinstance(pairs, Mapping) or not pairs:
            raise ValueError(
                "pairs must name a student's layer and the teacher's, got "
                f"{pairs!r}"
            )
        self.pairs = dict(pairs)
        self.weight = require_number("weight", weight, 0)

    def forward(self, student: Outputs, teacher: Outputs) -> Tensor:
        """Add up the pairs' losses, times the weight."""
        losses = [
            self.compare(ours, student[ours], teacher[theirs])
            for ours, theirs in self.pairs.items()
        ]
        return self.weight * torch.stack(losses).sum()

    def prepare(self, student: Outputs, teacher: Outputs) -> None:
        """See one batch's outputs before training; refuse what cannot fit."""
        for ours, theirs in self.pairs.items():
            self.check(ours, theirs, student[ours], teacher[theirs])

    def check(
        self, ours: str, theirs: str, student: Tensor, teacher: Tensor
    ) -> None:
        """Refuse outputs of one pair that cannot be compared."""
        raise NotImplementedError

    def compare(self, ours: str, student: Tensor, teacher: Tensor) -> Tensor:
        """Return the loss of one pair, a scalar."""
        raise NotImplementedError


class AttentionTransfer(Term):
    """The student's layers are to have their energy where the teacher's have.

    weight : beta of the paper's code, where it is 1,000 for the form
        "squares". That divides by the positions, so the same weight is worth
        less on a larger map.
    form : see `attention_loss`
    resize : average the larger of two maps down to the smaller one

    >>> term = AttentionTransfer({"features.2": "features.5"}, weight=1000)
    >>> features = torch.ones(1, 4, 2, 2)
    >>> term({"features.2": features}, {"features.5": 3 * features}).item()
    0.0

    See [zagoruyko2017paying].
    """

    def __init__(
        self,
        pairs: Mapping[str, str],
        *,
        weight: float = 1000.0,
        form: str = "squares",
        resize: bool = False,
    ) -> None:
        super().__init__(pairs, weight=weight)
        require_one_of("form", form, FORMS)
        require_bool("resize", resize)
        self.form = form
        self.resize = resize

    def check(
        self, ours: str, theirs: str, student: Tensor, teacher: Tensor
    ) -> None:
        """Refuse what has no map, and maps of two sizes."""
        for who, name, x in (
            ("student", ours, student),
            ("teacher", theirs, teacher),
        ):
            if x.ndim != 4:
                raise ValueError(
                    f"output of the {who}'s {name!r} must be (n, channels, h, "
                    f"w) to have a map, got {tuple(x.shape)}"
                )
        sizes = tuple(student.shape[2:]), tuple(teacher.shape[2:])
        if sizes[0] != sizes[1] and not self.resize:
            raise ValueError(
                f"map of the student's {ours!r} must be as large as that of "
                f"the teacher's {theirs!r}, got {sizes[0]} and {sizes[1]}: "
                "pair layers of equal size, or pass resize=True, which "
                "averages the larger one down"
            )

    def compare(self, ours: str, student: Tensor, teacher: Tensor) -> Tensor:
        """Compare the maps, both at the smaller size."""
        if self.resize:
            h = min(student.shape[2], teacher.shape[2])
            w = min(student.shape[3], teacher.shape[3])
            student = functional.adaptive_avg_pool2d(student, (h, w))
            teacher = functional.adaptive_avg_pool2d(teacher, (h, w))
        return attention_loss(student, teacher, form=self.form)


class Hint(Term):
    """The student's layers are to predict the teacher's features.

    A layer of its own, 1x1 and learned along, maps the student's channels to
    the teacher's; it is thrown away afterwards. The loss is the mean square of
    what it misses.

    seed : of the first weights of what is learned along

    >>> term = Hint({"features.2": "features.5"}, weight=1)
    >>> student = {"features.2": torch.zeros(2, 4, 7, 7)}
    >>> teacher = {"features.5": torch.zeros(2, 16, 7, 7)}
    >>> term.prepare(student, teacher)
    >>> sum(p.numel() for p in term.parameters())  # 4 * 16 and 16 biases
    80

    See [romero2015fitnets], section 2.2; there it is a stage of its own,
    before the other losses.
    """

    def __init__(
        self, pairs: Mapping[str, str], *, weight: float = 100.0, seed: int = 0
    ) -> None:
        super().__init__(pairs, weight=weight)
        self.seed = seed
        self.regressors = nn.ModuleList()

    def prepare(self, student: Outputs, teacher: Outputs) -> None:
        """Make the layers that are learned along."""
        super().prepare(student, teacher)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.seed)
            self.regressors = nn.ModuleList(
                _one_by_one(student[ours], teacher[theirs])
                for ours, theirs in self.pairs.items()
            )

    def check(
        self, ours: str, theirs: str, student: Tensor, teacher: Tensor
    ) -> None:
        """Refuse features that differ in more than their channels."""
        shapes = [
            (*x.shape[:1], *x.shape[2:]) if x.ndim == 4 else x.shape[:-1]
            for x in (student, teacher)
        ]
        if student.ndim != teacher.ndim or shapes[0] != shapes[1]:
            raise ValueError(
                f"output of the student's {ours!r} must have the shape of the "
                f"teacher's {theirs!r} but for the channels, got "
                f"{tuple(student.shape)} and {tuple(teacher.shape)}: pair "
                "layers of equal size, or match maps by AttentionTransfer "
                "with resize=True"
            )

    def compare(self, ours: str, student: Tensor, teacher: Tensor) -> Tensor:
        """Return the mean square of what the regressor misses."""
        regressor = self.regressors[list(self.pairs).index(ours)]
        return functional.mse_loss(regressor(student), teacher)


class MatrixTransfer(Term):
    """The student's patches are to attend to what the teacher's attend to.

    The pairs name modules that give attention matrices, (n, heads, tokens,
    tokens), such as "blocks.1.attention.softmax"; see `matrix_loss`.

    >>> term = MatrixTransfer({"softmax": "softmax"}, weight=1)
    >>> same = {"softmax": torch.eye(4).expand(2, 3, 4, 4)}
    >>> term(same, same).item()
    0.0
    """

    def __init__(
        self, pairs: Mapping[str, str], *, weight: float = 1.0
    ) -> None:
        super().__init__(pairs, weight=weight)

    def check(
        self, ours: str, theirs: str, student: Tensor, teacher: Tensor
    ) -> None:
        """Refuse what is no matrix, and other numbers of tokens."""
        shapes = tuple(student.shape), tuple(teacher.shape)
        if any(len(shape) != 4 for shape in shapes) or (
            shapes[0][2:] != shapes[1][2:]
        ):
            raise ValueError(
                f"student's {ours!r} and teacher's {theirs!r} must give (n, "
                "heads, tokens, tokens) for the same tokens, got "
                f"{shapes[0]} and {shapes[1]}"
            )

    def compare(self, ours: str, student: Tensor, teacher: Tensor) -> Tensor:
        """Compare the matrices, averaged over the heads."""
        return matrix_loss(student, teacher)


def _one_by_one(student: Tensor, teacher: Tensor) -> nn.Module:
    """Return a layer that maps the channels of one to those of the other."""
    if student.ndim == 4:
        layer: nn.Module = nn.Conv2d(student.shape[1], teacher.shape[1], 1)
    else:
        layer = nn.Linear(student.shape[-1], teacher.shape[-1])
    return layer.to(student.device)
