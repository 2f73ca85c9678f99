"""Every page in a browser: no outside request, no error, fits a phone.

A page is loaded from a server and then looked at in three ways: light, dark, on
a phone. To change that takes longer than most tests, so those of one look stand
together. One page of each kind is loaded from a file as well. Chromium sees no
fonts but DejaVu, which are wide: see conftest.
"""

import os

import pytest

from tests.support.pages import (
    DESKTOP,
    NAMES,
    PHONE,
    Visit,
    bare_links,
    faint_texts,
    open_page,
    violations,
)

pytestmark = pytest.mark.takes(8)
# our own text; the theme around it and docutils' list of references are not
CONTENT = {"include": [["article"]], "exclude": [[".citation-list"]]}
LOOKS = {
    "light": ("light", DESKTOP),
    "dark": ("dark", DESKTOP),
    "phone": ("light", PHONE),
}
# paths, which differ from page to page, are looked at in all by test_pages;
# here scripts are: of the theme, of formulas, of widgets
KINDS = ["index", "book/uniform_quantization", "book/glossary", "book/api"]
# the pages of the reference are made alike: one of them stands for all
REFERENCE = "book/api/"
LOOKED_AT = [
    name
    for name in NAMES
    if not name.startswith(REFERENCE) or name.endswith("kernels_integers")
]
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
# which boxes hold more than they show, and those that show more than the page
CUT_OFF = """selector => {
  const edge = document.querySelector("article").getBoundingClientRect();
  return [...document.querySelectorAll(selector)].filter(box => {
    const {left, right, width} = box.getBoundingClientRect();
    const scrolls = box.clientWidth && box.scrollWidth > box.clientWidth + 1;
    return scrolls || width && (left < edge.left - 1 || right > edge.right + 1);
  }).map(box => `${box.scrollWidth} in ${box.clientWidth}: ${
    (box.id || box.textContent.trim() || box.innerHTML).slice(0, 80)}`);
}"""
# of wide boxes: do they scroll, is that seen, do keys reach them?
CUES = """boxes => boxes.filter(
  box => box.clientWidth && box.scrollWidth > box.clientWidth + 1
).map(box => [box, getComputedStyle(box)]).filter(([box, style]) =>
  style.overflowX !== "auto" || box.tabIndex < 0
  || !style.backgroundImage.includes("gradient")
).map(([box]) => box.outerHTML.slice(0, 200))"""
FIGURES = "article figure svg[role=img], article figure img"
FORMULAS = "article div.math mjx-container"
WIDE = f"{FORMULAS}, article table, article pre"
PRINTED = f"{FIGURES}, article table:not(.mcx *), article pre"
PAPER = {"width": 680, "height": 960}  # A4 without its margins


@pytest.fixture(scope="session")
def window(browser, timeout):
    """A window for all pages: what they share is fetched and compiled once."""
    with browser.new_context(viewport=DESKTOP) as context:
        context.set_default_timeout(timeout)
        yield context


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.xdist_group(name))
        for name in LOOKED_AT
    ],
)
def visit(request, window, site):
    """A page, loaded from the server."""
    visit = open_page(window, f"{site}/{request.param}.html")
    visit.page.add_style_tag(content="* { transition: none !important }")
    yield visit
    visit.page.close()


def look(visit: Visit, name: str) -> None:
    """Show the page in one of the three ways.

    The theme changes its colors, and lets keys reach wide code, a moment
    after the window has changed.
    """
    if visit.look == name:
        return
    scheme, size = LOOKS[name]
    visit.page.emulate_media(color_scheme=scheme)
    visit.page.set_viewport_size(size)
    visit.page.wait_for_function(
        "scheme => document.documentElement.dataset.theme === scheme",
        arg=scheme,
    )
    visit.page.wait_for_function(
        "() => [...document.querySelectorAll('article pre')].every("
        "box => box.scrollWidth <= box.clientWidth || box.tabIndex >= 0)"
    )
    visit.look = name


def assert_quiet(visit: Visit, base: str) -> None:
    outside = [x for x in visit.requests if not x.startswith((base, "data:"))]
    assert visit.requests
    assert not outside
    assert not visit.problems
    assert visit.page.locator("merror, [data-mml-node=merror]").count() == 0


def assert_figures_fit(visit: Visit) -> None:
    assert not visit.page.evaluate(CUT_OFF, FIGURES)
    for figure in visit.page.locator("article div.figure").all():
        shown = figure.locator("svg[role=img]").locator("visible=true")
        assert shown.count() == 1


def assert_wide_things_scroll(visit: Visit) -> None:
    assert not visit.page.locator(WIDE).evaluate_all(CUES)


def test_a_page_asks_no_other_host_and_logs_no_error(visit, site):
    assert_quiet(visit, site)


@pytest.mark.parametrize("name", KINDS)
def test_a_page_is_read_from_a_file_too(name, open_context, html):
    file = (html / f"{name}.html").as_uri()
    assert_quiet(open_page(open_context(), file), html.as_uri())


