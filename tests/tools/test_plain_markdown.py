"""MyST as plain Markdown: every form the book uses, and errors for the rest."""

from pathlib import Path

import pytest
from plain_markdown import Names, to_plain

FOLDER = Path(__file__).resolve().parents[2] / "book"
SOURCE = "../mini_compress/models/building.py"
NAMES = Names(
    folder=FOLDER,
    labels={
        "fig-a": "Figure 1",
        "eq-b": "(2)",
        "ex-c": "Exercise 3",
        "alg-d": "Algorithm 1",
    },
    pages={
        "notation": "*Notation*",
        "measuring": "[Measuring](measuring.ipynb)",
    },
    citations={"one2020": "One, 2020", "two2021": "Two et al., 2021"},
)


@pytest.mark.parametrize(
    ("role", "text"),
    [
        ("{term}`scale`", "scale"),
        ("{term}`symmetric <symmetric\n  quantization>`", "symmetric"),
        ("{cite}`one2020`", "[One, 2020]"),
        ("{cite:p}`one2020, two2021`", "[One, 2020; Two et al., 2021]"),
        ("{numref}`fig-a`", "Figure 1"),
        ("{eq}`eq-b`", "(2)"),
        ("{ref}`ex-c`", "Exercise 3"),
        ("{ref}`this one <ex-c>`", "this one"),
        ("{doc}`notation`", "*Notation*"),
        ("{doc}`/book/measuring`", "[Measuring](measuring.ipynb)"),
        ("{doc}`that <measuring>`", "that"),
        ("within [0.5 pp]{.setting} of it", "within 0.5 pp of it"),
        ("[here](notation.md)", "here"),
        ("[there](https://example.org)", "[there](https://example.org)"),
        ("`{term}` and $x_{ij}$", "`{term}` and $x_{ij}$"),
    ],
)
def test_roles_become_text(role, text):
    assert to_plain(role, NAMES) == text


@pytest.mark.parametrize(
    ("myst", "plain"),
    [
        (
            ":::{warning}\nOne.\n\n- two {eq}`eq-b`\n:::",
            "> **Warning**\n>\n> One.\n>\n> - two (2)",
        ),
        (
            "```{admonition} The title\n:class: tip\n\nText.\n```",
            "> **The title**\n>\n> Text.",
        ),
        (
            ":::{admonition} Predict\n:class: predict\n\nGuess.\n\n"
            ":::{dropdown} Answer\nNo.\n:::\n:::",
            "> **Predict**\n>\n> Guess.\n>\n> <details>\n"
            "> <summary>Answer</summary>\n>\n> No.\n>\n> </details>",
        ),
        (
            "::::{note}\n:::{dropdown} Hint\nYes.\n:::\n::::\n\nAfter.",
            "> **Note**\n>\n> <details>\n> <summary>Hint</summary>\n>\n"
            "> Yes.\n>\n> </details>\n\nAfter.",
        ),
        (
            "Term\n: its meaning,\n  on two lines\n\nOther {term}`scale`\n: x",
            "- **Term**: its meaning, on two lines\n- **Other scale**: x",
        ),
        ("$$\na = b\n$$ (eq-b)", "$$\na = b \\tag{2}\n$$"),
        ("$$\na = b\n$$", "$$\na = b\n$$"),
        ("```python\n{term}`kept`\n```", "```python\n{term}`kept`\n```"),
        ("```{code-block} shell\nmake\n```", "```shell\nmake\n```"),
        (
            ":::{prf:algorithm} Rounding\n:label: alg-d\n\nDo it.\n:::",
            "> **Algorithm 1: Rounding**\n>\n> Do it.",
        ),
        ("(a-target)=\n% a comment\n## Heading", "## Heading"),
        ("1. one\n   more\n2. two\n\nEnd.", "1. one\n   more\n2. two\n\nEnd."),
        ("| a | b |\n|:--|--:|\n| 1 | 2 |", "| a | b |\n|:--|--:|\n| 1 | 2 |"),
    ],
)
def test_blocks_become_plain_markdown(myst, plain):
    assert to_plain(myst, NAMES) == plain


def test_included_functions_become_code():
    text = (
        "```{literalinclude} ../mini_compress/kernels/naive/codes.py\n"
        ":pyobject: split_groups\n```"
    )
    plain = to_plain(text, NAMES)
    assert plain.startswith("```python\ndef split_groups(x, group_size)")
    assert plain.endswith("return groups\n```")


def test_an_included_function_may_start_at_a_line():
    text = (
        "```{literalinclude} ../mini_compress/kernels/naive/codes.py\n"
        ":pyobject: split_groups\n:start-at: groups =\n```"
    )
    plain = to_plain(text, NAMES)
    assert plain.startswith("```python\ngroups =")
    assert plain.endswith("return groups\n```")
    with pytest.raises(ValueError, match="starts at 'nowhere', not in split"):
        to_plain(text.replace("groups =", "nowhere"), NAMES)


@pytest.mark.parametrize(
    "text",
    [
        ":::{figure} picture.png\nCaption\n:::",
        "{unknown}`role`",
        "- a list\n\n  :::{note}\n  inside\n  :::",
        "![a picture](picture.png)",
        "a note[^1]",
        "a {{ substitution }}",
    ],
)
def test_what_has_no_plain_form_is_an_error(text):
    with pytest.raises(ValueError, match="lessons have no form for"):
        to_plain(text, NAMES)


def test_an_include_of_lines_is_an_error():
    text = f"```{{literalinclude}} {SOURCE}\n:lines: 3-5\n```"
    with pytest.raises(ValueError, match="must have :pyobject:, and"):
        to_plain(text, NAMES)


def test_an_include_of_what_is_not_there_is_an_error():
    text = f"```{{literalinclude}} {SOURCE}\n:pyobject: gone\n```"
    with pytest.raises(ValueError, match=r"names 'gone', not in building\.py"):
        to_plain(text, NAMES)


def test_an_unknown_label_is_an_error():
    with pytest.raises(KeyError, match="no-such"):
        to_plain("{numref}`no-such`", NAMES)
