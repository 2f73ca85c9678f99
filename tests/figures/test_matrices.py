"""Matrices as colored squares: the scale, the signs, and the numbers."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex, to_rgb

from mini_compress.figures import matrices
from mini_compress.plotting import COLORS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


WEIGHT = np.array([[6.0, 0.0], [-8.0, 10.0]])


def draw(*rows, **arguments):
    return matrices(*rows, **arguments).axes


def color_of(ax, value):
    [drawn] = ax.collections or ax.images
    return to_hex(drawn.to_rgba(value))


def test_zero_is_white_and_signs_have_colors_of_their_own():
    [ax] = draw({"W": WEIGHT}, family="pruning")
    assert color_of(ax, 0.0) in ("#ffffff", "#fefefe", "#fffefe")
    assert color_of(ax, 10.0) == COLORS["pruning"]
    assert color_of(ax, -10.0) == COLORS["float"]
    assert (ax.images[0].get_array() == WEIGHT).all()


def test_one_scale_for_all_or_one_for_each():
    parts = {"large": WEIGHT, "small": WEIGHT / 10}
    own = [ax.images[0].get_clim() for ax in draw(parts)]
    assert own == [(-10, 10), (-1, 1)]
    same = [ax.images[0].get_clim() for ax in draw(parts, high=20)]
    assert same == [(-20, 20)] * 2


def test_each_number_stands_in_its_square():
    [ax] = draw({"W": WEIGHT}, numbers=".1f")
    found = {x.get_position(): x.get_text() for x in ax.texts}
    assert found == {
        (col, row): f"{value:.1f}"
        for (row, col), value in np.ndenumerate(WEIGHT)
    }
    assert [x.get_color() == "white" for x in ax.texts] == [0, 0, 1, 1]
    assert not draw({"W": WEIGHT})[0].texts


def test_squares_with_numbers_lie_where_those_of_a_picture_do():
    numbered, picture = draw({"W": WEIGHT}, numbers=".0f") + draw({"W": WEIGHT})
    assert (numbered.collections[0].get_array() == WEIGHT).all()
    assert numbered.get_xlim() == picture.get_xlim()
    assert numbered.get_ylim() == picture.get_ylim()


def luminance(color) -> float:
    """Return WCAG's relative luminance of a color."""
    rgb = np.array(to_rgb(color))
    linear = np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("family", [x for x in COLORS if x != "float"])
def test_numbers_can_be_read_on_every_shade(family):
    shades = np.linspace(-1, 1, 41)[np.newaxis]
    [ax] = draw({"shades": shades}, numbers=".0f", family=family)
    for text, value in zip(ax.texts, shades[0], strict=True):
        below = luminance(color_of(ax, value)) + 0.05
        contrasts = {
            ink: max(below, luminance(ink) + 0.05)
            / min(below, luminance(ink) + 0.05)
            for ink in ("white", COLORS["float"])
        }
        assert contrasts[text.get_color()] > 0.99 * max(contrasts.values())


def test_a_shorter_row_leaves_its_last_places_empty():
    axes = draw({"a": WEIGHT, "b": WEIGHT}, {"c": WEIGHT})
    assert [ax.get_title() for ax in axes] == ["a", "b", "c", ""]
    assert [bool(ax.axison) for ax in axes] == [True, True, True, False]


def test_zeros_are_drawn():
    [ax] = draw({"nothing": np.zeros((2, 3))})
    assert ax.images[0].get_clim() == (-1, 1)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="number of rows"):
        draw()
    with pytest.raises(ValueError, match="matrix 'v'"):
        draw({"v": np.ones(3)})
    with pytest.raises(ValueError, match="family must be one of"):
        draw({"W": WEIGHT}, family="magic")
