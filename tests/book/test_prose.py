"""No measured number is typed into the text.

A number with a unit (%, pp, x, times, KB, KiB, ms, ...) in prose, in a
caption or in a picture's description is allowed only

* in a paragraph that cites its source with a {cite} role,
* in inline code, in mathematics, or marked as a setting: `[0.5 pp]{.setting}`,
  a number that we chose or that no run could change,
* as the level of an interval: "95 % interval", "95 % bound".

Everything else is printed by a cell. A cell that prints Markdown is searched
too: the numbers in it have to come from variables.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "index.md", *sorted((ROOT / "book").glob("*.md"))]

UNITS = (
    r"(?:%|percent|pp|[x\u00d7](?!\s*\d)|times|fold|[KMG]i?B|kilobytes"
    r"|megabytes|ms|[\u00b5u]s|ns|s|(?:milli|micro|nano)?seconds"
    r"|[mun\u00b5p]?J)"
)
MEASURED = re.compile(
    rf"(?<![\w.])\d[\d,.]*[\s\u00a0-]?{UNITS}(?![\w*])|\d[\d,]{{2,}} bytes"
)
FENCE = re.compile(
    r"^(?P<ticks>`{3,})(?P<name>\{[\w:-]+\}|\w*)[^\n]*\n"
    r"(?P<header>---\n.*?\n---\n)?(?P<body>.*?)^(?P=ticks)`*[ ]*$",
    re.DOTALL | re.MULTILINE,
)
NO_PROSE_INSIDE = {"{math}", "{literalinclude}", "{eval-rst}", "{bibliography}"}
# what else is not prose, in the order in which it is cut out
NOT_PROSE = [
    re.compile(r"\A---\n.*?\n---\n", re.DOTALL),
    re.compile(r"^:[\w-]+:.*$", re.MULTILINE),  # options of a directive
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"\$[^$\n]+\$"),
    re.compile(r"\[[^\]]*\]\{\.setting\}"),
    re.compile(r"\d\d %\s(?=confidence|interval|bound)"),
    re.compile(r"(?<!\})`[^`\n]+`"),
    re.compile(r"\]\([^)]*\)"),
]


def prose_inside(fence: re.Match) -> str:
    """Return what a reader reads as text of a block between backticks."""
    name, body = fence["name"], fence["body"]
    if name == "{code-cell}":
        printed = body if "Markdown(" in body else ""
        return f"\n{fence['header'] or ''}\n{printed}\n"
    if not name.startswith("{") or name in NO_PROSE_INSIDE:
        return "\n"
    return f"\n{FENCE.sub(prose_inside, body)}\n"


def find_typed_results(text: str) -> list[str]:
    """Return the numbers in prose that look measured and name no source."""
    text = FENCE.sub(prose_inside, text)
    for pattern in NOT_PROSE:
        text = pattern.sub(" ", text)
    return [
        found.group()
        for paragraph in re.split(r"\n\s*\n", text)
        if "{cite" not in paragraph
        for found in MEASURED.finditer(paragraph)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_result_is_typed_into_the_text(page):
    assert not find_typed_results(page.read_text())


@pytest.mark.parametrize(
    "text",
    [
        "It reaches 97.3 % here.",
        "It loses 0.4 pp.",
        "The file is 3.9x smaller.",
        "The file is 4 times smaller.",
        "It takes 12 ms.",
        "It weighs 1,066 KB.",
        "It weighs 1,066,440 bytes.",
        "a\n\n:::{note}\nIt weighs 260 KiB.\n:::",
        "Faster than {doc}`x`, by 30%.",
        "````{note}\n```{tip}\nIt takes 3 ms.\n```\n````",
        "```{code-cell} ipython3\n---\nalt: It is 97 % right.\n---\nx\n```",
        "```{code-cell} ipython3\nMarkdown('It is 97 % right.')\n```",
    ],
)
def test_typed_results_are_found(text):
    assert len(find_typed_results(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Weights of 8 bits have 256 codes.",
        "A float32 takes 4 bytes.",
        "The test set has 1,000 images.",
        "They report 69.8 % {cite}`jacob2018quantization`.",
        "Without loss means within [0.5 pp]{.setting}.",
        "Pass `rate=0.5 %`.",
        "The 95 % interval, and the 95 % bound.",
        "We have $x = 5\\,\\%$ and\n\n$$\n5 \\times 5 %\n$$\n",
        "```{code-cell} ipython3\nprint('97 %')\n```",
        "```{code-cell} ipython3\nMarkdown(f'{100 * x:.1f} % right')\n```",
        "```python\nx = '5 %'\n```",
        "The 3 x 3 filters of a 784-300-100-10 network.",
        "KB means 1,000 B[^kb].",
    ],
)
def test_settings_and_cited_numbers_pass(text):
    assert not find_typed_results(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_line_of_prose_is_lost_as_a_comment(page):
    prose = FENCE.sub(prose_inside, page.read_text())
    assert not re.findall(r"^ *%.*", prose, re.MULTILINE)
