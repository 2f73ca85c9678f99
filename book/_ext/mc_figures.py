"""Figures as part of the page: its colors, its ground, its width.

Matplotlib's SVG is put into the page itself, for an `<img>` cannot know that
the page is dark. Its colors become CSS variables, white becomes the ground;
pictures in it, such as photographs, stay as they are. What a page does not
need is left out; letters and pictures are there once for all figures.

A figure may hold a second drawing of itself, for a phone: see
`mini_compress.narrow`. Both go into the page, and book.css shows one.
"""

import base64
import hashlib
import io
import re
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from mc_colors import on_dark
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
COLOR = re.compile(r"#[0-9a-f]{6}\b")
PLACE = re.compile(r"-?\d+\.\d{3,}")  # in points: a hundredth is not seen
PLACES = {"d", "x", "y"}
MOVE = re.compile(r"translate\([^)]*\)")
REFERENCE = re.compile(r"(url\(#|^#)(?!DejaVu|picture)")
LETTER = re.compile(r"DejaVu[\w-]+")
NOT_NEEDED = {f"{SVG}metadata", f"{SVG}style"}
KEPT_IDS = {f"{SVG}path", f"{SVG}clipPath", f"{SVG}pattern"}
WHITE = "#ffffff"
NARROW = "narrow"  # the class of the drawing for a phone


class Drawings:
    """The figures of one page: what they share, and what tells them apart.

    parts : id -> letter or picture, of which each figure shows a copy
    colors : of all of them, "#rrggbb"
    """

    def __init__(self) -> None:
        self.count = 0
        self.parts: dict[str, str] = {}
        self.colors: set[str] = set()

    def take(self, text: str, alt: str) -> str:
        """Return the HTML of a figure: one drawing, or two."""
        wide = ElementTree.fromstring(text)
        both = [wide]
        for narrow in wide.findall(f"{SVG}svg[@class='{NARROW}']"):
            wide.remove(narrow)
            del narrow.attrib["display"]
            both.append(narrow)
        if len(both) > 1:
            wide.set("class", "wide")
        return "".join(self.draw(one, alt) for one in both)

    def draw(self, root: ElementTree.Element, alt: str) -> str:
        """Return the HTML of one drawing, and note its letters and colors."""
        self.count += 1
        self.prepare(root, f"d{self.count}-")
        for name in ("version", "height"):
            root.attrib.pop(name, None)
        root.attrib.update({"role": "img", "aria-label": alt})
        return to_html(root)

    def prepare(self, parent: ElementTree.Element, prefix: str) -> None:
        """Drop what a page does not need; name the rest for it."""
        for child in list(parent):
            name = child.get("id", "")
            if LETTER.fullmatch(name):
                self.parts[name] = to_html(child)
                parent.remove(child)
                continue
            if child.tag == f"{SVG}image":
                self.share(child)
            self.prepare(child, prefix)
            if child.tag in NOT_NEEDED or is_empty(child):
                parent.remove(child)
        if parent.tag not in KEPT_IDS:
            parent.attrib.pop("id", None)
        if "fill" in parent.attrib:  # of a hatch: only a style has variables
            parent.set("style", f"fill: {parent.attrib.pop('fill')}")
        for key, value in parent.items():
            parent.set(key, self.name(key, value, prefix))

    def share(self, image: ElementTree.Element) -> None:
        """Turn a picture into a copy of one that stands once on the page."""
        data = shrink_png(image.attrib.pop(HREF))
        name = f"picture-{hashlib.sha256(data.encode()).hexdigest()[:12]}"
        size = {side: image.attrib.pop(side) for side in ("width", "height")}
        one = {"id": name, **size, "href": data}
        self.parts[name] = to_html(ElementTree.Element("image", one))
        image.tag = f"{SVG}use"
        image.set(HREF, f"#{name}")

    def name(self, key: str, value: str, prefix: str) -> str:
        """Return the value of an attribute, as it stands on the page."""
        if key == "id":
            return prefix + value
        if key in PLACES:
            return round_places(value)
        if key == "transform":
            return MOVE.sub(lambda x: round_places(x[0]), value)
        value = value.replace(": ", ":").replace("; ", ";")
        self.colors.update(COLOR.findall(value))
        value = REFERENCE.sub(rf"\1{prefix}", value)
        return COLOR.sub(lambda x: f"var(--c{x[0][1:]})", value)

    def shared(self) -> str:
        """Return what stands once on the page: colors, and parts."""
        day = {color: color for color in sorted(self.colors)}
        night = {color: on_dark(color) for color in day}
        for colors in (day, night):
            colors[WHITE] = "var(--mc-ground)"
        style = "".join(
            f"html{theme} .figure{{"
            + "".join(f"--c{a[1:]}:{b};" for a, b in colors.items())
            + "}"
            for theme, colors in (("", day), ('[data-theme="dark"]', night))
        )
        parts = "".join(self.parts.values())
        return (
            f"<style>{style}</style>"
            '<svg class="parts" width="0" height="0" aria-hidden="true">'
            f"<defs>{parts}</defs></svg>"
        )


def shrink_png(address: str) -> str:
    """Return a picture with a list of its colors, if they are few enough."""
    kind, _, data = address.partition(",")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    if image.getcolors(256) and image.getextrema()[-1] == (255, 255):
        buffer = io.BytesIO()
        image.convert("RGB").quantize(256).save(buffer, "png", optimize=True)
        data = base64.b64encode(buffer.getvalue()).decode()
    return f"{kind},{data.strip()}"


def round_places(text: str) -> str:
    """Return a text whose numbers have two decimals at most."""
    return PLACE.sub(lambda x: f"{float(x[0]):.2f}", text)


def is_empty(element: ElementTree.Element) -> bool:
    """Return whether an element groups nothing."""
    return element.tag in (f"{SVG}g", f"{SVG}defs") and not len(element)


def to_html(element: ElementTree.Element) -> str:
    """Return the HTML of an element of an SVG."""
    name = element.tag.removeprefix(SVG)
    inner = "".join(map(to_html, element))
    if name == "g" and not element.attrib:
        return inner
    attributes = "".join(
        f' {key.replace(HREF, "href")}="{escape(" ".join(value.split()))}"'
        for key, value in element.items()
    )
    return f"<{name}{attributes}>{inner}</{name}>"


def draw_in_page(app, doctree, docname):
    """Put the drawings of a page's figures into it, in place of links."""
    if app.builder.format != "html":
        return
    drawings = Drawings()
    for image in list(doctree.findall(nodes.image)):
        file = Path(app.srcdir, image["uri"])
        if file.suffix == ".svg" and image.get("alt") and file.exists():
            html = drawings.take(file.read_text(), image["alt"])
            box = f'<div class="figure">{html}</div>'
            image.parent.replace(image, nodes.raw("", box, format="html"))
    if drawings.count:
        doctree += nodes.raw("", drawings.shared(), format="html")
