"""Pages in a browser: how they are opened, what every page is asked."""

from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parents[2]
NAMES = list(parse_toc_yaml(ROOT / "_toc.yml"))
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1300, "height": 1000}
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECKED = {"runOnly": LEVELS, "resultTypes": ["violations"]}


@dataclass
class Visit:
    """A page that was loaded once, and what happened on the way.

    problems : what failed, and what the console was told
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def open_page(context: BrowserContext, address: str) -> Visit:
    """Open a page and wait until its mathematics is set."""
    page = context.new_page()
    visit = Visit(page)
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("requestfailed", lambda one: visit.problems.append(one.url))
    page.on("pageerror", lambda error: visit.problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            message.type in ("error", "warning")
            and visit.problems.append(message.text)
        ),
    )
    page.goto(address, wait_until="load")
    if page.locator(".math").count():
        page.wait_for_selector("mjx-container", state="attached")
        page.evaluate("MathJax.startup.promise")
    return visit


def violations(page: Page, part: object) -> list[tuple[str, str]]:
    """Return the barriers that axe sees in a part: rule, first element."""
    found = Axe().run(page, part, CHECKED).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
