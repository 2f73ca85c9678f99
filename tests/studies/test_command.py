"""The command: its errors, its smoke runs, and studies of one's own."""

import sys
from dataclasses import replace

import pytest

from mini_compress import models, studies, training, zoo
from mini_compress.studies import __main__ as command
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine import baselines
from mini_compress.studies.engine.scoring import measure_run

NAME = "post_training_quantization"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["timing", "--jobs", "0"], "error: --jobs must be >= 1, got 0"),
        (["alchemy"], "error: NAME must be one of post_training_quan"),
        (["timing", "alchemy"], "got 'alchemy'"),
        (["no_such.module:STUDY"], "must be importable, got No module"),
        (["json:loads"], "error: json:loads must be a Study, got function"),
    ],
)
def test_bad_arguments_are_one_clear_error(arguments, message, capsys):
    try:
        status = command.main(arguments)
    except SystemExit as exit_:  # argparse's own
        status = exit_.code
    assert status == 2
    assert message in capsys.readouterr().err


def test_missing_data_is_one_clear_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINI_COMPRESS_DATA", str(tmp_path))
    baselines.load_data.cache_clear()
    arguments = ["post_training_quantization", "--out", str(tmp_path)]
    assert command.main(arguments) == 2
    assert "MINI_COMPRESS_DATA must be a folder" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_studies_are_listed(capsys):
    assert command.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(STUDIES)


OWN_STUDY = """
from torch import nn
from mini_compress import datasets
from mini_compress.studies import Study, cross

def grid(smoke):
    return cross([("Line", "few_digits")], [0], [("halve", {"times": 2})])

def baseline(run):
    line = nn.Linear(784, 10)
    nn.init.constant_(line.weight, 0.0)
    nn.init.constant_(line.bias, 0.0)
    return nn.Sequential(nn.Flatten(), line)

def halve(model, run):
    return model

def few_digits(name):
    return datasets.load("mnist5k")

STUDY = Study(
    name="halving", summary="a study of my own", grid=grid,
    run_seconds=lambda run: 1, compress=halve, baseline=baseline,
    recipe={"epochs": 0}, data=few_digits, margin=1.0,
    claims=lambda run: run.method == "halve", controls=("nothing",),
)
"""


def test_a_study_of_ones_own_is_run_and_read(tmp_path, monkeypatch):
    """Its network and its data are of no list in the package."""
    (tmp_path / "my_study.py").write_text(OWN_STUDY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert command.main(["my_study:STUDY", "--jobs", "1", "--out", "out"]) == 0
    found = studies.read(tmp_path / "out" / "halving.json")
    assert found.command == "python -m mini_compress.studies my_study:STUDY"
    setting = found.one(method="halve", times=2)
    assert (setting.network, setting.dataset) == ("Line", "few_digits")
    assert setting.verdict.home == "halving"
    assert setting.verdict.margin == 1.0
    assert setting.total_epochs == 0
    gain = setting - found.one(method="float")
    assert [pair.n for pair in gain.comparisons] == [1_000]


def test_the_same_seed_gives_the_same_row():
    study = STUDIES[NAME]
    for run in study.grid(True)[:5]:
        one, other = measure_run(study, run), measure_run(study, run)
        assert replace(one, seconds=0) == replace(other, seconds=0)


def test_the_smoke_run_of_the_timings(tmp_path, capsys):
    arguments = ["timing", "--smoke", "--jobs", "2", "--out", str(tmp_path)]
    assert command.main(arguments) == 0
    assert "1 at a time" in capsys.readouterr().out  # whatever was asked
    rows = studies.read(tmp_path / "timing.json").rows
    assert {row.network for row in rows} == {"", "LeNet300"}
    assert all(0 < row.min_ms <= row.median_ms for row in rows)
    one, hundred = (
        next(row for row in rows if row.settings.get("batch") == batch)
        for batch in (1, 100)
    )
    assert hundred.macs == 100 * one.macs


def test_seed_0_is_the_shipped_network(monkeypatch):
    monkeypatch.setattr(training, "train", None)  # must not be called
    baselines.load_baseline.cache_clear()
    baseline = baselines.load_baseline("LeNet300", "mnist5k", 0)
    facts = zoo.record("LeNet300", "mnist5k")
    assert baseline.score.num_correct == facts["test"]["correct"]
    assert baselines.is_trained("LeNet300", "mnist5k", 0)


def test_other_seeds_are_trained_once(tmp_path, monkeypatch):
    monkeypatch.setenv("MINI_COMPRESS_CACHE", str(tmp_path))
    calls = []

    def train(model, data, *, seed, **recipe):
        calls.append((seed, recipe["epochs"]))
        return training.Training(model, (), None)

    monkeypatch.setattr(training, "train", train)
    assert not baselines.is_trained("LeNet300", "mnist5k", 7)
    path = baselines.train_baseline("LeNet300", "mnist5k", 7)
    assert baselines.train_baseline("LeNet300", "mnist5k", 7) == path
    assert baselines.is_trained("LeNet300", "mnist5k", 7)
    assert not baselines.is_trained("LeNet300", "mnist5k", 8)
    epochs = zoo.RECIPES["LeNet300", "mnist5k"].epochs
    assert calls == [(7, epochs)]
    weights = baselines.load_baseline(
        "LeNet300", "mnist5k", 7
    ).model.state_dict()
    expected = models.build("LeNet300", seed=7).state_dict()
    assert all((weights[key] == expected[key]).all() for key in expected)
