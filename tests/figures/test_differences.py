"""Where two executions part, drawn."""

import pytest
from matplotlib.figure import Figure

from mini_compress.figures import plot_differences
from tests.support.comparisons import comparison


def test_a_dot_for_each_step_that_differs():
    ax = plot_differences(comparison(0, 1, 0, 50), ax=Figure().subplots())
    [line] = ax.lines
    assert line.get_xydata().tolist() == [[1, pytest.approx(1)], [3, 50]]
    assert ax.get_yscale() == "log"
    assert [x.get_text() for x in ax.get_xticklabels()] == [
        f"step {i}" for i in range(4)
    ]


def test_no_line_where_all_codes_are_equal():
    ax = plot_differences(comparison(0, 0), ax=Figure().subplots())
    assert not ax.lines
    assert len(ax.get_xticklabels()) == 2
