"""Built pages as files, parsed."""

import functools
from pathlib import Path

from bs4 import BeautifulSoup


@functools.cache
def read_page(page: Path) -> BeautifulSoup:
    """Read a page once: it takes up to a second, and many pages link to it."""
    return BeautifulSoup(page.read_text(), "html.parser")
