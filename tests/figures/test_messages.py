"""Words at the points of a front: which points, and what they say."""

import pytest
from matplotlib.figure import Figure

from mini_compress import figures
from mini_compress.studies import fronts


@pytest.fixture(scope="module")
def points():
    return fronts.collect("ConvNet", "fashion_mnist")


def words(points, margins):
    """Return text and place of what is written."""
    ax = figures.say_how_small(
        points, margins, ax=Figure().subplots(), whole=points[0]
    )
    return [(text.get_text(), text.xy) for text in ax.texts]


@pytest.mark.parametrize("margin", [0.1, 1, 6])
def test_words_stand_at_the_smallest_file_that_is_good_enough(points, margin):
    whole = points[0]
    [(text, (size, accuracy))] = words(points, [margin])
    enough = [
        x.num_bytes.mean / 1000
        for x in points
        if x.accuracy.mean >= whole.accuracy.mean - margin
    ]
    assert size == min(enough)
    ratio, lost = text.split("\n")
    assert ratio == f"{whole.num_bytes.mean / 1000 / size:.0f}x smaller"
    change = accuracy - whole.accuracy.mean
    if abs(change) < 0.05:
        assert lost == "same accuracy"
    else:
        assert lost == f"\u2212{-change:.1f} pp"


def test_one_point_gets_words_once(points):
    assert len(words(points, [1, 1.001])) == 1
    assert len(words(points, [1, 0.1])) == 2
