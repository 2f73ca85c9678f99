"""Small tables: shown as HTML, Markdown or plain text, kept as values.

What a table shows is rounded and has thousands separated; what it holds is
what was counted or measured, for a data frame or a spreadsheet.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from .writing import markdown_table, plain_markdown, significant


class Cell(str):
    """A text in a table, and the value that it shows.

    value : a number, a text, or None where there is none
    text : what is shown; without it, the value as it is
    interval : the two ends of the value's interval, if it has one

    >>> cell = Cell(1234.56, "1,234.6")
    >>> cell, cell.value
    ('1,234.6', 1234.56)
    """

    value: Any
    interval: tuple[float, float] | None

    def __new__(
        cls,
        value: Any,
        text: str | None = None,
        *,
        interval: tuple[float, float] | None = None,
    ) -> "Cell":
        """Make a text that remembers its value."""
        cell = super().__new__(cls, value if text is None else text)
        cell.value, cell.interval = value, interval
        return cell

    @classmethod
    def of(cls, number: float | None) -> "Cell":
        """Write a count in full, any other figure with three digits.

        >>> Cell.of(431080), Cell.of(0.0012345), Cell.of(None)
        ('431,080', '0.00123', '-')
        """
        whole = isinstance(number, int)
        return cls(number, f"{number:,}" if whole else significant(number))


@dataclass(frozen=True)
class Table:
    """A caption, a header and rows of cells; the first column is a name.

    rows : each entry a text, or a `Cell`, which knows the value that it shows

    >>> table = Table("Sizes", ("layer", "KB"), (("conv", Cell(1.234, "1.2")),))
    >>> print(table.text())
    Sizes
    layer   KB
    conv   1.2
    >>> table.records()
    [{'layer': 'conv', 'KB': 1.234}]
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def records(self) -> list[dict[str, Any]]:
        """Return a dict per row: the column's name, and the value in it.

        A value with an interval has two columns more, "... low" and
        "... high". `pandas.DataFrame(table.records())` is a data frame.
        """
        return [self._record(row) for row in self.rows]

    def _record(self, row: Sequence[str]) -> dict[str, Any]:
        record = {}
        for name, cell in zip(self.header, row, strict=True):
            record[name] = getattr(cell, "value", cell)
            interval = getattr(cell, "interval", None)
            if interval is not None:
                record[f"{name} low"], record[f"{name} high"] = interval
        return record

    def csv(self) -> str:
        r"""Write the values with commas between them, a line for each row.

        >>> Table("Sizes", ("layer", "KB"), (("a,b", Cell(1.5)),)).csv()
        'layer,KB\n"a,b",1.5\n'
        """
        records = self.records()
        fullest = sorted(records, key=len, reverse=True)  # keeps the order
        names = dict.fromkeys(key for record in fullest for key in record)
        stream = io.StringIO()
        writer = csv.DictWriter(
            stream, names or self.header, lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(records)
        return stream.getvalue()

    def text(self) -> str:
        """Line the columns up: names to the left, figures to the right."""
        lines = (self.header, *self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join([self.caption, *(_line(x, widths) for x in lines)])

    def markdown(self) -> str:
        """Write a pipe table below its caption; no text of it is markup."""
        header, *rows = (
            [plain_markdown(cell) for cell in line]
            for line in (self.header, *self.rows)
        )
        caption = plain_markdown(self.caption)
        return f"**{caption}**\n\n{markdown_table(header, rows)}"

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
