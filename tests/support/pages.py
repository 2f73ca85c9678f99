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
OF_COLORS = ["color-contrast", "link-in-text-block"]
CHECKED = {"runOnly": LEVELS, "resultTypes": ["violations"], "preload": False}

# left out: the theme's, and what is drawn rather than written
FAINT = """() => {
  const size = {willReadFrequently: true};
  const brush = new OffscreenCanvas(1, 1).getContext("2d", size);
  const luminance = colors => {
    for (const color of ["white", ...colors]) {
      brush.fillStyle = color;
      brush.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...brush.getImageData(0, 0, 1, 1).data].map(
      byte => byte <= 10 ? byte / 3294.6 : ((byte / 255 + 0.055) / 1.055) ** 2.4
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = new Map([[null, []]]);
  const groundOf = box => {
    if (!grounds.has(box)) {
      const own = getComputedStyle(box).backgroundColor;
      grounds.set(box, [...groundOf(box.parentElement), own]);
    }
    return grounds.get(box);
  };
  const other = ".citation-list, mjx-container, svg, .headerlink, :disabled";
  const seen = new Map();
  const article = document.querySelector("article");
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const box = walker.currentNode.parentElement;
    if (!text || box.closest(other) || !box.checkVisibility()) continue;
    const {color, fontSize, fontWeight} = getComputedStyle(box);
    const large = parseFloat(fontSize) >= (fontWeight >= 700 ? 18.66 : 24);
    const key = [...groundOf(box), color, large].join();
    if (!seen.has(key)) seen.set(key, [text, groundOf(box), color, large]);
  }
  return [...seen.values()].filter(([, ground, color, large]) => {
    const both = [luminance(ground), luminance([...ground, color])];
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    return ratio < (large ? 3 : 4.5);
  }).map(([text, , color]) => `${color}: ${text.slice(0, 60)}`);
}"""
# links in a text that only their color tells from the words around them
BARE_LINKS = """() => {
  const links = "article a[href]:not(.headerlink)";
  const blocks = "p, li, dd, dt, td, th, figcaption, h1, h2, h3, h4, pre, div";
  const textOf = box => box.textContent.replace(/\\s+/g, " ").trim();
  return [...document.querySelectorAll(links)].filter(link => {
    const text = textOf(link), box = link.closest(blocks);
    return text && text !== textOf(box) && link.checkVisibility()
      && !getComputedStyle(link).textDecorationLine.includes("underline");
  }).map(link => link.outerHTML.slice(0, 200));
}"""
# what axe need not go through: the strokes of a drawing that holds nothing but
# strokes, and, where it compares no colors, the words of code
DRAWN = "svg:is([role=img], [aria-hidden=true])"
DRAWN += ":not(:has(a, text, foreignObject, [role], [tabindex]))"
CODE = "article pre:not(:has(a, [role], [tabindex]))"
FLATTEN = """boxes => {
  window.flattened = boxes.map(box => [box, [...box.childNodes]]);
  for (const [box] of window.flattened)
    box.replaceChildren(box.matches("pre") ? box.textContent : "");
}"""
RESTORE = """() => {
  for (const [box, all] of window.flattened) box.replaceChildren(...all);
}"""


@dataclass
class Visit:
    """A page that was loaded once, and what happened on the way.

    problems : what failed, and what the console was told
    look : how it is shown, if a test has said so
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    look: str = ""


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


def violations(
    page: Page, part: object, *, colors: bool = True
) -> list[tuple[str, str]]:
    """Return the barriers that axe sees in a part: rule, first element.

    colors : whether axe compares them; it takes seconds for a long page
    """
    rules = {name: {"enabled": colors} for name in OF_COLORS}
    flat = DRAWN if colors else f"{DRAWN}, {CODE}"
    page.locator(flat).evaluate_all(FLATTEN)
    found = Axe().run(page, part, CHECKED | {"rules": rules})
    page.evaluate(RESTORE)
    return [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found.response["violations"]
    ]


def faint_texts(page: Page) -> list[str]:
    """Return the texts of the article whose contrast is under WCAG's AA.

    Like axe's rule, but each pair of colors is looked at once. Colors are
    painted, so that all of CSS's notations are understood.
    """
    return page.evaluate(FAINT)


def bare_links(page: Page) -> list[str]:
    """Return the links in texts of the article that are not underlined.

    Axe's rule takes longer, and cannot tell where something lies beneath.
    """
    return page.evaluate(BARE_LINKS)
