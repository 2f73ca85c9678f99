"""The local Sphinx extension: docstrings and colors."""

import mc_book
import mc_search
from docutils import nodes
from docutils.utils import new_document
from mc_docstrings import typeset

from mini_compress.plotting import COLORS


def set_text(text):
    return [line for line in typeset(text.split("\n")) if line]


def test_arguments_become_a_definition_list():
    assert set_text("x : (rows, cols) int8\n    more\nreturns : int32") == [
        "``x``",
        "    (rows, cols) int8",
        "    more",
        "``returns``",
        "    int32",
    ]


def test_values_become_a_list_inside():
    text = 'rule : how\n    "one": first\n        and on\n    "two": second'
    assert set_text(text) == [
        "``rule``",
        "    how",
        '    * "one": first',
        "      and on",
        '    * "two": second',
    ]


def test_names_become_code_and_keys_citations():
    assert set_text("See [jacob2018quantization], and `naive.quantize`.") == [
        "See :cite:`jacob2018quantization`, and ``naive.quantize``."
    ]


def test_marks_are_text():
    assert set_text("sum |a * b|, *all*") == [r"sum \|a \* b\|, *all*"]


def test_equations_and_examples_stay_as_they_are():
    text = "Owns:\n\n    a = b * |c|\n\n>>> 2 * 3\n6"
    assert set_text(text) == [
        "Owns:",
        "::",
        "    a = b * |c|",
        ">>> 2 * 3",
        "6",
    ]


def test_pages_get_the_colors_of_the_figures(html):
    css = (html / "_static" / mc_book.PALETTE).read_text()
    for color in COLORS.values():
        assert color in css
    assert mc_book.PALETTE in (html / "index.html").read_text()


def test_numbers_and_units_stay_together_outside_code():
    document = new_document("page")
    text = "77 % of 3 pp in 2 ms, 5 xylophones, 4 bits"
    document += nodes.paragraph("", text)
    document += nodes.literal("", text)
    mc_book.keep_units(None, document, "page")
    prose, code = (child.astext() for child in document)
    assert prose == "77\u00a0% of 3\u00a0pp in 2\u00a0ms, 5 xylophones, 4 bits"
    assert code == text


def test_tables_can_be_focused():
    context = {"body": '<table class="docutils table">'}
    mc_book.make_tables_focusable(None, "", "", context, None)
    assert context["body"] == '<table tabindex="0" class="docutils table">'


def test_the_marks_of_a_solution_are_not_shown():
    document = new_document("page")
    code = (
        "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
    )
    document += nodes.literal_block(code, code)
    mc_book.drop_marks(None, document, "page")
    assert document[0].astext() == "def f():\n    return 1\n"
    assert document[0].rawsource == document[0].astext()


def test_the_search_gets_each_section_without_those_inside():
    document = new_document("page")
    outer = nodes.section("", nodes.paragraph("", "before\nit"), ids=["outer"])
    outer += nodes.section("", nodes.paragraph("", "within"), ids=["inner"])
    document += outer
    assert mc_search.sections_of(document) == [
        ["outer", "before it"],
        ["inner", "within"],
    ]


def test_the_search_gets_no_html_of_a_widget():
    document = new_document("page")
    said = nodes.container("", nodes.paragraph("", "seen"))
    said += nodes.raw("", "<style>.mcx {}</style>", format="html")
    said += nodes.paragraph("", "too")
    document += nodes.section("", said, ids=["one"])
    assert mc_search.sections_of(document) == [["one", "seen too"]]


class Reading:
    """What the search looks at of a build: the page it reads now."""

    def __init__(self):
        self.env, self.docname = self, ""

    def read(self, name, text):
        document = new_document(name)
        paragraph = nodes.paragraph("", text)
        document += nodes.section("", paragraph, ids=["top"])
        self.docname = name
        mc_search.drop_texts(self, self, name)
        mc_search.keep_texts(self, document)


def test_the_search_keeps_pages_that_are_not_read_again():
    one, other = Reading(), Reading()
    one.read("a", "old")
    one.read("gone", "old")
    one.read("a", "new")
    mc_search.drop_texts(one, one, "gone")
    other.read("b", "read by another process")
    mc_search.merge_texts(one, one, ["b"], other)
    assert mc_search.texts_of(one) == {
        "a": [["top", "new"]],
        "b": [["top", "read by another process"]],
    }


def test_a_page_is_described_by_its_first_paragraph():
    document = new_document("page")
    document += nodes.paragraph("", 'Fewer "bits" ' + "and more words " * 40)
    context = {"title": "A & B", "metatags": ""}
    mc_book.describe_page(None, "page", "", context, document)
    assert (
        'name="description" content="Fewer &quot;bits&quot;'
        in (context["metatags"])
    )
    assert 'content="A &amp; B"' in context["metatags"]
    assert len(context["metatags"]) < 600
