"""The built pages as files: links lead somewhere, pictures are described."""

import functools
import re
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup
from make_lessons import LESSONS

from tests.support.soups import read_page

pytestmark = [pytest.mark.xdist_group("files"), pytest.mark.takes(10)]
LINKED = {"a": "href", "link": "href", "img": "src", "script": "src"}
MEGABYTE = 1_000_000


@functools.cache
def places_in(page: Path) -> set[str]:
    """Return the ids of a page."""
    return {element["id"] for element in read_page(page).find_all(id=True)}


def find_broken(page: Path, soup: BeautifulSoup) -> list[str]:
    """Return the links and sources of a page that lead nowhere.

    An address on another host is only looked at: a page may link to it, with
    a whole address, but must not load anything from it.
    """
    broken = []
    for tag, attribute in LINKED.items():
        for element in soup.find_all(tag, **{attribute: True}):
            target = element[attribute]
            parts = urlsplit(target)
            if parts.scheme in ("http", "https"):
                good = tag == "a" and "." in parts.netloc
            elif parts.scheme:
                good = parts.scheme in ("mailto", "data")
            else:
                good = leads_somewhere(page, parts)
            if not good:
                broken.append(f"{page.name}: {target}")
    return broken


def leads_somewhere(page: Path, parts: SplitResult) -> bool:
    """Return whether a relative address names a file, and a place in it."""
    file = (page.parent / unquote(parts.path)) if parts.path else page
    if not file.exists():
        return False
    if not parts.fragment or file.suffix != ".html":
        return True
    return unquote(parts.fragment) in places_in(file.resolve())


def test_links_lead_somewhere(soups):
    broken = [
        line for page, soup in soups.items() for line in find_broken(page, soup)
    ]
    assert not broken


def test_broken_links_are_seen(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<p id=here></p><a href='#here'></a><a href='page.html#here'></a>"
        "<a href='#gone'></a><a href='gone.html'></a><a href='http://x'></a>"
        "<script src='https://example.org/x.js'></script>"
        "<a href='other.html#there'></a><a href='other.html#here'></a>"
    )
    (tmp_path / "other.html").write_text("<p id=there></p>")
    assert find_broken(page, read_page(page)) == [
        "page.html: #gone",
        "page.html: gone.html",
        "page.html: http://x",
        "page.html: other.html#here",
        "page.html: https://example.org/x.js",
    ]


def test_pictures_are_described(soups):
    for page, soup in soups.items():
        for image in soup.select("article img, main img, svg[role=img]"):
            alt = image.get("alt") or image.get("aria-label", "")
            assert len(alt) >= 20, f"{page.name}: {alt!r} describes a picture"
            assert not alt.endswith((".svg", ".png")), f"{page.name}: {alt}"


def test_figures_of_code_have_a_caption_and_a_number(soups):
    for page, soup in soups.items():
        for image in soup.select("div.cell_output :is(img, div.figure)"):
            if image.find_parent(class_="text_html"):
                continue  # a picture of a widget, which has its own title
            figure = image.find_parent("figure")
            assert figure, f"{page.name}: {str(image)[:200]} has no caption"
            assert figure.select_one(".caption-number"), str(image)[:200]


def test_marks_for_tools_are_not_shown(soups):
    for page, soup in soups.items():
        if page.parent.name != "api":  # the reference says what they are
            assert "# BEGIN SOLUTION" not in soup.get_text(), page.name


def test_numbers_are_those_of_the_lessons(soups):
    for page, soup in soups.items():
        lesson = LESSONS / f"{page.stem}.ipynb"
        if not lesson.exists():
            continue
        text = "\n".join(
            cell.source for cell in nbformat.read(lesson, as_version=4).cells
        )
        shown = {x.get_text().strip() for x in soup.select(".caption-number")}
        shown |= {x.get_text().strip("()#\n ") for x in soup.select(".eqno")}
        told = re.findall(r"(?:Figure|Exercise|Theorem) \d+\.\d+", text)
        told += re.findall(r"\\tag\{([\d.]+)\}", text)
        assert shown <= set(told), f"{page.name}: {shown - set(told)}"
        assert shown


def test_outputs_hold_no_error_and_no_message_on_stderr(soups):
    for page, soup in soups.items():
        bad = soup.select(".cell_output .stderr, .cell_output .traceback")
        assert not bad, f"{page.name}: {bad[0].get_text()[:200]}"


def test_pages_stay_under_a_megabyte(pages):
    for page in pages:
        assert page.stat().st_size < MEGABYTE, page.name
