"""Scores of networks, and comparisons of two on the same images.

A score is a row of rights and wrongs, one for each image, so two networks
scored on the same images can be compared image by image. Only the images on
which they disagree carry information: `lost` of them the baseline has right
and the other network wrong, `gained` of them the other way round.

    drop = 100 * (lost - gained) / n

Accuracies are in percent, drops in percentage points (pp).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._require import (
    require_dtype,
    require_equal,
    require_int,
    require_ndim,
    require_number,
)
from .significance import (
    holm,
    mcnemar_p_value,
    normal_probability,
    normal_quantile,
    tango_bound,
    tango_z,
    wilson_interval,
)


@dataclass(frozen=True, eq=False, repr=False)
class Score:
    """Which images a network classified correctly.

    correct : (n,) bool, n >= 1
    images : a name for the images, such as "mnist test"; scores of
        differently named images cannot be compared

    >>> Score(np.array([True, True, False, True]), "four digits")
    Score(75.00 % of 4 images, 95 % interval 30.06 to 95.44 %, four digits)
    """

    correct: np.ndarray
    images: str = ""

    def __post_init__(self) -> None:
        require_dtype("correct", self.correct, np.bool_)
        require_ndim("correct", self.correct, 1)
        require_int("number of images", len(self.correct), 1)

    def __len__(self) -> int:
        return len(self.correct)

    def __repr__(self) -> str:
        low, high = self.interval()
        name = f", {self.images}" if self.images else ""
        return (
            f"Score({self.accuracy:.2f} % of {len(self):,} images, "
            f"95 % interval {low:.2f} to {high:.2f} %{name})"
        )

    @property
    def num_correct(self) -> int:
        """Number of images classified correctly."""
        return int(np.count_nonzero(self.correct))

    @property
    def accuracy(self) -> float:
        """Share of images classified correctly, in percent."""
        return 100 * self.num_correct / len(self)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return Wilson's interval for the accuracy, in percent."""
        low, high = wilson_interval(
            self.num_correct, len(self), confidence=confidence
        )
        return 100 * low, 100 * high


@dataclass(frozen=True)
class Comparison:
    """Two networks on the same n images, reduced to where they disagree.

    lost : images that the baseline has right and the other has wrong
    gained : images that the baseline has wrong and the other has right
    n : number of all images

    In the tables of `results/`, lost and gained are the columns b and c.

    >>> pair = Comparison(lost=40, gained=20, n=1_000)
    >>> low, high = pair.interval()
    >>> f"{pair.drop:.1f} pp ({low:.2f} to {high:.2f}), p = {pair.p_value:.3f}"
    '2.0 pp (0.50 to 3.60), p = 0.013'
    """

    lost: int
    gained: int
    n: int

    def __post_init__(self) -> None:
        n = require_int("n", self.n, 1)
        lost = require_int("lost", self.lost, 0, n)
        gained = require_int("gained", self.gained, 0, n - lost)
        for name, count in [("lost", lost), ("gained", gained), ("n", n)]:
            object.__setattr__(self, name, count)  # the class is frozen

    @property
    def drop(self) -> float:
        """Loss of accuracy in pp; negative where accuracy rose."""
        return 100 * (self.lost - self.gained) / self.n

    @property
    def p_value(self) -> float:
        """McNemar's exact p-value: a small one says that the two differ.

        A large one does not say that nothing was lost; for that there is
        `non_inferior`.
        """
        return mcnemar_p_value(self.lost, self.gained)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return Tango's score interval for the drop, in pp."""
        confidence = require_number("confidence", confidence, 0, 1)
        z = normal_quantile((1 + confidence) / 2)
        return self._bound(z), self._bound(-z)

    def upper_bound(self, confidence: float = 0.95) -> float:
        """Return the one-sided upper bound of the drop, in pp.

        All of the doubt lies on this side, so the upper 95 % bound is the
        upper end of the 90 % interval.
        """
        return self._bound(-normal_quantile(confidence))

    def p_inferior(self, margin: float) -> float:
        """Return the one-sided p-value against a drop of `margin` pp or more.

        It is below 1 - confidence exactly where `upper_bound(confidence)` is
        below the margin.
        """
        margin = require_number("margin", margin, 0, 100)
        return normal_probability(
            tango_z(self.lost, self.gained, self.n, margin / 100)
        )

    def _bound(self, z: float) -> float:
        return 100 * tango_bound(self.lost, self.gained, self.n, z)


def compare(baseline: Score, other: Score) -> Comparison:
    """Compare two networks scored on the same images in the same order.

    >>> before = Score(np.array([True, True, True, False]))
    >>> after = Score(np.array([True, False, False, True]))
    >>> compare(before, after)
    Comparison(lost=2, gained=1, n=4)
    """
    require_equal("number of images", len(baseline), len(other))
    require_equal("images", baseline.images, other.images)
    return Comparison(
        lost=int(np.count_nonzero(baseline.correct & ~other.correct)),
        gained=int(np.count_nonzero(~baseline.correct & other.correct)),
        n=len(baseline),
    )


def non_inferior(
    comparisons: Sequence[Comparison],
    *,
    margin: float = 0.5,
    confidence: float = 0.95,
) -> np.ndarray:
    """Tell for which rows of a table a loss of the margin is ruled out.

    comparisons : the k rows, each network against its own baseline
    margin : the smallest drop that would matter, in pp, fixed beforehand
    confidence : that no True is wrong, in the whole table (Holm)
    returns : (k,) bool

    For a table of one row this asks whether `upper_bound(confidence)` is
    below the margin.

    >>> rows = [Comparison(30, 25, 10_000), Comparison(90, 50, 10_000)]
    >>> non_inferior(rows, margin=0.5)
    array([ True, False])

    See [tango1998equivalence] and [holm1979simple].
    """
    confidence = require_number("confidence", confidence, 0, 1)
    p_values = [row.p_inferior(margin) for row in comparisons]
    return holm(p_values) < 1 - confidence
