"""The results that ship: valid, whole, of the data and weights they name."""

import re
from dataclasses import replace
from importlib import resources

import pytest

from mini_compress import datasets, studies, zoo
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine import provenance
from mini_compress.studies.engine.grid import key_of

QUANTIZATION = "post_training_quantization"


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_ships_all_rows_of_its_grid(name):
    result = studies.load(name)
    assert result.study == name
    assert result.command == f"python -m mini_compress.studies {name}"
    assert [key_of(row) for row in result.rows] == [
        key_of(run) for run in STUDIES[name].grid(False)
    ]


def test_nothing_else_ships():
    assert studies.shipped() == sorted(STUDIES)


@pytest.mark.parametrize("name", STUDIES)
def test_results_name_no_place(name):
    """No path, no host: only the command and the figures."""
    folder = resources.files("mini_compress.results")
    text = (folder / f"{name}.json").read_text()
    assert not re.search(r"[~/\\]\w|\w[/\\]|@|localhost", text)
    assert studies.load(name).machine["threads_per_job"] == 1


@pytest.mark.parametrize("name", STUDIES)
def test_results_are_of_the_same_images(name, data_folder):
    for dataset, checksum in studies.load(name).dataset_sha256.items():
        assert datasets.load(dataset).sha256 == checksum


def test_every_accuracy_is_that_of_all_test_images_and_three_seeds():
    for setting in studies.load(QUANTIZATION).table():
        assert [row.seed for row in setting.rows] == [0, 1, 2]
        assert {row.n for row in setting.rows} == {10_000}
        assert len({row.num_bytes for row in setting.rows}) == 1


def test_the_first_baseline_is_the_shipped_network():
    for row in studies.load(QUANTIZATION).select(method="float", seed=0):
        record = zoo.record(row.network, row.dataset)
        assert row.correct == record["test"]["correct"]
        assert row.num_bytes == record["num_bytes"]


def test_a_row_can_be_measured_again(data_folder):
    result = studies.load(QUANTIZATION)
    here = provenance.describe_machine(), provenance.list_versions()
    if here != (result.machine, result.versions):
        pytest.skip("recorded on another machine, where roundings differ")
    [row] = result.select(
        network="ConvNet",
        seed=0,
        method="quantize_weights",
        bits=3,
        granularity="channel",
    )
    study = STUDIES[QUANTIZATION]
    [run] = [run for run in study.grid(False) if key_of(run) == key_of(row)]
    assert replace(study.measure(run), seconds=0) == replace(row, seconds=0)
