"""The sources agree with each other: references, reference pages, README."""

import doctest
import re
from pathlib import Path

import pytest
from mc_docstrings import CITATION
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted((ROOT / "mini_compress").rglob("*.py"))
NO_CODE = {"results"}  # what the studies wrote
MODULES = sorted(
    {
        path.stem
        for path in (ROOT / "mini_compress").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    - {path.stem for path in (ROOT / "mini_compress").glob("_*.py")}
    - NO_CODE
)


def test_every_key_in_the_code_is_in_the_bibliography():
    known = parse_file(ROOT / "book" / "references.bib").entries.keys()
    cited = {key for path in CODE for key in CITATION.findall(path.read_text())}
    assert cited
    assert cited <= set(known)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_in_the_reference(name):
    pages = (ROOT / "book" / "api").glob("*.md")
    text = "".join(page.read_text() for page in pages)
    documented = re.findall(r"automodule:: mini_compress\.(\w+)", text)
    assert name in documented


def test_readme_is_true():
    failed, tried = doctest.testfile(
        str(ROOT / "README.md"), module_relative=False
    )
    assert tried
    assert not failed
