"""What all tests share: one thread, and where the large data sets lie."""

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
# --doctest-modules would import the two of them under one name
collect_ignore_glob = ["*conftest.py"]
SHARED_DATA = ROOT.parent / "shared" / "data"

if "MINI_COMPRESS_DATA" not in os.environ and SHARED_DATA.is_dir():
    os.environ["MINI_COMPRESS_DATA"] = str(SHARED_DATA)


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
