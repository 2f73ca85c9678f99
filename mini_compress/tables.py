"""One small table, shown as HTML, Markdown or plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .writing import markdown_table


@dataclass(frozen=True)
class Table:
    """A caption, a header and rows of text; the first column is a name.

    >>> print(Table("Sizes", ("layer", "KB"), (("conv", "1.2"),)).text())
    Sizes
    layer   KB
    conv   1.2
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def text(self) -> str:
        """Line the columns up: names to the left, figures to the right."""
        lines = (self.header, *self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join([self.caption, *(_line(x, widths) for x in lines)])

    def markdown(self) -> str:
        """Write a pipe table below its caption."""
        table = markdown_table(self.header, self.rows)
        return f"**{self.caption}**\n\n{table}"

    def html(self) -> str:
        """Write a table of the class that notebooks style.

        It can be focused, so that keys scroll it where it is too wide.
        """
        head = _html_row(self.header, "col")
        body = "".join(_html_row(row, "row") for row in self.rows)
        return (
            '<table class="dataframe" tabindex="0">'
            f"<caption>{escape(self.caption)}</caption>"
            f"<thead>{head}</thead><tbody>{body}</tbody></table>"
        )


class Tables:
    """What shows itself in a notebook as one or several tables."""

    def tables(self) -> tuple[Table, ...]:
        """Give the tables, in the order in which they are shown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "\n\n".join(table.text() for table in self.tables())

    def _repr_markdown_(self) -> str:
        return "\n\n".join(table.markdown() for table in self.tables())

    def _repr_html_(self) -> str:
        return "\n".join(table.html() for table in self.tables())


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    figures = (f"{cell:>{width}}" for cell, width in others)
    return "  ".join([f"{first[0]:<{first[1]}}", *figures]).rstrip()


def _html_row(cells: Sequence[str], first_scope: str) -> str:
    first, *others = (escape(cell) for cell in cells)
    tag = "th scope='col'" if first_scope == "col" else "td"
    end = tag.split()[0]
    tail = "".join(f"<{tag}>{cell}</{end}>" for cell in others)
    return f"<tr><th scope='{first_scope}'>{first}</th>{tail}</tr>"
