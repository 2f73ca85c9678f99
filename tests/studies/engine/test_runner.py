"""A study goes on where it was interrupted, and mixes nothing."""

import contextlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

from mini_compress import studies
from mini_compress.studies.engine import provenance, runner
from mini_compress.studies.engine.grid import Run, Study, key_of
from mini_compress.studies.engine.journal import Journal
from mini_compress.studies.engine.rows import Row

# What happened, one line for each call of `measure`, in any process
CALLS = "MINI_COMPRESS_TEST_CALLS"


def grid(smoke: bool) -> list[Run]:
    methods = [("float", {}), *(("prune", {"share": n}) for n in range(5))]
    return [Run("LeNet300", "mnist5k", *method) for method in methods]


def measure(run: Run) -> Row:
    with Path(os.environ[CALLS]).open("a") as file:
        file.write(f"{run}\n")
    if run.settings.get("share") == int(os.environ.get("STOP_AT", "-1")):
        raise KeyboardInterrupt
    if run.settings.get("share") == int(os.environ.get("FAIL_AT", "-1")):
        raise RuntimeError("it broke")
    sizes = {"n": 10, "correct": 9, "b": 0, "c": 0, "num_bytes": 8, "macs": 7}
    wrong = bytes([0b0100_0000, 0])
    return Row(**vars(run), **sizes, total_epochs=30, seconds=0.25, wrong=wrong)


STUDY = Study(
    name="prune",
    summary="a study that takes no time",
    grid=grid,
    measure=measure,
    run_seconds=lambda _: 6,
    margin=0.5,
    claims=lambda run: run.settings.get("share") in (0, 1),
)


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """A function that lists the runs measured so far."""
    path = tmp_path / "calls"
    monkeypatch.setenv(CALLS, str(path))
    # processes that another test left behind do not know the variable
    get_reusable_executor().shutdown(wait=True)
    return lambda: path.read_text().splitlines() if path.exists() else []


def journal_of(folder: Path, name: str = "prune") -> Path:
    return folder / f"{name}.journal.jsonl"


@pytest.fixture
def interrupted(tmp_path, calls, monkeypatch) -> Path:
    """A folder in which the fourth of six runs was interrupted."""
    monkeypatch.setenv("STOP_AT", "2")
    with pytest.raises(KeyboardInterrupt):
        runner.run_study(STUDY, tmp_path / "out", jobs=1)
    monkeypatch.delenv("STOP_AT")
    assert len(calls()) == 4
    assert not (tmp_path / "out" / "prune.json").exists()
    return tmp_path / "out"


def test_a_study_writes_its_result_in_the_order_of_the_grid(tmp_path, calls):
    path = runner.run_study(STUDY, tmp_path / "out", jobs=2)
    result = studies.read(path)
    assert [key_of(row) for row in result.rows] == [
        key_of(run) for run in grid(False)
    ]
    assert sorted(calls()) == sorted(map(str, grid(False)))
    assert result.seconds == 6 * 0.25
    assert result.command.startswith("python -m mini_compress.studies ")
    assert [claim["settings"]["share"] for claim in result.claims] == [0, 1]
    assert result.margin == 0.5
    assert result.grids["prune"] == {"share": [0, 1, 2, 3, 4]}
    [baseline] = result.baselines
    assert baseline["recipe"]["epochs"] == 30
    assert result.declared <= result.created
    assert result.one(share=3).total_epochs == 30
    assert [*result.rows[0].unpack()] == [False, True] + 8 * [False]
    files = {path, path.with_suffix(".npz")}
    assert {*(tmp_path / "out").iterdir()} == files  # the journal is gone


def test_the_plan_is_printed_before_the_first_run(tmp_path, calls, capsys):
    runner.run_study(STUDY, tmp_path, jobs=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "6 runs, 0 of them done before"
    assert lines[2].endswith("6 runs: 0.6 minutes")
    assert lines[3] == "about 0.6 minutes, 1 at a time on 1 thread each"
    assert lines[4] == "[1/6] LeNet300 seed 0 float: 90.00 %, 0.2 s"
    assert lines[9].startswith("[6/6]")


def test_what_is_done_is_not_done_again(interrupted, calls, capsys):
    first = journal_of(interrupted).read_text().splitlines()
    assert len(first) == 1 + 3  # the header, and the runs that ended
    path = runner.run_study(STUDY, interrupted, jobs=1)
    assert "6 runs, 3 of them done before" in capsys.readouterr().out
    assert len(calls()) == 4 + 3  # the one that was stopped ran twice
    assert len(set(calls())) == 6
    assert len(studies.read(path).rows) == 6


def test_a_line_cut_short_is_measured_again(interrupted, calls):
    journal = journal_of(interrupted)
    whole = journal.read_text()
    journal.write_text(whole[:-20])
    path = runner.run_study(STUDY, interrupted, jobs=1)
    assert len(calls()) == 4 + 4
    assert len(studies.read(path).rows) == 6


def test_a_header_cut_short_begins_anew(interrupted):
    journal = journal_of(interrupted)
    journal.write_text(journal.read_text()[:30])
    path = runner.run_study(STUDY, interrupted, jobs=1)
    assert len(studies.read(path).rows) == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {
                "grid": lambda smoke: [
                    *grid(smoke),
                    Run("LeNet5", "mnist5k", "x"),
                ]
            },
            "definition was [0-9a-f]{64}, is [0-9a-f]{64}",
        ),
        ({"uses": ("scipy",)}, "versions was .*, is .*'scipy'"),
    ],
)
def test_another_study_is_not_mixed_in(interrupted, calls, change, message):
    before = journal_of(interrupted).read_bytes()
    with pytest.raises(ValueError, match=message):
        runner.run_study(replace(STUDY, **change), interrupted, jobs=1)
    assert len(calls()) == 4
    assert journal_of(interrupted).read_bytes() == before


