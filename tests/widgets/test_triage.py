"""Answers that lead to a place."""

import pytest
from bs4 import BeautifulSoup

from mini_compress.widgets import Triage

ANSWERS = {"size": {"<b>": {"rounded": "why-file"}}, "speed": "why-int8"}


def soup():
    html = Triage("What is wrong?", ANSWERS)._repr_html_()
    return BeautifulSoup(html, "html.parser")


def test_every_answer_is_unfolded_or_a_link_below_the_earlier_ones():
    links = {link["href"]: link for link in soup().find_all("a")}
    assert list(links) == ["#why-file", "#why-int8"]
    above = links["#why-file"].find_parents("details")
    assert [x.summary.text for x in above] == ["<b>", "size"]
    assert not links["#why-int8"].find_parents("details")


def test_places_are_listed_in_order_and_said_in_plain_text():
    triage = Triage("What is wrong?", ANSWERS)
    assert triage.places == ("why-file", "why-int8")
    assert "    - rounded: #why-file" in repr(triage)


@pytest.mark.parametrize(
    "answers, error",
    [({}, ValueError), ({"a": {}}, ValueError), ({"a": 3}, TypeError)],
)
def test_answers_that_lead_nowhere_are_refused(answers, error):
    with pytest.raises(error, match="answers must"):
        Triage("What is wrong?", answers)
