"""Tables and figures as text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mini_compress.writing import markdown_table, signed, significant, span


def cells_of(markdown):
    """Return a table's cells, row by row, and their alignments."""
    tokens = MarkdownIt().enable("table").parse(markdown)
    texts = [t.content for t in tokens if t.type == "inline"]
    styles = [t.attrs["style"] for t in tokens if t.type == "th_open"]
    width = len(styles)
    rows = [texts[i : i + width] for i in range(0, len(texts), width)]
    return rows, [style.split(":")[1] for style in styles]


@given(st.lists(st.tuples(st.text("ab|x", min_size=1), st.integers())))
def test_a_table_is_read_back_as_it_was_written(rows):
    found, aligned = cells_of(markdown_table(["name", "count"], rows))
    written = [[name, str(count)] for name, count in rows]
    assert found == [["name", "count"], *written]
    assert aligned == ["left", "right"]


def test_several_columns_can_be_names():
    table = markdown_table(["a", "b", "c"], [(1, 2, 3)], names=2)
    assert cells_of(table)[1] == ["left", "left", "right"]


@pytest.mark.parametrize(
    ("number", "text"), [(1.006, "+1.01"), (-0.5, "\u22120.50"), (0, "+0.00")]
)
def test_differences_have_a_sign(number, text):
    assert signed(number) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.5, -1, 0.25], "\u22121.00\u00a0to\u00a00.50"),
        ([2.001, 2.004], "2.00"),
        (iter([3.0]), "3.00"),
    ],
)
def test_a_span_has_both_ends_unless_they_look_alike(values, text):
    assert span(values) == text


@given(st.floats(1e-9, 1e9), st.integers(1, 6))
def test_significant_digits_are_kept_and_no_more(value, digits):
    text = significant(value, digits)
    assert math.isclose(
        float(text.replace(",", "")), value, rel_tol=0.5 * 10 ** (1 - digits)
    )
