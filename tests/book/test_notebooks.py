"""How long the notebooks ran, and when they run again."""

import warnings

import pytest
import run_notebooks

AIM, LIMIT = 15, 60  # seconds of one processor core for a chapter


def test_notebooks_take_less_than_a_minute(html):
    for path in run_notebooks.find_notebooks():
        _, seconds = run_notebooks.find_run(path)
        assert seconds <= LIMIT, f"{path.name} took {seconds:.0f} s"
        if seconds > AIM:
            warnings.warn(
                f"{path.name} took {seconds:.0f} s, more than {AIM} s",
                stacklevel=1,
            )


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one file of package code and one stored output."""
    monkeypatch.setattr(run_notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(run_notebooks, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(run_notebooks, "CACHE", tmp_path / "_build" / "cache")
    for name in ["mini_compress/a.py", "constraints.txt", "book/kernel.env"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
    run_notebooks.drop_stale_outputs()
    run_notebooks.CACHE.mkdir()
    return tmp_path


def test_outputs_are_kept_while_nothing_changes(project):
    run_notebooks.drop_stale_outputs()
    assert run_notebooks.CACHE.exists()


@pytest.mark.parametrize(
    "name",
    [
        "mini_compress/a.py",
        "mini_compress/results/study.json",
        "constraints.txt",
        "book/kernel.env",
    ],
)
def test_outputs_are_dropped_when_a_source_changes(project, name):
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("two")
    run_notebooks.drop_stale_outputs()
    assert not run_notebooks.CACHE.exists()