def test_another_version_is_not_mixed_in(interrupted, monkeypatch):
    monkeypatch.setattr(provenance, "__version__", "99")
    message = "must be of the same study, .*99.*; --restart begins anew"
    with pytest.raises(ValueError, match=message):
        runner.run_study(STUDY, interrupted, jobs=1)


def test_another_machine_is_not_mixed_in(interrupted, monkeypatch):
    monkeypatch.setattr(provenance, "_processor", lambda: "an abacus")
    with pytest.raises(ValueError, match=r"machine was .*an abacus"):
        runner.run_study(STUDY, interrupted, jobs=1)


def test_restart_begins_anew(interrupted, calls, monkeypatch):
    monkeypatch.setattr(provenance, "__version__", "99")
    path = runner.run_study(STUDY, interrupted, jobs=1, restart=True)
    assert len(calls()) == 4 + 6
    assert studies.read(path).versions["mini_compress"] == "99"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "must hold JSON lines, got b'{'; --restart"),
        ('{"n": 3}', "row 4 of .* must have the keys"),
        (None, "must hold each run once, got .*float"),
    ],
)
def test_a_damaged_journal_is_refused(interrupted, line, message):
    journal = journal_of(interrupted)
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join([*lines, line or lines[1]]) + "\n")
    with pytest.raises(ValueError, match=message):
        runner.run_study(STUDY, interrupted, jobs=1)


def test_a_journal_with_foreign_bytes_is_refused_by_name(interrupted):
    with journal_of(interrupted).open("ab") as file:
        file.write(b"\xf8\n")
    message = r"prune.journal.jsonl must hold JSON .*xf8.*--restart"
    with pytest.raises(ValueError, match=message):
        runner.run_study(STUDY, interrupted, jobs=1)


@pytest.mark.parametrize("restart", [False, True])
def test_two_processes_do_not_write_one_journal(interrupted, restart):
    """A lock is of the open file, so a second opening is another writer."""
    path = journal_of(interrupted)
    header = json.loads(path.read_text().splitlines()[0])
    before = path.read_bytes()
    with contextlib.closing(Journal(path, header)):
        with pytest.raises(ValueError, match="written by one process, got"):
            runner.run_study(STUDY, interrupted, jobs=1, restart=restart)
        assert path.read_bytes() == before
    runner.run_study(STUDY, interrupted, jobs=1, restart=restart)


def test_a_lock_is_let_go_when_a_study_fails(interrupted, monkeypatch):
    monkeypatch.setenv("FAIL_AT", "3")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="it broke"):
            runner.run_study(STUDY, interrupted, jobs=1)


def test_claims_are_written_before_the_first_row(interrupted):
    header = json.loads(journal_of(interrupted).read_text().splitlines()[0])
    assert [x["settings"] for x in header["claims"]] == [
        {"share": 0},
        {"share": 1},
    ]
    path = runner.run_study(STUDY, interrupted, jobs=1)
    assert studies.read(path).declared == header["declared"]


def test_a_claim_cannot_be_added_to_a_run(interrupted):
    more = replace(STUDY, claims=lambda run: run.method != "float")
    with pytest.raises(ValueError, match=r"claims was .*--restart"):
        runner.run_study(more, interrupted, jobs=1)


def test_several_studies_share_the_jobs(tmp_path, calls, capsys):
    other = replace(STUDY, name="other", run_seconds=lambda _: 7)
    alone = replace(STUDY, name="alone", alone=True)
    paths = runner.run_studies([alone, STUDY, other], tmp_path, jobs=1)
    assert [path.stem for path in paths] == ["alone", "prune", "other"]
    assert [len(studies.read(path).rows) for path in paths] == [6, 6, 6]
    out = capsys.readouterr().out
    order = [line.split()[1] for line in out.splitlines() if "[" in line]
    assert order == ["other:"] * 6 + ["prune:"] * 6 + ["LeNet300"] * 6


def test_an_error_names_its_run_and_keeps_the_rest(
    tmp_path, calls, monkeypatch
):
    monkeypatch.setenv("FAIL_AT", "3")
    with pytest.raises(RuntimeError, match="it broke") as caught:
        runner.run_study(STUDY, tmp_path, jobs=1)
    [note] = caught.value.__notes__
    assert "method='prune', settings={'share': 3}" in note
    monkeypatch.delenv("FAIL_AT")
    runner.run_study(STUDY, tmp_path, jobs=1)
    assert len(set(calls())) == len(calls()) - 1 == 6


def test_definitions_differ_by_code_not_by_comments(tmp_path):
    def statements(source: str) -> str:
        path = tmp_path / "module.py"
        path.write_text(source)
        module = type(sys)("module")
        module.__file__ = str(path)
        return provenance.statements(module)

    plain = statements("def f(x):\n    return x + 1\n")
    assert plain == statements('"""One."""\ndef f(x):  # why\n    return x + 1')
    assert plain == statements('def f(x):\n    """Two."""\n    return x + 1')
    assert plain == statements("import a\ndef f(x):\n    return x + 1\n")
    assert plain != statements("def f(x):\n    return x + 2\n")


def test_provenance_says_nothing_about_places():
    text = json.dumps(provenance.describe_machine())
    for private in (os.uname().nodename, str(Path.home()), str(Path.cwd())):
        assert private not in text
    assert provenance.describe_machine().keys() == {*provenance.MACHINE_KEYS}
    assert provenance.list_versions(["scipy"])["scipy"]