def test_a_search_from_a_disk_quotes_what_it_found(open_context, html):
    address = f"{(html / 'search.html').as_uri()}?q=zero+point"
    visit = open_page(open_context(), address)
    quotes = visit.page.locator("ul.search p.context")
    quotes.first.wait_for()
    assert "zero point" in " ".join(quotes.all_inner_texts()).lower()
    assert_quiet(visit, html.as_uri())


def test_formulas_fit_a_window(visit):
    look(visit, "light")
    assert not visit.page.evaluate(CUT_OFF, FORMULAS)


def test_figures_fit_a_window(visit):
    look(visit, "light")
    assert_figures_fit(visit)


def test_wide_things_scroll_in_a_window_and_show_it(visit):
    look(visit, "light")
    assert_wide_things_scroll(visit)


def test_a_page_has_a_light_and_a_dark_form_that_can_be_read(visit):
    seen = {}
    for name in LOOKS:
        look(visit, name)
        assert not faint_texts(visit.page)
        seen[name] = visit.page.evaluate(BACKGROUND)
    assert seen["light"] == seen["phone"] != seen["dark"]


def test_a_page_has_no_barrier(visit):
    """On a phone, where more has to be scrolled and targets are smaller."""
    look(visit, "phone")
    assert not violations(visit.page, CONTENT, colors=False)
    assert not bare_links(visit.page)


def test_a_page_does_not_scroll_sideways_on_a_phone(visit):
    look(visit, "phone")
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]


def test_figures_fit_a_phone(visit):
    look(visit, "phone")
    assert_figures_fit(visit)


def test_wide_things_scroll_on_a_phone_and_show_it(visit):
    look(visit, "phone")
    assert_wide_things_scroll(visit)


def test_a_figure_opens_large_by_keys_and_closes(visit):
    look(visit, "phone")
    button = visit.page.locator("article .enlarge").first
    if not button.count():
        pytest.skip("a page without a figure")
    window = visit.page.locator("dialog.large")
    small = visit.page.locator(FIGURES).locator("visible=true").first
    width = small.bounding_box()["width"]
    button.press("Enter")
    assert window.locator("svg").bounding_box()["width"] > 1.5 * width
    visit.page.keyboard.press("Escape")
    window.wait_for(state="hidden")
    assert button.evaluate("button => button === document.activeElement")


def test_nothing_is_cut_off_on_paper(visit):
    look(visit, "phone")
    visit.page.set_viewport_size(PAPER)
    visit.page.emulate_media(media="print")
    try:
        assert not visit.page.evaluate(CUT_OFF, PRINTED)
    finally:
        visit.page.emulate_media(media="null")
        visit.look = ""


if "SCREENSHOTS" in os.environ:

    @pytest.mark.parametrize("name", LOOKS)
    def test_pictures_of_pages_are_left(visit, html, name):
        look(visit, name)
        stem = visit.page.url.rpartition("/")[2].removesuffix(".html")
        target = html.parent / "screenshots" / f"{stem}-{name}.png"
        visit.page.screenshot(path=target, full_page=True)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_axe_finds_the_colors_good_too(name, open_context, site):
    """On the front page: it takes axe seconds, and longer for longer ones."""
    visit = open_page(open_context(viewport=DESKTOP), f"{site}/index.html")
    visit.page.add_style_tag(content="* { transition: none !important }")
    look(visit, name)
    assert not violations(visit.page, CONTENT)
    visit.page.add_style_tag(content="article p { color: #8a8a8a !important }")
    found = [rule for rule, _ in violations(visit.page, CONTENT)]
    assert ("color-contrast" in found) == bool(faint_texts(visit.page))


def test_faint_text_is_seen(open_context, site):
    visit = open_page(open_context(viewport=DESKTOP), f"{site}/index.html")
    visit.page.add_style_tag(content="article p { color: #bbb !important }")
    assert faint_texts(visit.page)


def test_a_link_without_a_line_is_seen(open_context, site):
    visit = open_page(open_context(viewport=DESKTOP), f"{site}/index.html")
    assert not bare_links(visit.page)
    visit.page.add_style_tag(content="a { text-decoration: none !important }")
    assert bare_links(visit.page)


def test_an_outside_request_and_an_error_are_seen(open_context, tmp_path):
    file = tmp_path / "bad.html"
    file.write_text(
        "<img src='http://example.invalid/a.png'><script>missing()</script>"
    )
    visit = open_page(open_context(), file.as_uri())
    assert "http://example.invalid/a.png" in visit.requests
    assert any("missing is not defined" in text for text in visit.problems)


def test_what_is_cut_off_is_seen(open_context, tmp_path):
    file = tmp_path / "wide.html"
    wide = "<p style='width: 500px'>wide</p>"
    svg = "<svg role=img width=500 height=9></svg>"
    file.write_text(
        f"<article><figure>{svg}</figure>"
        f"<pre style='overflow: auto'>{wide}</pre></article>"
    )
    page = open_page(open_context(viewport=PHONE), file.as_uri()).page
    assert len(page.evaluate(CUT_OFF, FIGURES)) == 1
    assert len(page.evaluate(CUT_OFF, PRINTED)) == 2
    assert len(page.locator(WIDE).evaluate_all(CUES)) == 1
