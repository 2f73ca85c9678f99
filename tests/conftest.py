"""What all tests share: one thread, where the large data sets lie, the order.

Workers take whole units of work, the longest first. A unit is one test, or all
that bear one `xdist_group`; the cells of a notebook are one.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

# before numpy and torch are imported: workers run side by side
for _line in (
    (Path(__file__).parent.parent / "book" / "kernel.env").read_text().split()
):
    _name, _value = _line.split("=")
    os.environ.setdefault(_name, _value)

import pytest  # noqa: E402

if TYPE_CHECKING:
    from mini_compress.datasets import Dataset

ROOT = Path(__file__).resolve().parent.parent
# --doctest-modules would import them a second time, under another name
collect_ignore_glob = ["*conftest.py", "checks/answers/*"]
SHARED_DATA = ROOT.parent / "shared" / "data"

if "MINI_COMPRESS_DATA" not in os.environ and SHARED_DATA.is_dir():
    os.environ["MINI_COMPRESS_DATA"] = str(SHARED_DATA)


def skip_or_fail(reason: str) -> None:
    """Skip on a reader's machine; in CI what is missing is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a notebook's cells together; start what takes long first."""
    for item in items:
        notebook = getattr(item.parent, "nb", None)
        if notebook is not None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
            item.add_marker(pytest.mark.takes(notebook.metadata.seconds))
    items.sort(key=seconds, reverse=True)  # stable: groups stay in order


def seconds(item: pytest.Item) -> float:
    """Return about how long a test takes, with those it shares a group with."""
    mark = item.get_closest_marker("takes")
    return mark.args[0] if mark else 0


@pytest.hookimpl(tryfirst=True)  # before the fixtures draw numbers
def pytest_runtest_setup() -> None:
    """Let each test draw the same numbers, whichever ran before it."""
    seed_all()


def pytest_collectstart() -> None:
    """Likewise each file of tests, whichever was imported before it."""
    seed_all()


def seed_all() -> None:
    """Begin the global generators anew."""
    import numpy as np
    import torch

    np.random.seed(0)  # noqa: NPY002, the global one, which tests may draw from
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with the full MNIST and Fashion-MNIST, or a skip."""
    folder = os.environ.get("MINI_COMPRESS_DATA")
    if not folder:
        pytest.skip(
            "needs the full data sets: set MINI_COMPRESS_DATA to the folder "
            "with mnist/ and fashion-mnist/"
        )
    return Path(folder)


@pytest.fixture(scope="session")
def small() -> "Dataset":
    """A sixth of mnist5k."""
    from mini_compress import datasets

    data = datasets.load("mnist5k")
    return datasets.Dataset(
        data.name,
        data.train.take(600),
        data.validation.take(200),
        data.test.take(300),
        data.sha256,
    )
