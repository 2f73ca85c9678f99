"""The directive `chapter-graph`: which chapter builds on which, as arcs.

The order and the parts are those of `_toc.yml`; what a chapter builds on, and
its family, are read from its method card, so the drawing cannot grow old.
"""

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parents[2]
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
CARD = re.compile(r"^Builds on\n: (.*?)^:::", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\{doc\}`(\w+)`")
FAMILY = re.compile(r"^:class: method-card ([\w-]+)", re.MULTILINE)
ROW, LEFT, WIDTH = 24, 118, 420  # pixels: a line, room for arcs, everything
MAX_TITLE = 40  # characters; what is longer is cut after a word


@dataclass(frozen=True)
class Page:
    """A chapter as its page tells it.

    part : caption of its part, if it is the first in it, else ""
    builds_on : names of earlier chapters that its card links
    """

    name: str
    title: str
    part: str
    family: str
    builds_on: tuple[str, ...]


def read_pages(root: Path = ROOT) -> list[Page]:
    """Return the chapters with a method card, in the order of the book."""
    pages: list[Page] = []
    for part in parse_toc_yaml(root / "_toc.yml").root.subtrees:
        caption = part.caption or ""
        for path in part.files():
            text = (root / f"{path}.md").read_text(encoding="utf-8")
            card = CARD.search(text)
            if card is None:
                continue
            earlier = {page.name for page in pages}
            linked = dict.fromkeys(LINK.findall(card[1]))
            family = FAMILY.search(text)
            page = Page(
                name=Path(path).name,
                title=shorten(TITLE.search(text)[1].split(":")[0]),
                part=caption,
                family=family[1] if family else "float",
                builds_on=tuple(x for x in linked if x in earlier),
            )
            pages.append(page)
            caption = ""
    return pages


def shorten(title: str) -> str:
    """Cut a long title after a word."""
    if len(title) <= MAX_TITLE:
        return title
    return title[: title.rindex(" ", 0, MAX_TITLE)].rstrip(",") + " \u2026"


def needed(pages: list[Page]) -> dict[str, list[str]]:
    """Return what each page builds on, without what follows from the rest."""
    behind: dict[str, set[str]] = {}  # all that a page builds on, far back too
    for page in pages:
        near = set(page.builds_on)
        behind[page.name] = near.union(*(behind[x] for x in near))
    return {
        page.name: [
            x
            for x in page.builds_on
            if not any(x in behind[other] for other in page.builds_on)
        ]
        for page in pages
    }


def draw(pages: list[Page]) -> str:
    """Return the graph as SVG: a line for a chapter, an arc for a link."""
    heights, y, rows, arcs = {}, 0, [], []
    for page in pages:
        if page.part:
            y += ROW
            part = escape(page.part)
            place = f'x="{LEFT + 12}" y="{y + 5}"'
            rows.append(f'<text class="part" {place}>{part}</text>')
        y += ROW
        heights[page.name] = y
        color = f"var(--mc-{page.family})"
        rows.append(
            f'<a href="{page.name}.html"><circle cx="{LEFT}" cy="{y}" r="4" '
            f'fill="{color}"/><text x="{LEFT + 12}" y="{y + 5}">'
            f"{escape(page.title)}</text></a>"
        )
    families = {page.name: page.family for page in pages}
    for name, links in needed(pages).items():
        for link in links:
            low, high = heights[link], heights[name]
            # the further apart two chapters are, the further out the arc
            out = LEFT - 6 - min(LEFT - 10, 10 + (high - low) // 4)
            arcs.append(
                f'<path d="M{LEFT - 6} {low}C{out} {low} {out} {high} '
                f'{LEFT - 6} {high}" stroke="var(--mc-{families[name]})"/>'
            )
    return (
        f'<svg class="chapter-graph" viewBox="0 0 {WIDTH} {y + ROW}" '
        f'style="width: 100%; max-width: {WIDTH}px" role="group" '
        'aria-label="The chapters in their order">'
        "<style>.chapter-graph text {font-size: 15px; fill: currentColor} "
        ".chapter-graph .part {font-weight: 600} "
        ".chapter-graph path {fill: none; stroke-width: 1.5}</style>"
        f'<g aria-hidden="true">{"".join(arcs)}</g>{"".join(rows)}</svg>'
    )


def tell(pages: list[Page]) -> str:
    """Return the graph as a table, for those who do not see the arcs."""
    titles = {page.name: escape(page.title) for page in pages}
    lines = [
        f'<tr><th scope="row">{titles[name]}</th>'
        f"<td>{'; '.join(titles[x] for x in links) or 'nothing'}</td></tr>"
        for name, links in needed(pages).items()
    ]
    return (
        '<details style="margin-bottom: 1rem"><summary>The same as a table'
        '</summary><table class="table">'
        "<thead><tr><th>Chapter</th><th>Builds on</th></tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></details>"
    )


class ChapterGraph(Directive):
    """`{chapter-graph}`: no arguments, no options."""

    def run(self) -> list[nodes.Node]:
        """Return the drawing and its table."""
        env = self.state.document.settings.env
        pages = read_pages()
        env.note_dependency(str(ROOT / "_toc.yml"))
        for page in pages:
            env.note_dependency(str(ROOT / "book" / f"{page.name}.md"))
        html = f"{draw(pages)}\n{tell(pages)}"
        return [nodes.raw("", html, format="html")]


def setup(app):
    """Make the directive known."""
    app.add_directive("chapter-graph", ChapterGraph)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
