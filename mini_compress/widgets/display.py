"""What every display has: one form for each place where it may be shown."""

from typing import Any


class Display:
    """A display that is written as HTML, as Markdown and as plain text."""

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def _repr_markdown_(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:
        """Return the display in every form: HTML, Markdown, plain text."""
        return {
            "text/html": self._repr_html_(),
            "text/markdown": self._repr_markdown_(),
            "text/plain": repr(self),
        }
