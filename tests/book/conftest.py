"""The built book, a server for it, and a browser."""

import contextlib
import functools
import http.server
import os
import shutil
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import matplotlib
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

from tests.support.needs import skip_or_fail
from tests.support.pages import NAMES, ROOT
from tests.support.soups import read_page

HTML = ROOT / "_build" / "html"
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
TIMEOUT = 300_000  # milliseconds, for a page on a busy machine
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

sys.path += [str(ROOT / "book" / "_ext"), str(ROOT / "tools")]


@pytest.fixture(scope="session")
def html() -> Path:
    """The folder with the built pages."""
    if not (HTML / "index.html").exists():
        skip_or_fail("needs the built book: run `make book` first")
    return HTML


@pytest.fixture(scope="session")
def pages(html) -> list[Path]:
    """The pages in the table of contents."""
    return [html / f"{name}.html" for name in NAMES]


@pytest.fixture(scope="session")
def soups(pages) -> dict[Path, BeautifulSoup]:
    """The pages, parsed: tests of them share the group "files", a worker's."""
    return {page: read_page(page) for page in pages}


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def serve():
    """A function that shows a folder to browsers here; returns the address."""
    with contextlib.ExitStack() as servers:

        def start(folder: Path) -> str:
            handler = functools.partial(Handler, directory=folder)
            server = servers.enter_context(
                http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            )
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture(scope="session")
def site(html, serve) -> str:
    """The address of a server that shows the built book."""
    return serve(html)


@pytest.fixture(scope="session")
def fonts(tmp_path_factory) -> Path:
    """Settings that hide the machine's fonts: a page must not need them.

    What is left are the DejaVu fonts that come with matplotlib. They are wide,
    so what fits in them fits in others.
    """
    folder = tmp_path_factory.mktemp("fonts")
    ours = Path(matplotlib.get_data_path(), "fonts", "ttf")
    settings = folder / "fonts.conf"
    settings.write_text(
        f"<fontconfig><dir>{ours}</dir><cachedir>{folder}</cachedir>"
        "</fontconfig>"
    )
    return settings


@pytest.fixture(scope="session")
def browser(fonts):
    """A headless Chromium that is installed on this machine."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        skip_or_fail("needs a browser: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=QUIET,
            env=os.environ | {"FONTCONFIG_FILE": str(fonts)},
            timeout=TIMEOUT,
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def timeout() -> int:
    """Milliseconds to wait for a page, on a busy machine."""
    return TIMEOUT


@pytest.fixture
def open_context(browser, timeout):
    """A function that opens a browser window of some size and scheme."""
    with ExitStack() as stack:

        def open_one(**options):
            context = stack.enter_context(browser.new_context(**options))
            context.set_default_timeout(timeout)
            return context

        yield open_one
