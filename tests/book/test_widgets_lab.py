"""The widgets in a real JupyterLab: run, driven by keys, saved, reopened."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.support.pages import violations
from tests.support.widget_cells import EXPLORER, LIVE, PREDICT, SETUP

pytestmark = [pytest.mark.xdist_group("lab"), pytest.mark.takes(60)]
WINDOW = {"width": 1200, "height": 2200}
SECONDS = 300  # for the server to answer, on a busy machine
expect.set_options(timeout=1000 * SECONDS)
FOLDERS = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
NO_NEWS = '{"fetchNews": "false"}'  # a question that would cover the notebook


class Lab:
    """A JupyterLab server with settings and a folder of its own."""

    def __init__(self, home: Path):
        self.token, self.notebooks = secrets.token_hex(16), home / "notebooks"
        self.notebooks.mkdir()
        settings = home / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        name = "notification.jupyterlab-settings"
        (settings / name).write_text(NO_NEWS)
        self.base = ""  # known when the server has found a port
        self.runtime = home / FOLDERS["RUNTIME"]
        self.environment = {
            **os.environ,
            **{f"JUPYTER_{k}_DIR": str(home / v) for k, v in FOLDERS.items()},
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
            "MINI_COMPRESS_VIEW": "",
        }

    def command(self) -> list[str]:
        return [
            *[sys.executable, "-m", "jupyterlab", "--no-browser"],
            *["--allow-root", "--port=0"],
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.notebooks}",
        ]

    def ask(self, path: str, method: str = "GET") -> str:
        """Ask the server for something; return its answer."""
        request = urllib.request.Request(
            f"{self.base}/api{path}",
            headers={"Authorization": f"token {self.token}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.read().decode()

    def wait(self, server: subprocess.Popen) -> None:
        """Wait until the server has said where it is, and answers."""
        end = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(OSError, ValueError):
                for file in self.runtime.glob("jpserver-*.json"):
                    port = json.loads(file.read_text())["port"]
                    self.base = f"http://127.0.0.1:{port}"
                    self.ask("/status")
                    return
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < end, f"no server after {SECONDS} s"
            time.sleep(0.2)

    def address(self, name: str) -> str:
        """Return the address of a notebook, alone in a workspace."""
        space = Path(name).stem
        path = f"lab/workspaces/{space}/tree/{name}"
        return f"{self.base}/{path}?token={self.token}"


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    home = tmp_path_factory.mktemp("lab")
    lab = Lab(home)
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(
            lab.command(),
            env=lab.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as server,
    ):
        try:
            lab.wait(server)
            yield lab
        finally:  # with its kernels; on a busy machine it may not stop itself
            os.killpg(server.pid, signal.SIGKILL)


def write_notebook(path, cells):
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def opened(browser, lab):
    """A notebook after Run All; each test uses a cell of its own."""
    cells = [SETUP, EXPLORER, LIVE, PREDICT]
    write_notebook(
        lab.notebooks / "lesson.ipynb",
        [nbformat.v4.new_code_cell(cell) for cell in cells],
    )
    with browser.new_context(viewport=WINDOW) as context:
        context.set_default_timeout(1000 * SECONDS)
        page = context.new_page()
        page.outside = []
        page.on(
            "request",
            lambda request: (
                request.url.startswith((lab.base, "data:", "blob:"))
                or page.outside.append(request.url)
            ),
        )
        page.goto(lab.address("lesson.ipynb"))
        page.get_by_text("| Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.locator(".mcx[data-answer]").wait_for()
        page.locator(".mcx-live .mcx-metric").first.wait_for()
        yield page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def accuracy(form):
    return form.locator(".mcx-figure b").first


def test_keys_move_the_explorer(opened):
    form = opened.locator("form.mcx").first
    form.locator("input[type=range]").focus()
    for key, figure in [("Home", "96.8"), ("ArrowRight", "96.0")]:
        press(opened, key)
        expect(accuracy(form)).to_have_text(f"{figure}\N{NO-BREAK SPACE}%")
    press(opened, "Shift+Tab", "ArrowRight")
    expect(accuracy(form)).to_have_text("95.0\N{NO-BREAK SPACE}%")


@pytest.mark.parametrize(
    "control",
    ["form.mcx input[type=range]", ".mcx-live [role=slider]", ".mcx summary"],
)
def test_the_notebook_takes_no_key_from_a_control(opened, control):
    cells = opened.locator(".jp-Notebook .jp-Cell").count()
    focused = opened.locator(control).first
    focused.focus()
    press(opened, *["d", "d", "x", "b", "ArrowUp", "ArrowDown"])
    expect(focused).to_be_focused()
    assert opened.locator(".jp-Notebook .jp-Cell").count() == cells


def test_the_live_form_calls_the_function(opened):
    form = opened.locator(".mcx-live")
    slider = form.locator("[role=slider]")
    slider.focus()
    press(opened, "Home")
    expect(accuracy(form)).to_have_text("95.8\N{NO-BREAK SPACE}%")
    expect(form.get_by_text("measured 8 group")).to_be_visible()
    expect(form.locator("img")).to_have_attribute(
        "alt", "A bar that stands for 8 bits"
    )
    expect(slider).to_have_accessible_name("bits")
    expect(slider).to_have_attribute("aria-valuetext", "8")


def test_the_live_form_shows_an_error_and_goes_on(opened):
    form = opened.locator(".mcx-live")
    form.locator("[role=slider]").focus()
    press(opened, "End", "ArrowLeft")
    expect(form.get_by_text("three bits are not done yet").last).to_be_visible()
    expect(form.get_by_text("raise NotImplementedError")).to_be_visible()
    expect(accuracy(form)).to_have_count(0)
    press(opened, "ArrowLeft")
    expect(accuracy(form)).to_have_text("92.0\N{NO-BREAK SPACE}%")
    expect(form.get_by_text("not done yet")).to_have_count(0)


def test_a_prediction_is_made_by_keys(opened):
    form = opened.locator(".mcx[data-answer]")
    form.locator("input").first.focus()
    press(opened, "Space", "ArrowUp", "Tab", "Enter")
    expect(form.get_by_text("Your prediction holds.")).to_be_visible()
    expect(form.get_by_text("With 4 bits, 94 % are right.")).to_be_visible()


def test_widgets_have_no_barrier(opened):
    opened.locator(".mcx-live [role=slider]").focus()
    assert violations(opened, ".mcx") == []


def test_a_saved_notebook_is_reopened_without_its_kernel(opened, lab, browser):
    path = lab.notebooks / "lesson.ipynb"
    opened.locator("form.mcx input[type=range]").first.focus()
    press(opened, "Control+s")
    end = time.monotonic() + SECONDS
    while "How many bits does a weight need?</p>" not in path.read_text():
        assert time.monotonic() < end, "Ctrl+S did not reach JupyterLab"
        time.sleep(0.1)
    assert not opened.outside
    opened.close()
    for kernel in json.loads(lab.ask("/kernels")):
        lab.ask(f"/kernels/{kernel['id']}", "DELETE")
    with browser.new_context(viewport=WINDOW) as context:
        context.set_default_timeout(1000 * SECONDS)
        page = context.new_page()
        page.goto(lab.address("lesson.ipynb"))
        form = page.locator("form.mcx").first
        form.locator("input[type=range]:enabled").press("End")
        expect(accuracy(form)).to_have_text("81.0\N{NO-BREAK SPACE}%")


def test_a_file_of_a_stranger_shows_its_figures(lab, browser):
    names: dict = {}
    exec(SETUP + EXPLORER.replace("Explorer(", "shown = Explorer(", 1), names)
    cell = nbformat.v4.new_code_cell(EXPLORER)
    cell.outputs = [
        nbformat.v4.new_output(
            "execute_result", names["shown"]._repr_mimebundle_()
        )
    ]
    write_notebook(lab.notebooks / "stranger.ipynb", [cell])
    with browser.new_context(viewport=WINDOW) as context:
        context.set_default_timeout(1000 * SECONDS)
        page = context.new_page()
        page.goto(lab.address("stranger.ipynb"))
        output = page.locator(".jp-OutputArea-output")
        expect(output).to_contain_text("How many bits does a weight need?")
        expect(output).to_contain_text("93.0 [91.5, 94.0]")
        assert output.locator("script").count() == 0
