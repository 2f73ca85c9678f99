"""An Explorer of where executions part."""

import re

import pytest

from mini_compress.widgets import explore_differences
from tests.support.comparisons import comparison


def explore(**comparisons):
    return explore_differences("Where?", comparisons, knobs=["fault"])


def test_the_first_step_that_differs_and_the_last():
    explorer = explore(
        none=comparison(0, 0, 0),
        small=comparison(0, 2, 40),
        mended=comparison(7, 0, 0, largest=9),
    )
    assert [row[1:] for row in explorer.table().rows] == [
        ("-", "-", "-", "-"),
        ("1", "2.00", "1", "40.0"),
        ("0", "7.00", "9", "-"),
    ]


def test_all_pictures_have_one_axis_and_say_what_they_show():
    explorer = explore(
        none=comparison(0, 0), some=comparison(0, 2), most=comparison(0, 90)
    )
    none, some, most = explorer.pictures.values()
    assert none.alt == "Codes are equal at all 2 steps"
    assert "the first is step 1 with 2 %" in some.alt
    labels, *others = (
        re.findall("<!-- (.*?) -->", x.image) for x in (none, some, most)
    )
    assert len(labels) == 3  # powers of 10
    assert others == [labels, labels]
    assert "step 1" in none.image


def test_two_knobs():
    made = {
        (fault, rule): comparison(0, count)
        for fault, count in (("none", 0), ("bias", 9))
        for rule in ("once", "twice")
    }
    explorer = explore_differences("?", made, knobs=["fault", "rounding"])
    assert explorer.knobs == {
        "fault": ("none", "bias"),
        "rounding": ("once", "twice"),
    }


@pytest.mark.parametrize("knobs", [[], ["one", "two"]])
def test_knobs_must_fit_the_keys(knobs):
    with pytest.raises(ValueError, match="number of knobs must be 1"):
        explore_differences(
            "?", {"a": comparison(0), "b": comparison(1)}, knobs=knobs
        )
