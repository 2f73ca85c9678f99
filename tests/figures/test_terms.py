"""Matrices rebuilt from their terms: what is drawn, and how large it is."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from mini_compress.figures import photograph, rebuilt


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(axes):
    return [np.asarray(ax.images[0].get_array()) for ax in axes]


def test_each_picture_is_the_nearest_of_its_rank():
    matrix = np.random.default_rng(0).standard_normal((30, 20))
    axes = rebuilt({"noise": matrix}, (1, 4)).axes
    values = np.linalg.svd(matrix, compute_uv=False)
    one, four, whole = drawn(axes)
    for near, rank in ((one, 1), (four, 4)):
        assert np.linalg.matrix_rank(near) == rank
        error = np.linalg.norm(matrix - near)
        assert error == pytest.approx(np.linalg.norm(values[rank:]))
    assert (whole == matrix).all()


def test_bytes_are_those_of_columns_and_rows_as_float32():
    wide = np.random.default_rng(0).standard_normal((300, 784))
    axes = rebuilt({"weight": wide}, (1, 20)).axes
    assert [ax.get_title() for ax in axes] == [
        "1 term\n4 KB",
        "20 terms\n87 KB",
        "whole\n941 KB",
    ]


def test_a_look_changes_what_is_drawn_and_not_what_is_counted():
    matrix = np.random.default_rng(0).standard_normal((300, 784))
    both = {"plain": matrix, "first row": matrix}
    looks = {"first row": lambda x: x[0].reshape(28, 28)}
    axes = rebuilt(both, (2,), looks=looks).axes
    plain, seen = axes[:2], axes[2:]
    assert [x.shape for x in drawn(seen)] == [(28, 28)] * 2
    assert (drawn(seen)[0] == drawn(plain)[0][0].reshape(28, 28)).all()
    assert [x.get_title() for x in seen] == [x.get_title() for x in plain]


def test_the_photograph_is_dark_where_it_is_dark():
    portrait = photograph()
    assert portrait.std() > 0.2  # a picture, and not a plain
    hat, wall = portrait[45:60, 110:140].mean(), portrait[60:120, 220:].mean()
    assert hat > 0.6 > wall
