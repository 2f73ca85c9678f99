"""Questions whose answers lead to a place on the page."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Union

from .._require import require_text
from ..writing import plain_markdown
from . import markup
from .display import Display

Answers = Mapping[str, Union[str, "Answers"]]


class Triage(Display):
    """Answers to unfold, one after the other, until one is a link.

    It needs no script: what unfolds is HTML's own.

    title : what is asked first
    answers : {answer: further answers, or the name of a place on the page}, as
        deep as needed

    >>> Triage(
    ...     "What is wrong?",
    ...     {"size": {"I rounded": "why-file"}, "speed": {"int8": "why-int8"}},
    ... )
    What is wrong?
    - size
      - I rounded: #why-file
    - speed
      - int8: #why-int8
    """

    def __init__(self, title: str, answers: Answers) -> None:
        require_text("title", title)
        self.title, self.answers = title, answers
        self.places = tuple(_places(answers))

    def __repr__(self) -> str:
        return "\n".join([self.title, *_lines(self.answers)])

    def _repr_markdown_(self) -> str:
        lines = _lines(self.answers)
        return f"**{plain_markdown(self.title)}**\n\n" + "\n".join(lines)

    def _repr_html_(self) -> str:
        body = markup.title(self.title) + _unfolding(self.answers)
        return markup.frame(self.title, "float", body)


def _places(answers: Any) -> Iterator[str]:
    """Yield the places that answers lead to; refuse what leads nowhere."""
    if isinstance(answers, str):
        require_text("each place", answers)
        yield answers
        return
    if not isinstance(answers, Mapping):
        got = type(answers).__name__
        raise TypeError(f"answers must be a dict or a place, got {got}")
    if not answers:
        raise ValueError("answers must not be empty, got {}")
    for answer, further in answers.items():
        require_text("each answer", answer)
        yield from _places(further)


def _lines(answers: Answers, indent: str = "") -> Iterator[str]:
    """Yield a list of answers, the further ones below."""
    for answer, further in answers.items():
        if isinstance(further, str):
            yield f"{indent}- {answer}: #{further}"
        else:
            yield f"{indent}- {answer}"
            yield from _lines(further, indent + "  ")


def _unfolding(answers: Answers) -> str:
    """Write answers as HTML: links, and others that unfold."""
    return "".join(
        f'<p><a href="#{escape(further)}">{escape(answer)}</a></p>'
        if isinstance(further, str)
        else f'<details><summary class="mcx-answer">{escape(answer)}</summary>'
        f"<blockquote>{_unfolding(further)}</blockquote></details>"
        for answer, further in answers.items()
    )
