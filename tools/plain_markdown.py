"""MyST Markdown as plain Markdown that JupyterLab shows without an extension.

Admonitions become block quotes, dropdowns `<details>`, labels numbers, roles
text. What cannot be converted is an error: nothing is passed on half read.
"""

import itertools
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from sphinx.pycode import ModuleAnalyzer

PARSER = (
    MarkdownIt("commonmark")
    .enable("table")
    .use(dollarmath_plugin)
    .use(colon_fence_plugin)
    .use(deflist_plugin)
    .use(myst_block_plugin)
)
DIRECTIVE = re.compile(r"\{([\w:-]+)\}\s*(.*)", re.DOTALL)
OPTION = re.compile(r":([\w-]+):[ \t]*(.*)")
ROLE = re.compile(r"(?<!`)\{([a-z:]+)\}`([^`]+)`")
TARGET = re.compile(r"(.*\S)\s*<([^<>]+)>", re.DOTALL)
SPAN = re.compile(r"\[([^\]]*)\]\{[.#][^}]*\}")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)[^)]*\)")
RESIDUE = re.compile(
    r"^\s*(?::::|`{3,}\{)|\[\^|\{\{ *\w+ *\}\}|!\[", re.MULTILINE
)
ADMONITIONS = {"note", "tip", "hint", "important", "warning", "caution"}
CITATIONS = {"cite", "cite:p", "cite:t"}


@dataclass(frozen=True)
class Block:
    """A piece of a page: a directive, or text of some other kind.

    kind : the directive's name, or "text", "fence", "math", "definitions"
    body : its text; the label of an equation is in `options`
    """

    kind: str
    body: str
    argument: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name by which others refer to it, or nothing."""
        return self.options.get("label", "")


@dataclass(frozen=True)
class Names:
    """What the names in a page's roles and directives stand for.

    folder : of the page, from which paths start
    labels : label of a figure, an equation, an exercise -> "Figure 1"
    pages : name of a page -> its title, with a link if there is one
    citations : key of a source -> "Jacob et al., 2018"
    """

    folder: Path
    labels: dict[str, str]
    pages: dict[str, str]
    citations: dict[str, str]


def split_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a page in order, without comments and targets."""
    lines = text.split("\n")
    for token in PARSER.parse(text):
        if token.level or token.map is None:
            continue
        source = "\n".join(lines[token.map[0] : token.map[1]]).strip("\n")
        directive = DIRECTIVE.match(token.info)
        if token.type == "colon_fence" and not directive:
            continue  # the end of a fence that its inner one has closed
        if token.type in ("fence", "colon_fence") and directive:
            yield _directive(*directive.groups(), token.content)
        elif token.type == "fence":
            yield Block("fence", source)
        elif token.type.startswith("math_block"):
            yield Block("math", token.content, options={"label": token.info})
        elif token.type == "dl_open":
            yield Block("definitions", source)
        elif not token.type.startswith("myst_"):
            yield Block("text", source)


def _directive(name: str, argument: str, content: str) -> Block:
    """Take the options off the content of a directive."""
    lines = content.strip("\n").split("\n")
    options = {}
    while lines and (option := OPTION.fullmatch(lines[0])):
        options[option[1]] = option[2].strip()
        del lines[0]
    body = "\n".join(lines).strip("\n")
    return Block(name, body, " ".join(argument.split()), options)


def to_plain(text: str, names: Names) -> str:
    """Return MyST text as plain Markdown."""
    parts = [render(block, names) for block in split_blocks(text)]
    return "\n\n".join(part for part in parts if part)


def render(block: Block, names: Names) -> str:
    """Return one block as plain Markdown."""
    kind, body = block.kind, block.body
    if kind == "text":
        return to_plain_text(body, names)
    if kind == "fence":
        return body
    if kind in ("code", "code-block"):
        return f"```{block.argument}\n{body}\n```"
    if kind == "math":
        number = names.labels.get(block.label, "").strip("()")
        tag = f" \\tag{{{number}}}" if number else ""
        return f"$$\n{body.strip()}{tag}\n$$"
    if kind == "definitions":
        return to_plain_text(_list_definitions(body), names)
    if kind == "literalinclude":
        return _include(block, names.folder)
    if kind == "dropdown":
        title = to_plain_text(block.argument, names)
        inner = to_plain(body, names)
        return f"<details>\n<summary>{title}</summary>\n\n{inner}\n\n</details>"
    if kind in ADMONITIONS or kind == "admonition" or kind.startswith("prf:"):
        return _quote(_title(block, names), to_plain(body, names))
    raise ValueError(f"lessons have no form for {{{kind}}}")


def to_plain_text(text: str, names: Names) -> str:
    """Return text without directives with its roles, spans, links replaced."""
    text = LINK.sub(r"\1", SPAN.sub(r"\1", text))
    text = ROLE.sub(lambda found: _role(*found.groups(), names), text)
    left = RESIDUE.search(re.sub(r"(?<!`)`[^`]+`", "", text))
    if left:
        raise ValueError(f"lessons have no form for {left[0]!r} in {text!r}")
    return text


def _role(role: str, content: str, names: Names) -> str:
    """Return what a role shows, as text."""
    content = " ".join(content.split())
    titled = TARGET.fullmatch(content)
    title, target = titled.groups() if titled else (content, content)
    if role in ("term", "abbr"):
        return title
    if role in CITATIONS:
        keys = [key.strip() for key in target.split(",")]
        return f"[{'; '.join(names.citations[key] for key in keys)}]"
    if role == "doc":
        page = names.pages[target.lstrip("/").removeprefix("book/")]
        return page if not titled else title
    if role in ("eq", "numref", "ref", "prf:ref"):
        return title if titled else names.labels[target]
    raise ValueError(f"lessons have no form for the role {{{role}}}")


def _title(block: Block, names: Names) -> str:
    kind = block.kind.removeprefix("prf:").capitalize()
    if block.kind == "admonition":
        return to_plain_text(block.argument, names)
    if block.label:
        kind = names.labels[block.label]
    title = to_plain_text(block.argument, names)
    return f"{kind}: {title}" if title else kind


def _quote(title: str, text: str) -> str:
    return textwrap.indent(
        f"**{title}**\n\n{text}", "> ", lambda line: True
    ).replace("> \n", ">\n")


def _list_definitions(body: str) -> str:
    """Return a definition list as a list with the terms in bold."""
    items = []
    for chunk in re.split(r"\n\s*\n", body):
        term, _, definition = chunk.partition("\n")
        text = " ".join(definition.removeprefix(":").split())
        items.append(f"- **{term.strip()}**: {text}")
    return "\n".join(items)


def _include(block: Block, folder: Path) -> str:
    """Return a function of the package, or its end, as a block of code."""
    path = (folder / block.argument).resolve()
    name = block.options.get("pyobject", "")
    if not {"pyobject"} <= set(block.options) <= {"pyobject", "start-at"}:
        raise ValueError(
            "literalinclude must have :pyobject:, and :start-at: at most, "
            f"got {block.options}"
        )
    source = path.read_text()
    places = ModuleAnalyzer.for_string(source, path.stem).find_tags()
    if name not in places:
        raise ValueError(f"literalinclude names {name!r}, not in {path.name}")
    _, first, last = places[name]
    lines = source.split("\n")[first - 1 : last]
    start = block.options.get("start-at", "")
    if not any(start in line for line in lines):
        raise ValueError(f"literalinclude starts at {start!r}, not in {name}")
    lines = list(itertools.dropwhile(lambda line: start not in line, lines))
    code = "\n".join(lines)
    return f"```python\n{textwrap.dedent(code).strip()}\n```"
