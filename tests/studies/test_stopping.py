"""A study that is stopped half-way goes on where it was, by the command."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_compress import studies
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine.rows import write_row

REAL = "post_training_quantization"
PATIENCE = 600  # seconds: no test of speed, the machine may be busy
TOY = """
import time
from pathlib import Path
from mini_compress.studies import Row, Run, Study

def grid(smoke):
    methods = [("float", {}), *(("cut", {"share": n}) for n in range(5))]
    return [Run("LeNet300", "mnist5k", *method) for method in methods]

def measure(run):
    while run.settings.get("share") == 2 and not Path("go on").exists():
        time.sleep(0.1)
    sizes = {"n": 10, "correct": 10, "b": 0, "c": 0, "num_bytes": 8, "macs": 7}
    facts = {"total_epochs": 1, "seconds": 0.25, "wrong": bytes(2)}
    return Row(**vars(run), **sizes, **facts)

STUDY = Study(
    name="toy", summary="it waits", grid=grid, measure=measure,
    run_seconds=lambda run: 1, margin=0.5,
)
"""


def start(folder: Path, study: str, jobs: int) -> subprocess.Popen:
    """Start a smoke run in a group of processes of its own."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "mini_compress.studies", study, "--smoke"),
            *("--jobs", str(jobs), "--out", str(folder)),
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}"},
        # a shell's background job ignores Ctrl+C, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finished_rows(folder: Path, name: str) -> list[dict]:
    """Read the whole lines of the journal, without the header."""
    path = folder / f"{name}.journal.jsonl"
    text = path.read_text() if path.exists() else ""
    lines = text[: text.rfind("\n") + 1].splitlines()
    return [json.loads(line) for line in lines[1:]]


def stop_half_way(
    process: subprocess.Popen, stop: Callable[[], None], folder: Path, name: str
) -> tuple[list[dict], str]:
    """Stop a study after three rows; return the rows, and what it said."""
    deadline = time.monotonic() + PATIENCE
    while len(finished_rows(folder, name)) < 3:
        assert time.monotonic() < deadline, "no rows were written"
        assert process.poll() is None, "it ended too early"
        time.sleep(0.02)
    stop()
    _, errors = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in errors
    return finished_rows(folder, name), errors


def assert_it_goes_on(
    process: subprocess.Popen, first: list[dict], folder: Path, name: str
) -> int:
    """Wait for its end: nothing lost, nothing repeated. Return its rows."""
    output, errors = process.communicate(timeout=PATIENCE)
    assert f"{len(first)} of them done before" in output
    assert errors == ""
    rows = [
        write_row(row, images=True)
        for row in studies.read(folder / f"{name}.json").rows
    ]
    assert all(row in rows for row in first)  # to the hundredth of a second
    return len(rows)


@pytest.mark.takes(20)
def test_ctrl_c_stops_a_real_study_and_its_workers(tmp_path):
    process = start(tmp_path, REAL, jobs=2)
    first, errors = stop_half_way(
        process,
        # as a terminal sends it: to all
        lambda: os.killpg(process.pid, signal.SIGINT),
        tmp_path,
        REAL,
    )
    assert process.returncode == 130
    assert "interrupted: every finished run" in errors
    rows = assert_it_goes_on(start(tmp_path, REAL, 2), first, tmp_path, REAL)
    assert rows == len(STUDIES[REAL].grid(True))


@pytest.mark.takes(8)
@pytest.mark.parametrize(
    ("stop", "status"),
    [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_study_that_is_killed_goes_on_where_it_was(stop, status, tmp_path):
    (tmp_path / "toy_study.py").write_text(TOY)
    process = start(tmp_path, "toy_study:STUDY", jobs=1)
    first, _ = stop_half_way(
        process, lambda: process.send_signal(stop), tmp_path, "toy"
    )
    assert process.returncode == status
    assert len(first) == 3
    (tmp_path / "go on").touch()
    process = start(tmp_path, "toy_study:STUDY", jobs=1)
    assert assert_it_goes_on(process, first, tmp_path, "toy") == 6
