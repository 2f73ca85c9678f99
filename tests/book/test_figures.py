"""Figures as they are put into pages: colors, names, letters, pictures."""

import base64
import io
import re

import mc_figures
import numpy as np
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from matplotlib import pyplot as plt
from mc_colors import on_dark
from PIL import Image

from mini_compress.plotting import COLORS

GROUND_AT_NIGHT = "#14181d"  # as in book.css
REFERENCE = re.compile(r'(?:href="#|url\(#)([^")]+)')


def draw(size: int = 4) -> str:
    """Return the SVG of a figure with lines, a hatch, letters, a picture."""
    fig, (left, right) = plt.subplots(1, 2)
    left.plot([1, 2], color=COLORS["pruning"], marker="o")
    left.bar([1], [1], hatch="//", color="white", edgecolor="#30353d")
    right.imshow(np.arange(size**2).reshape(size, size), interpolation="none")
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg")
    plt.close(fig)
    return buffer.getvalue()


@pytest.fixture
def page():
    """The HTML of a page with two figures, parsed."""
    drawings = mc_figures.Drawings()
    text = draw()
    html = "".join(drawings.take(text, f"figure {x}") for x in "ab")
    return BeautifulSoup(html + drawings.shared(), "html.parser")


def luminance(color: str) -> float:
    rgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted(luminance(color) + 0.05 for color in (one, other))
    return high / low


@pytest.mark.parametrize("family", COLORS)
def test_families_stand_out_at_night(family):
    night = on_dark(COLORS[family])
    assert contrast(night, GROUND_AT_NIGHT) >= 3  # WCAG 2.2, 1.4.11


def test_darker_becomes_lighter():
    grays = [
        f"#{value:02x}{value:02x}{value:02x}" for value in range(0, 256, 5)
    ]
    at_night = [luminance(on_dark(gray)) for gray in grays]
    assert (np.diff(at_night) < 0).all()
    assert contrast(on_dark("#ffffff"), GROUND_AT_NIGHT) < 1.1


def test_a_figure_says_what_it_shows(page):
    labels = [x["aria-label"] for x in page.select("svg[role=img]")]
    assert labels == ["figure a", "figure b"]


def test_colors_are_those_of_the_page(page):
    drawn = "".join(map(str, page.select("svg[role=img]")))
    assert not re.search(r"#[0-9a-f]{6}\b", drawn)
    grounds = page.select("pattern rect")  # of hatches
    assert grounds and all("var(--c" in x["style"] for x in grounds)
    assert not page.select("[fill]")  # where no variable would count
    used = set(re.findall(r"var\((--c[0-9a-f]{6})\)", drawn))
    [style] = page.select("style")
    day, night = style.text.split("}", 1)
    color = COLORS["pruning"]
    assert f"--c{color[1:]}:{color};" in day
    assert f"--c{color[1:]}:{on_dark(color)};" in night
    assert day.count("--cffffff:var(--mc-ground);") == 1
    for name in used:
        assert f"{name}:" in day
        assert f"{name}:" in night


def test_what_is_referred_to_is_there_once(page):
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert set(REFERENCE.findall(str(page))) <= set(ids)
    assert len(REFERENCE.findall(str(page))) > 20


def test_letters_and_pictures_stand_once_for_all(page):
    [parts] = page.select("svg.parts")
    assert parts.select("[id^=DejaVuSans]")
    assert len(parts.select("image")) == len(page.select("image")) == 1
    assert page.select_one("path[id^=DejaVu]")["transform"] == "scale(0.015625)"


def test_a_picture_gets_shorter_and_stays_the_same():
    picture = np.random.default_rng(0).integers(0, 40, (30, 30), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(picture).convert("RGBA").save(buffer, "png")
    data = base64.b64encode(buffer.getvalue()).decode()
    short = mc_figures.shrink_png(f"data:image/png;base64,\n{data}")
    back = Image.open(io.BytesIO(base64.b64decode(short.partition(",")[2])))
    assert len(short) < 0.8 * len(data)
    assert (np.array(back.convert("L")) == picture).all()


def test_a_picture_of_many_colors_or_with_holes_is_kept():
    generator = np.random.default_rng(0)
    many = generator.integers(0, 256, (30, 30, 4), np.uint8)
    holes = np.zeros((30, 30, 4), np.uint8)
    for picture in (many, holes):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "png")
        data = base64.b64encode(buffer.getvalue()).decode()
        address = f"data:image/png;base64,{data}"
        assert mc_figures.shrink_png(address) == address


def test_the_drawing_for_a_phone_stands_beside_the_wide_one():
    wide = draw()
    inner = wide[wide.index("<svg") :]
    narrow = inner.replace("<svg", '<svg class="narrow" display="none"', 1)
    both = wide.replace("</svg>", f"{narrow}</svg>")
    drawings = mc_figures.Drawings()
    soup = BeautifulSoup(drawings.take(both, "two"), "html.parser")
    shown = soup.find_all("svg", recursive=False)
    assert [x["class"] for x in shown] == [["wide"], ["narrow"]]
    assert not soup.select("[display]")
    assert not shown[0].select("svg")
    ids = [element["id"] for element in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))


class Html:
    """What `draw_in_page` looks at of Sphinx."""

    def __init__(self, folder):
        self.srcdir, self.format, self.builder = folder, "html", self


def test_figures_are_drawn_and_other_pictures_stay_links(tmp_path):
    (tmp_path / "a.svg").write_text(draw())
    document = new_document("page")
    document += nodes.image(uri="a.svg", alt="a figure")
    document += nodes.image(uri="b.png", alt="a photograph")
    mc_figures.draw_in_page(Html(tmp_path), document, "page")
    figure, photograph, parts = document
    assert "<svg" in figure.astext()
    assert photograph["uri"] == "b.png"
    assert 'class="parts"' in parts.astext()
