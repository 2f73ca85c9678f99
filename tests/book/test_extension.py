"""The local Sphinx extension: docstrings and colours."""

import mc_book

from mini_compress.plotting import COLORS


def typeset(text):
    lines = text.split("\n")
    mc_book.typeset_docstring(None, "function", "name", None, {}, lines)
    return lines


def test_docstring_fields_become_a_definition_list():
    assert typeset("x : (rows, cols) int8\nreturns : int32") == [
        "``x``",
        "    (rows, cols) int8",
        "``returns``",
        "    int32",
    ]


def test_names_become_code_and_keys_citations():
    assert typeset("See [jacob2018quantization], and `naive.quantize`.") == [
        "See :cite:`jacob2018quantization`, and ``naive.quantize``."
    ]


def test_pages_get_the_colors_of_the_figures(html):
    css = (html / "_static" / mc_book.PALETTE).read_text()
    for color in COLORS.values():
        assert color in css
    assert mc_book.PALETTE in (html / "index.html").read_text()
