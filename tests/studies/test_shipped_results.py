"""The results that ship: valid, whole, of the data and weights they name."""

import re
from dataclasses import replace
from importlib import resources

import pytest

from mini_compress import studies, zoo
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine import provenance
from mini_compress.studies.engine.grid import key_of
from mini_compress.studies.engine.scoring import measure_run
from mini_compress.studies.engine.subsets import load_subset
from mini_compress.studies.engine.verdicts import claim_key

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
        assert load_subset(dataset).sha256 == checksum


def test_every_accuracy_is_that_of_all_test_images_and_three_seeds():
    for setting in studies.load(QUANTIZATION).table():
        assert setting.seeds == (0, 1, 2)
        assert {row.n for row in setting.rows} == {10_000}
        assert len({*setting.num_bytes}) == 1


@pytest.mark.parametrize("name", STUDIES)
def test_what_was_declared_is_what_the_study_claims(name):
    result, study = studies.load(name), STUDIES[name]
    claims = study.list_claims(study.grid(False))
    assert [*map(claim_key, result.claims)] == [*map(claim_key, claims)]
    assert result.margin == study.margin
    assert result.declared <= result.created


@pytest.mark.parametrize(
    "name", [name for name, study in STUDIES.items() if study.compress]
)
def test_every_row_keeps_its_images(name):
    result = studies.load(name)
    for row in result.rows:
        assert row.unpack().sum() == row.n - row.correct
    for setting in result.table():
        base = result.one(
            network=setting.network, dataset=setting.dataset, method="float"
        )
        pairs = (setting - base).comparisons
        assert [(x.lost, x.gained) for x in pairs] == [
            (row.b, row.c) for row in setting.rows
        ]


def test_a_small_dense_network_has_a_file_as_long_as_the_pruned_one():
    study = studies.load("weight_pruning")
    for small in study.table(method="small_dense"):
        place = {"network": small.network, "dataset": small.dataset}
        pruned = [
            setting
            for setting in study.table(
                **place,
                method="magnitude",
                scope="global",
                sparsity=small.settings["sparsity"],
            )
            if setting.settings["epochs"]
        ]
        for setting in pruned:
            for ratio in setting.num_bytes / small.num_bytes:
                assert 0.95 < ratio < 1.05


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
    again = measure_run(study, run)
    assert replace(again, seconds=0) == replace(row, seconds=0)
