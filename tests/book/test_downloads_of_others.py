"""What the pages carry of other projects: found, compared, or named missing."""

import hashlib
import io
import shutil
import sys
import tarfile

import mc_downloads
import pytest
from mc_downloads import Source, find_all

CONTENT = b"what the pages carry"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SOURCE = Source("made-up@1.0", "folder/a.js", SHA256)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The folder for given files; nothing is kept, and no host is there."""
    monkeypatch.setenv("MINI_COMPRESS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(mc_downloads, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(mc_downloads, "HOST", "http://127.0.0.1:9")
    monkeypatch.setattr(mc_downloads, "SOURCES", {"a.js": SOURCE})
    (tmp_path / "data" / "pyodide").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    return tmp_path / "data" / "pyodide"


def test_a_file_that_was_given_is_taken(data):
    (data / "a.js").write_bytes(CONTENT)
    assert find_all() == {"a.js": data / "a.js"}


def test_without_a_file_one_line_says_which(data, capsys):
    assert find_all() == {}
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert said.err.startswith("Exercises will not run in the pages: a.js is")
    assert "npm/made-up@1.0/folder/a.js" in said.err
    assert "without npm" in said.err


def test_another_file_of_that_name_is_refused(data, capsys):
    (data / "a.js").write_bytes(CONTENT + b"!")
    assert find_all() == {}
    assert f"must have sha256 {SHA256}" in capsys.readouterr().err


def test_npm_is_asked_once(data, tmp_path):
    archive = tmp_path / "made.tgz"
    with tarfile.open(archive, "w:gz") as tgz:
        entry = tarfile.TarInfo("package/folder/a.js")
        entry.size = len(CONTENT)
        tgz.addfile(entry, io.BytesIO(CONTENT))
    npm = tmp_path / "bin" / "npm"
    asked = tmp_path / "asked"
    npm.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        f"open({str(asked)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"shutil.copy({str(archive)!r}, '.')\n"
    )
    npm.chmod(0o755)
    assert shutil.which("npm") == str(npm)
    for _ in range(2):
        assert find_all() == {"a.js": tmp_path / "cache" / "a.js"}
    assert asked.read_text() == "pack made-up@1.0 --silent\n"
