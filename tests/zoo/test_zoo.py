"""The shipped networks are what their records say, and can be made again."""

import hashlib
import json
import shutil

import pytest
import torch

from mini_compress import artifact, datasets, models, training, zoo
from mini_compress.zoo import RECIPES, Recipe, __main__, reproduce, shipped

PAIRS = list(RECIPES)
SMALL = ("LeNet300", "mnist5k")


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Give a test copies of the shipped files to spoil."""
    folder = tmp_path / "zoo"
    shutil.copytree(
        shipped.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__*")
    )
    monkeypatch.setattr(shipped, "FOLDER", folder)
    return folder


@pytest.fixture
def quick(monkeypatch):
    """Shorten one recipe to a second."""
    monkeypatch.setitem(RECIPES, SMALL, Recipe(4, learning_rate=0.01))


def test_the_zoo_has_what_the_chapters_start_from():
    assert set(PAIRS) == {
        *((network, "mnist5k") for network in models.NETWORKS),
        ("LeNet300", "mnist"),
        ("LeNet5", "mnist"),
        ("LeNet300", "fashion_mnist"),
        ("LeNet5", "fashion_mnist"),
        ("ConvNet", "fashion_mnist"),
        ("ResNet8", "fashion_mnist"),
    }
    files = {path.name for path in shipped.FOLDER.glob("*.[js]*")}
    expected = {shipped.weights_path(*pair).name for pair in PAIRS}
    expected |= {shipped.record_path(*pair).name for pair in PAIRS}
    assert files == expected


@pytest.mark.parametrize(("network", "dataset"), PAIRS)
def test_records_describe_their_files(network, dataset):
    facts = zoo.record(network, dataset)
    content = shipped.weights_path(network, dataset).read_bytes()
    assert (facts["network"], facts["dataset"]) == (network, dataset)
    assert Recipe(**facts["recipe"]) == RECIPES[network, dataset]
    assert facts["sha256"] == hashlib.sha256(content).hexdigest()
    assert facts["num_bytes"] == len(content)
    assert 1 <= facts["best_epoch"] <= facts["recipe"]["epochs"]
    assert facts["threads"] == 1
    assert facts["seconds"] > 0
    assert set(facts["versions"]) == {"python", "numpy", "torch"}


@pytest.mark.parametrize(("network", "dataset"), PAIRS)
def test_accuracy_is_the_recorded_one(network, dataset, request):
    if dataset != "mnist5k":
        request.getfixturevalue("data_folder")
    facts = zoo.record(network, dataset)
    model = zoo.load(network, dataset)
    data = datasets.load(dataset)
    assert facts["dataset_sha256"] == data.sha256
    test = training.evaluate(model, data.test)
    assert facts["test"] == {"n": len(test), "correct": test.num_correct}
    if dataset == "mnist5k":  # the others take seconds
        validation = training.evaluate(model, data.validation)
        assert facts["validation"]["correct"] == validation.num_correct


@pytest.mark.parametrize(
    ("pair", "percent"),
    [
        (("LeNet300", "mnist5k"), 92.5),
        (("LeNet5", "mnist5k"), 96),
        (("ConvNet", "mnist5k"), 96),
        (("ResNet8", "mnist5k"), 96),
        (("LeNet300", "mnist"), 98.3),
        (("LeNet5", "mnist"), 99.2),
        (("LeNet5", "fashion_mnist"), 90),
        (("ConvNet", "fashion_mnist"), 90),
        (("ResNet8", "fashion_mnist"), 90),
    ],
)
def test_the_networks_are_well_trained(pair, percent):
    test = zoo.record(*pair)["test"]
    assert 100 * test["correct"] / test["n"] >= percent


@pytest.mark.parametrize(("network", "dataset"), PAIRS)
def test_loaded_networks_are_ready_for_use(network, dataset):
    model = zoo.load(network, dataset)
    assert type(model) is models.NETWORKS[network]
    assert model.trained_on == dataset
    assert not any(module.training for module in model.modules())
    assert model(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


def test_each_call_gives_a_network_of_its_own():
    one, other = zoo.load(*SMALL), zoo.load(*SMALL)
    torch.nn.init.zeros_(one.classifier[1].weight)
    assert other.classifier[1].weight.any()


@pytest.mark.parametrize(
    ("network", "dataset", "message"),
    [
        (
            "AlexNet",
            "mnist",
            "network must be one of LeNet300, LeNet5, ConvNet, ResNet8; got",
        ),
        (
            "ConvNet",
            "mnist",
            "dataset of ConvNet must be one of mnist5k, fashion_mnist; got",
        ),
    ],
)
def test_unknown_pairs_are_told_the_known_ones(network, dataset, message):
    for call in (zoo.load, zoo.record, reproduce.reproduce):
        with pytest.raises(ValueError, match=message):
            call(network, dataset)


def test_a_changed_file_is_refused(own_folder):
    zoo.load(*SMALL)
    path = own_folder / "lenet300-mnist5k.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    message = f"{path.name} must have sha256 {zoo.record(*SMALL)['sha256']}"
    with pytest.raises(ValueError, match=message):
        zoo.load(*SMALL)


def test_a_recipe_gives_the_same_file_twice(quick):
    torch.manual_seed(1)
    one, facts = reproduce.reproduce(*SMALL, progress=False)
    torch.manual_seed(2)
    other, again = reproduce.reproduce(*SMALL, progress=False)
    assert artifact.to_bytes(one) == artifact.to_bytes(other)
    del facts["seconds"], again["seconds"]
    assert facts == again
    assert facts["sha256"] != zoo.record(*SMALL)["sha256"]


def test_the_command_reproduces_a_shipped_network(capsys):
    assert __main__.main([*SMALL]) == 0
    plan, test, verdict = capsys.readouterr().out.splitlines()
    seconds = zoo.record(*SMALL)["seconds"]
    assert plan.startswith("LeNet300 on mnist5k: 30 epochs on one thread, ")
    assert f"about {seconds:.0f} s" in plan
    assert test.endswith("of 1,000 right")
    facts = zoo.record(*SMALL)
    alike = facts["machine"] == reproduce._machine()
    if alike and facts["versions"] == reproduce._versions():
        assert verdict.endswith("the same as the shipped file")
    else:
        assert "within its 95 % interval" in verdict


def test_write_replaces_weights_and_record(own_folder, quick, capsys):
    before = zoo.record(*SMALL)
    assert __main__.main([*SMALL, "--write"]) == 0
    after = zoo.record(*SMALL)
    assert after["recipe"]["epochs"] == 4 != before["recipe"]["epochs"]
    test = training.evaluate(zoo.load(*SMALL), datasets.load("mnist5k").test)
    assert after["test"]["correct"] == test.num_correct
    assert "written: " in capsys.readouterr().out
    assert __main__.main([*SMALL]) == 0
    assert "the same as the shipped file" in capsys.readouterr().out


def test_the_cost_is_unknown_before_the_first_record(own_folder):
    (own_folder / "lenet300-mnist5k.json").unlink()
    assert __main__._plan(*SMALL).endswith("the time is not known yet")


@pytest.mark.parametrize(
    ("correct", "reproduced", "word"),
    [(945, True, "within"), (900, False, "outside")],
)
def test_another_file_is_judged_by_its_accuracy(correct, reproduced, word):
    old = zoo.record(*SMALL) | {"test": {"n": 1_000, "correct": 950}}
    new = old | {"sha256": "0", "test": {"n": 1_000, "correct": correct}}
    assert reproduce.verdict(old, old)[0]
    good, why = reproduce.verdict(old, new)
    assert good == reproduced
    assert f"the new one is {word} its 95 % interval, 93.47 to 96.19 %" in why
    assert old["versions"]["torch"] in why


def test_a_network_that_got_worse_fails_the_command(own_folder, quick):
    path = own_folder / "lenet300-mnist5k.json"
    facts = zoo.record(*SMALL)
    facts["test"]["correct"] = 1_000
    path.write_text(json.dumps(facts))
    assert __main__.main([*SMALL]) == 1


def test_the_command_explains_a_wrong_pair(capsys):
    assert __main__.main(["ConvNet", "mnist"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: dataset of ConvNet must be one of mnist5k")
    with pytest.raises(SystemExit):
        __main__.main(["ConvNet", "cifar10"])
    assert "invalid choice: 'cifar10'" in capsys.readouterr().err
