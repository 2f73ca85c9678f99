"""The graph of the chapters, read from their method cards."""

import re
import xml.etree.ElementTree as ET

import mc_graph
import pytest
from make_lessons import find_chapters
from mc_graph import Page, draw, needed, read_pages, shorten, tell

PAGES = read_pages()


def page(name, *builds_on, part=""):
    return Page(name, name.title(), part, "pruning", builds_on)


THREE = [page("a", part="One & two"), page("b", "a"), page("c", "a", "b")]


def test_every_chapter_with_a_card_is_in_it():
    chapters = {
        name: "".join(cell.source for cell in notebook.cells)
        for name, notebook in find_chapters().items()
    }
    carded = [name for name, text in chapters.items() if "Builds on" in text]
    assert [one.name for one in PAGES] == carded


def test_what_follows_from_the_rest_is_left_out():
    assert needed(THREE) == {"a": [], "b": ["a"], "c": ["b"]}


def test_the_drawing_has_a_line_for_each_chapter_and_an_arc_for_each_link():
    svg = ET.fromstring(draw(THREE))
    tags = [element.tag for element in svg.iter()]
    assert tags.count("a") == 3
    assert tags.count("path") == 2
    assert "One & two" in "".join(svg.itertext())
    assert '<th scope="row">C</th><td>B</td>' in tell(THREE)


def test_arcs_lie_within_the_drawing():
    for x in re.findall(r"C(-?\d+) ", draw(PAGES)):
        assert 0 <= int(x) < mc_graph.LEFT


def test_only_earlier_chapters_are_linked():
    places = {one.name: place for place, one in enumerate(PAGES)}
    for one in PAGES:
        for link in one.builds_on:
            assert places[link] < places[one.name]


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Why compress", "Why compress"),
        ("x" * 34 + " one, two three", "x" * 34 + " one \u2026"),
    ],
)
def test_long_titles_are_cut_after_a_word(title, short):
    assert shorten(title) == short
