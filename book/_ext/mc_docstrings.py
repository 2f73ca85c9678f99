"""Our plain docstrings as reStructuredText.

A docstring is short lines of plain text. These forms mean something:

    name : text         one argument; further lines are indented
        "value": text   one of its values, indented below it
    name   text         one entry of a module's table of contents
        text            an equation: indented after an empty line
    >>> code            an example
    `code`, *stress*, [key2018]   a name in the code, emphasis, a reference
"""

import re

FIELD = re.compile(r"^([a-z][\w, ]*?)(?: : |  +)(\S.*)$")
VALUE = re.compile(r'^    (".*|\w+ : .*)$')
MARKED = re.compile(r"(`[^`]+`|(?<![\w*])\*\w+\*(?![\w*]))")
CITATION = re.compile(r"\[([a-z]+\d{4}[a-z]*)\]")
SPECIAL = re.compile(r"([\\*|_])")


def typeset_line(text: str) -> str:
    """Escape what means something in reStructuredText; set code, citations."""
    parts = MARKED.split(text)
    for number, part in enumerate(parts):
        if part.startswith("`"):
            parts[number] = f"`{part}`"
        elif number % 2 == 0:  # the odd parts are what MARKED matched
            escaped = SPECIAL.sub(r"\\\1", part)
            parts[number] = CITATION.sub(r":cite:`\1`", escaped)
    return "".join(parts)


def typeset(lines: list[str]) -> list[str]:
    """Return a docstring's lines as reStructuredText, paragraph by paragraph.

    Paragraphs are what stands between empty lines.
    """
    result: list[str] = []
    for paragraph in re.split(r"\n[ \t]*\n", "\n".join(lines)):
        rows = paragraph.split("\n")
        if rows[0].startswith(">>>"):
            result += rows
        elif rows[0].startswith("    "):
            result += ["::", "", *rows]
        else:
            result += typeset_paragraph(rows)
        result.append("")
    return result


def typeset_paragraph(rows: list[str]) -> list[str]:
    """Set text in which some rows may begin an argument or a value."""
    result, margin = [], ""
    for row in rows:
        field, value = FIELD.match(row), VALUE.match(row)
        if field:
            result += ["", f"``{field[1]}``", f"    {typeset_line(field[2])}"]
            margin = " " * 4
        elif value:
            result += ["", f"    * {typeset_line(value[1])}"]
            margin = " " * 6
        elif row.startswith(" "):  # goes on with the argument or the value
            result.append(margin + typeset_line(row.strip()))
        else:
            result.append(typeset_line(row))
    return result
