"""Every page in a browser: no outside request, no error, fits a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 1000}
# our own text; the theme around it and docutils' list of references are not
CONTENT = {"include": [["article"]], "exclude": [[".citation-list"]]}
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECKED = {"runOnly": LEVELS, "resultTypes": ["violations"]}


def open_page(context, url):
    """Open a page and wait until its mathematics is set."""
    page = context.new_page()
    requests, problems = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            message.type in ("error", "warning")
            and problems.append(message.text)
        ),
    )
    page.goto(url, wait_until="load")
    if page.locator(".math").count():
        page.wait_for_selector("mjx-container", state="attached")
        page.evaluate("MathJax.startup.promise")
    return page, requests, problems


def addresses(html, site, pages, scheme):
    base = site if scheme == "http" else html.as_uri()
    return base, [f"{base}/{page.relative_to(html)}" for page in pages]


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_pages_ask_no_other_host_and_log_no_error(
    open_context, html, site, pages, scheme
):
    base, urls = addresses(html, site, pages, scheme)
    context = open_context(viewport=DESKTOP)
    for url in urls:
        page, requests, problems = open_page(context, url)
        outside = [
            one for one in requests if not one.startswith((base, "data:"))
        ]
        assert requests
        assert not outside, f"{url} asks {outside}"
        assert not problems, f"{url}: {problems}"
        assert page.locator("merror, [data-mml-node=merror]").count() == 0
        page.close()


def test_an_outside_request_and_an_error_are_seen(open_context, tmp_path):
    file = tmp_path / "bad.html"
    file.write_text(
        "<img src='http://example.invalid/a.png'><script>missing()</script>"
    )
    _, requests, problems = open_page(open_context(), file.as_uri())
    assert "http://example.invalid/a.png" in requests
    assert any("missing is not defined" in text for text in problems)


def test_pages_do_not_scroll_sideways_on_a_phone(
    open_context, html, site, pages
):
    _, urls = addresses(html, site, pages, "http")
    context = open_context(viewport=PHONE)
    for url in urls:
        page, *_ = open_page(context, url)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{url} is {width} pixels wide"
        page.close()


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)],
    ids=["light", "dark", "phone"],
)
def test_pages_have_no_barrier(open_context, html, site, pages, scheme, size):
    _, urls = addresses(html, site, pages, "http")
    context = open_context(viewport=size, color_scheme=scheme)
    for url in urls:
        page, *_ = open_page(context, url)
        found = Axe().run(page, CONTENT, CHECKED).response["violations"]
        seen = [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
        assert not seen, f"{url}: {seen}"
        page.close()


def test_pages_have_a_light_and_a_dark_form(open_context, html, site, pages):
    """Screenshots of all pages are left in _build/screenshots."""
    folder = html.parent / "screenshots"
    _, urls = addresses(html, site, pages, "http")
    background = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for scheme, size, name in [
        ("light", DESKTOP, "light"),
        ("dark", DESKTOP, "dark"),
        ("light", PHONE, "phone"),
    ]:
        context = open_context(color_scheme=scheme, viewport=size)
        for url, page_file in zip(urls, pages, strict=True):
            page, *_ = open_page(context, url)
            target = folder / f"{page_file.stem}-{name}.png"
            page.screenshot(path=target, full_page=True)
            assert target.stat().st_size > 10_000
            seen[name] = page.evaluate(background)
            page.close()
    assert seen["light"] == seen["phone"] != seen["dark"]
