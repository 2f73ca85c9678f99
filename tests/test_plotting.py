"""The palette keeps its promises, and figures come out the same twice."""

import io
import itertools
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from mini_compress.plotting import (
    COLORS,
    MARKERS,
    shades,
    stack_bars,
    use_book_style,
)

ROOT = Path(__file__).resolve().parent.parent

# What an eye without one kind of cone sees of linear RGB: Machado, Oliveira
# and Fernandes (2009), table 1, severity 1.
VISION = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = TO_XYZ.sum(axis=1)


def linear(color: str) -> np.ndarray:
    """(3,) linear RGB in [0, 1] of a hexadecimal sRGB color."""
    rgb = np.array(mpl.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """(3,) CIELAB coordinates of linear RGB."""
    x, y, z = np.cbrt(TO_XYZ @ rgb.clip(0, 1) / WHITE)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_families_differ_for_every_eye(vision):
    seen = {name: lab(VISION[vision] @ linear(c)) for name, c in COLORS.items()}
    for one, other in itertools.combinations(seen, 2):
        distance = np.linalg.norm(seen[one] - seen[other])
        assert distance > 20, f"{one} and {other} look alike: {distance:.0f}"


@pytest.mark.parametrize("family", COLORS)
def test_colors_stand_out_on_white(family):
    luminance = (TO_XYZ @ linear(COLORS[family]))[1]
    assert 1.05 / (luminance + 0.05) >= 3  # WCAG 2.2, 1.4.11


def test_markers_tell_families_apart_without_color():
    assert MARKERS.keys() == COLORS.keys()
    assert len(set(MARKERS.values())) == len(MARKERS)


@pytest.mark.parametrize("family", COLORS)
def test_shades_get_lighter_around_the_color(family):
    colors = shades(family, 5)
    lightness = [lab(linear(color))[0] for color in colors]
    assert np.all(np.diff(lightness) > 5)
    assert colors[2] == shades(family, 1)[0] == COLORS[family]


def test_shades_refuse_unknown_families_and_no_count():
    with pytest.raises(ValueError, match=r"family must be one of float, .*'x'"):
        shades("x", 2)
    with pytest.raises(ValueError, match="count must be >= 1, got 0"):
        shades("float", 0)


def test_logo_uses_the_palette():
    text = (ROOT / "book" / "assets" / "logo.svg").read_text()
    used = set(re.findall(r"#[0-9a-f]{6}", text))
    assert used
    assert used <= {*COLORS.values(), "#ffffff"}


def test_a_figure_is_the_same_text_twice():
    texts = []
    for _ in range(2):
        with mpl.rc_context():
            use_book_style()
            fig, ax = plt.subplots()
            ax.plot([1, 2], [3, 4])
            buffer = io.StringIO()
            fig.savefig(buffer, format="svg", metadata={"Date": None})
            plt.close(fig)
        texts.append(buffer.getvalue())
    assert texts[0] == texts[1]
    assert COLORS["float"] in texts[0]


def test_parts_of_a_bar_follow_each_other():
    _, axes = plt.subplots()
    looks = {"a": ("black", "", "white"), "b": ("white", "//", "black")}
    bars = {"one": {"a": 1, "b": 2}, "two": {"a": 3, "b": 0}}
    stack_bars(axes, bars, looks)
    ends = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    plt.close()
    assert ends == [(0, 1), (0, 3), (1, 2), (3, 0)]
