"""The lessons in what is installed, and the command that copies them."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mini_compress.__main__ import find_lessons, main

pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.takes(10)]
ROOT = Path(__file__).resolve().parents[2]
LESSONS = ROOT / "lessons"


def test_command_copies_lessons_and_keeps_what_is_there(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert main(["lessons", str(folder)]) == 0
    names = sorted(path.name for path in LESSONS.glob("*.ipynb"))
    assert sorted(path.name for path in folder.iterdir()) == names
    first = folder / names[0]
    assert first.read_text() == (LESSONS / names[0]).read_text()
    assert f"copied  {first}" in capsys.readouterr().out

    first.write_text("my work")
    assert main(["lessons", str(folder)]) == 0
    assert first.read_text() == "my work"
    assert f"kept    {first}" in capsys.readouterr().out


def test_a_folder_that_is_a_file_gets_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["lessons", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_an_interrupted_copy_leaves_no_half_lesson(tmp_path, monkeypatch):
    def copy_half(source, target):
        target.write_bytes(source.read_bytes()[:1000])
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", copy_half)
        assert main(["lessons", str(tmp_path)]) == 1
    assert not list(tmp_path.iterdir())
    assert main(["lessons", str(tmp_path)]) == 0
    assert len(list(tmp_path.iterdir())) == len(find_lessons())


def test_a_link_to_nowhere_is_replaced_and_not_followed(tmp_path):
    first = find_lessons()[0].name
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / first).symlink_to(tmp_path / "elsewhere")
    assert main(["lessons", str(tmp_path / "in")]) == 0
    assert not (tmp_path / "elsewhere").exists()
    assert (tmp_path / "in" / first).is_file()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_any_console_shows_any_folder(tmp_path, encoding):
    folder = tmp_path / "Уроки и 'my'"
    done = subprocess.run(
        [sys.executable, "-m", "mini_compress", "lessons", folder],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert len(list(folder.iterdir())) == len(find_lessons())
    # quoted as a shell wants it
    assert done.stdout.decode(encoding).strip().endswith("""'"'"'my'"'"''""")


def test_where_they_go_if_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["lessons"]) == 0
    assert len(list((tmp_path / "my_lessons").iterdir())) == len(find_lessons())


def test_a_package_without_lessons_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("mini_compress.__main__.PACKAGE", tmp_path / "package")
    with pytest.raises(FileNotFoundError, match="built without them"):
        find_lessons()


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder with what a wheel installs, built from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    skip = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("mini_compress", "lessons", "book"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=skip)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from setuptools.build_meta import build_wheel; build_wheel('..')",
        ],
        cwd=folder / "source",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def files_in(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_file_of_the_package(site):
    source = site.parent / "source" / "mini_compress"
    lacking = files_in(source) - files_in(site / "mini_compress")
    assert not lacking, "name them in pyproject.toml, package-data"


def test_the_wheel_holds_the_lessons(site, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mini_compress", "lessons", str(tmp_path)],
        cwd=site,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for lesson in LESSONS.glob("*.ipynb"):
        copied = (tmp_path / lesson.name).read_text()
        assert copied == lesson.read_text()
        installed = site / "mini_compress" / "lessons" / lesson.name
        assert copied == installed.read_text()
        chapter = ROOT / "book" / f"{lesson.stem}.md"
        assert installed.with_suffix(".md").read_text() == chapter.read_text()
