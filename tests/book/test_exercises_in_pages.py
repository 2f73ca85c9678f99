"""Which exercises of a chapter get an editor, and what the page is told."""

import json
import types
from pathlib import Path

import mc_exercises
import pytest
from docutils import nodes
from docutils.utils import new_document
from mc_exercises import embed, offer_answers
from sphinx_exercise.nodes import solution_node

from mini_compress.checks import sparse_kernels, structured_pruning
from mini_compress.exercises import needs_numpy_alone

ROOT = Path(__file__).resolve().parents[2]
LABELS = {  # of structured_pruning: whether numpy is enough
    "fold_constant": True,
    "slimming_penalty": False,
    "small_lenet5": False,
}


def imports_deeply():
    return [lambda: imports_here()]


def imports_here():
    import torch

    return torch


imports_deeply.__module__ = imports_here.__module__ = "mini_compress.checks.x"


def test_what_a_check_imports_as_it_runs_is_seen():
    assert needs_numpy_alone(sparse_kernels.share_of_dense)
    assert not needs_numpy_alone(imports_here)
    assert not needs_numpy_alone(imports_deeply)
    for name, is_enough in LABELS.items():
        check = getattr(structured_pruning, name)
        assert needs_numpy_alone(check) == is_enough


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A function that gives a page of solutions what answers need."""
    static = tmp_path / "_static"
    static.mkdir()
    (static / "python.js").write_text("12345")
    (static / "digits.js").write_text("123")
    source = ROOT / "book" / "structured_pruning.md"
    env = types.SimpleNamespace(doc2path=lambda name: source)
    app = types.SimpleNamespace(env=env, outdir=tmp_path)

    def offer(labels, files):
        monkeypatch.setattr(mc_exercises, "files", lambda: files)
        document = new_document("structured_pruning")
        for label in labels:
            document.append(solution_node(target_label=label))
        offer_answers(app, document, "book/structured_pruning")
        return document

    return offer


def labels_of_chapter():
    text = (ROOT / "book" / "structured_pruning.md").read_text()
    return {x.label: x.check for x in mc_exercises.find_exercises(text)}


def test_each_solution_of_code_gets_an_editor_or_says_what_it_needs(page):
    checks = labels_of_chapter()
    document = page([*checks, "in-words"], files={"python": Path()})
    *before, data = (x.astext() for x in document.findall(nodes.raw))
    assert len(before) == len(checks)
    for (label, check), html in zip(checks.items(), before, strict=True):
        assert (f'data-exercise="{label}"' in html) == LABELS[check]
        assert ("needs PyTorch" in html) == (not LABELS[check])
    assert "../lessons/structured_pruning.ipynb" in before[0]
    told = json.loads(data.partition(">")[2].rpartition("<")[0])
    assert told["chapter"] == "structured_pruning"
    assert told["scripts"] == {"python.js": 5}
    assert {x["check"] for x in told["exercises"].values()} == {
        check for check, is_enough in LABELS.items() if is_enough
    }
    assert "import numpy as np" in told["imports"]


def test_a_book_without_python_is_as_it_was(page):
    document = page(labels_of_chapter(), files={})
    assert not list(document.findall(nodes.raw))


def test_data_cannot_end_the_element_it_stands_in():
    html = embed({"stub": "</script><b>"})
    assert html.count("</script>") == 1
    text = html.partition(">")[2].rpartition("<")[0]
    assert json.loads(text) == {"stub": "</script><b>"}
