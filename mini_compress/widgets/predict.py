"""A question that the reader answers before the result is shown."""

from collections.abc import Sequence

from .._require import require_one_of, require_text
from ..writing import plain_markdown
from . import markup
from .display import Display


class Predict(Display):
    """A question with choices; the reader commits to one, then sees.

    The prediction is kept on the page only: nothing is stored or sent.

    question : what the reader is asked
    choices : two answers or more, in the order in which they are shown
    answer : the one that holds
    reveal : what was measured and why, shown after the prediction; plain text
        (a blank line starts a paragraph), which the cell may have computed

    >>> Predict(
    ...     "How many bits can a weight lose before accuracy drops?",
    ...     ["2 of 32", "half of them", "28 of 32"],
    ...     answer="28 of 32",
    ...     reveal="With 4 bits left the network is as good as before.",
    ... )
    How many bits can a weight lose before accuracy drops?
    - 2 of 32
    - half of them
    - 28 of 32
    Answer: 28 of 32. With 4 bits left the network is as good as before.
    """

    def __init__(
        self,
        question: str,
        choices: Sequence[str],
        *,
        answer: str,
        reveal: str,
    ) -> None:
        require_text("question", question)
        require_text("reveal", reveal)
        if isinstance(choices, str):
            raise TypeError("choices must be a list of strings, got str")
        for choice in choices:
            require_text("choice", choice)
        if len(choices) < 2 or len(set(choices)) < len(choices):
            raise ValueError(
                f"choices must be 2 or more that differ, got {list(choices)}"
            )
        require_one_of("answer", answer, choices)
        self.question, self.choices = question, tuple(choices)
        self.answer, self.reveal = answer, reveal

    def __repr__(self) -> str:
        lines = [self.question, *(f"- {choice}" for choice in self.choices)]
        return "\n".join([*lines, f"Answer: {self.answer}. {self.reveal}"])

    def _repr_markdown_(self) -> str:
        plain = plain_markdown
        choices = "\n".join(f"- {plain(choice)}" for choice in self.choices)
        reveal = "\n\n".join(map(plain, self.reveal.split("\n\n")))
        return (
            f"**Predict.** {plain(self.question)}\n\n{choices}\n\n"
            f"**Answer:** {plain(self.answer)}. {reveal}"
        )

    def _repr_html_(self) -> str:
        return markup.predict(
            self.question,
            self.choices,
            answer=self.answer,
            reveal=self.reveal,
        )
