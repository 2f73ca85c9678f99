"""Networks and data sets that are not in the zoo, from the grid to the row."""

import functools
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from mini_compress import artifact, datasets, models, studies, training
from mini_compress.quantization import quantize_weights
from mini_compress.studies import Run, Study, cross
from mini_compress.studies.engine import runner
from mini_compress.studies.engine.subsets import load_subset

TRAININGS = "MINI_COMPRESS_TEST_TRAININGS"  # a line for each, in any process
SETTINGS = {"epochs": 2, "batch_size": 32, "learning_rate": 0.003}
MAKERS = {
    "Perceptron 20": functools.partial(models.perceptron, 20),
    "ViT": functools.partial(models.vision_transformer, depth=1),
}


def grid(smoke: bool) -> list[Run]:
    places = [
        ("Perceptron 20", "mnist5k_300"),
        ("Perceptron 20", "mnist5k_200"),
        ("ViT", "mnist5k_300"),
    ]
    settings = [
        ("quantize", {"bits": 8}),
        ("trained_on", {"epochs": 1}),
        ("from_scratch", {"start": "untrained", "epochs": 1}),
    ]
    return cross(places, range(2), settings)


@functools.lru_cache(maxsize=1)
def trained(network: str, dataset: str, seed: int) -> nn.Module:
    with Path(os.environ[TRAININGS]).open("a") as file:
        file.write(f"{network} {dataset} {seed}\n")
    model = MAKERS[network](seed=seed)
    return learn(model, dataset, seed, SETTINGS["epochs"])


def learn(model: nn.Module, dataset: str, seed: int, epochs: int) -> nn.Module:
    return training.train(
        model,
        load_subset(dataset),
        seed=seed,
        progress=False,
        **SETTINGS | {"epochs": epochs},
    ).model


def compress(baseline: nn.Module, run: Run) -> nn.Module:
    if run.method == "quantize":
        layers = [
            name
            for name, layer in baseline.named_modules()
            if isinstance(layer, nn.Linear)
        ]
        return quantize_weights(baseline, layers=layers, **run.settings)
    if run.method == "from_scratch":
        baseline = MAKERS[run.network](seed=run.seed)
    return learn(baseline, run.dataset, run.seed, run.settings["epochs"])


STUDY = Study(
    name="outside",
    summary="networks and data sets of our own",
    grid=grid,
    run_seconds=lambda run: 1.0,
    compress=compress,
    margin=5.0,
    claims=lambda run: run.method == "quantize",
    baseline=lambda run: trained(run.network, run.dataset, run.seed),
    recipe=SETTINGS,
    data=load_subset,
    together=lambda run: f"{run.network} {run.dataset} {run.seed}",
)


@pytest.mark.takes(20)
def test_a_study_of_its_own_networks_runs_to_its_end(tmp_path, monkeypatch):
    log = tmp_path / "trainings"
    monkeypatch.setenv(TRAININGS, str(log))
    path = runner.run_study(STUDY, tmp_path / "out", jobs=2)
    made = log.read_text().splitlines()
    places = {(run.network, run.dataset, run.seed) for run in grid(False)}
    assert sorted(made) == sorted(" ".join(map(str, x)) for x in places)
    found = studies.read(path)
    assert len(found.rows) == 3 * 2 * 4
    wanted = {"network": "ViT", "dataset": "mnist5k_300"}
    plain, coded, further, scratch = found.table(**wanted)
    assert plain.n == 1000  # the whole test part
    assert [x.total_epochs for x in (plain, coded, further, scratch)] == [
        *(2, 2, 3, 1)
    ]
    assert coded.compression_ratio.mean > 1.5
    assert coded.verdict.family_size == 1
    # patches; a block's attention and perceptron; the head
    expected = 16 * 49 * 48 + 16 * (4 * 48**2 + 2 * 48 * 96) + 480
    assert plain.macs.mean == expected
    # the row is that of the network, trained here once more
    model = trained("ViT", "mnist5k_300", 1)
    assert plain.num_bytes.by_seed[1] == len(artifact.to_bytes(model))
    score = training.evaluate(model, load_subset("mnist5k_300").test)
    assert plain.rows[1].unpack().tolist() == (~score.correct).tolist()
    sums = found.dataset_sha256
    assert sums["mnist5k_300"] != sums["mnist5k_200"]
    assert found.baselines[0]["recipe"] == SETTINGS


def test_a_subset_is_the_first_training_images():
    whole, few = datasets.load("mnist5k"), load_subset("mnist5k_300")
    assert torch.equal(few.train.pixels, whole.train.pixels[:300])
    assert torch.equal(few.train.labels, whole.train.labels[:300])
    for part in ("validation", "test"):
        kept, known = getattr(few, part), getattr(whole, part)
        assert torch.equal(kept.pixels, known.pixels)
        assert (kept.dataset, kept.part) == ("mnist5k", part)
    assert load_subset("mnist5k_300") is few
    assert load_subset("mnist5k").sha256 == whole.sha256
    assert load_subset("mnist5k_3500").sha256 == whole.sha256  # all there are


def test_who_learned_from_a_subset_knows_the_whole(data_folder):
    few = load_subset("mnist_5000")
    assert [len(x) for x in (few.train, few.validation, few.test)] == [
        *(5_000, 5_000, 10_000)
    ]
    model = training.train(
        models.perceptron(), few, epochs=1, progress=False
    ).model
    with pytest.raises(ValueError, match="one trained on mnist and mnist5k's"):
        training.evaluate(model, load_subset("mnist5k_100").test)
    assert len(training.evaluate(model, few.test)) == 10_000


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *(
            (name, f"fashion_mnist, or one .* NAME_COUNT; got '{name}'")
            for name in ("mnist5k_0", "mnist5k_0300", "cifar_5", "mnist5k_")
        ),
        ("mnist5k_3501", r"n must be in \[1, 3500\], got 3501"),
    ],
)
def test_other_names_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        load_subset(name)
