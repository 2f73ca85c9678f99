"""Recipes as objects, as TOML files and on the command line."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_compress import artifact, datasets, zoo
from mini_compress.__main__ import main
from mini_compress.pipeline import (
    STEPS,
    Recipe,
    Step,
    require_possible,
    run,
    shipped,
)
from mini_compress.studies.combined import deep_compression as study
from mini_compress.studies.combined.plans import PLANS
from mini_compress.studies.engine.grid import Run
from mini_compress.studies.pruning.tuning import tuning

SHIPPED = ("few_epochs", "no_training", "smallest_file")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
NAMES = TEXTS.filter(str.strip)
ENTRIES = (
    TEXTS
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    ENTRIES,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=6,
)
KEYS = NAMES.filter(lambda name: name not in ("step", "name"))
STEP_LISTS = st.lists(
    st.builds(
        lambda name, entries: Step(name, **entries),
        NAMES,
        st.dictionaries(KEYS, VALUES, max_size=3),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(name=NAMES, steps=STEP_LISTS)
def test_any_recipe_is_read_as_it_was_written(name, steps):
    recipe = Recipe(name, steps)
    assert Recipe.from_text(recipe.to_toml()) == recipe
    # 1 and 1.0 are equal, and not the same
    tables = tomllib.loads(recipe.to_toml())["steps"]
    for step, table in zip(recipe.steps, tables, strict=True):
        assert repr({"step": step.name, **step.settings}) == repr(table)


def test_files_are_written_and_read(tmp_path):
    recipe = Recipe("a", [Step("quantize_weights", layers=("x", "y"))])
    recipe.to_toml(tmp_path / "new" / "a.toml")
    assert Recipe.from_toml(tmp_path / "new" / "a.toml") == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "must be TOML, got"),
        ('name = "a"', "must not be empty"),
        ("[[steps]]\nstep = 'x'", "name must not be empty, got ''"),
        ("name = 3\n[[steps]]\nstep = 'x'", "name must be a string, got int"),
        ('name = "a"\nsteps = "x"', r"steps must be \[\[steps\]\], got str"),
        ('name = "a"\nsteps = ["x"]', "entry 1 of steps must say its step"),
        ('name = "a"\n[[steps]]\nbits = 4', "entry 1 of steps must say its"),
        ('name = "a"\n[[steps]]\nstep = 4', "name of a step must be a string"),
        ('name = "a"\nbits = 4\n[[steps]]\nstep = "x"', "got bits"),
        ('name = "a"\n[[steps]]\nstep = "x"\nd = 2020-01-01', "d of x must be"),
        ('name = "a"\n[[steps]]\nstep = "x"\nd = nan', "finite, got nan"),
    ],
)
def test_a_bad_file_is_one_error_with_its_path(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        Recipe.from_toml(path)
    assert str(error.value).startswith(str(path))


def test_bad_recipes_are_one_error(tmp_path):
    with pytest.raises(TypeError, match="steps must be a list of steps"):
        Recipe("a", "quantize_weights")
    with pytest.raises(TypeError, match="each of steps must be a Step"):
        Recipe("a", ["quantize_weights"])
    with pytest.raises(TypeError, match="bits of x must be a text, a numb"):
        Step("x", bits=None)
    with pytest.raises(TypeError, match="recipe must be a Recipe, got Step"):
        require_possible(Step("x"), None, None)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(ValueError, match=r"latin\.toml must be text in UTF-8"):
        Recipe.from_toml(tmp_path / "latin.toml")


@pytest.mark.parametrize("name", [*SHIPPED, "deep_compression"])
@pytest.mark.parametrize(
    "network", ["LeNet300", "LeNet5", "ConvNet", "ResNet8"]
)
def test_shipped_recipes_fit_every_network_of_the_zoo(name, network):
    net = zoo.load(network, "mnist5k")
    require_possible(shipped(name), net, datasets.load("mnist5k"))


@pytest.mark.takes(8)
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_make_a_trained_network_smaller(name, small):
    net = zoo.load("LeNet300", "mnist5k")
    result = run(shipped(name), net, small, progress=False)
    assert result.compression_ratio > 3.5
    assert result.final.accuracy > 80
    assert artifact.to_bytes(result.model) == result.final.data


def test_the_recipe_of_deep_compression_is_that_of_its_study():
    plan = PLANS["LeNet300"]["smaller"]
    last = study.TUNING_EPOCHS["LeNet300"]
    epochs = study.EPOCHS["LeNet300"] - last
    run = Run("LeNet300", "mnist", "pruned", seed=0)
    training = tuning(run, epochs)
    del training["progress"], training["seed"]  # 0 unless it is given
    rate = study.TUNING_RATES["LeNet300"]
    assert list(shipped("deep_compression").steps) == [
        Step(
            "prune_gradually",
            sparsity=1 - plan["kept"],
            scope="global",
            **training,
        ),
        Step("share_weights", bits=plan["bits"]),
        Step("tune_codebooks", epochs=last, learning_rate=rate),
        Step("store_huffman"),
    ]


def test_unknown_recipes_are_one_error():
    with pytest.raises(ValueError, match="one of deep_compression, few_epochs"):
        shipped("alchemy")


def test_the_command_runs_goes_on_and_writes(tmp_path, capsys):
    folder, out = tmp_path / "done", tmp_path / "small.safetensors"
    command = ["run", "no_training", "--folder", str(folder)]
    assert main([*command, "--test", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "quantize_network(ranges='percentile'" in said.out
    assert f"{out.stat().st_size:,} bytes" in said.out
    assert "1,000 test images: a drop of" in said.out
    assert artifact.load(out)
    assert len(list(folder.glob("*/record.json"))) == 3
    assert main(command) == 0
    assert "anew" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["alchemy"], "error: name must be one of deep_compression, few_e"),
        (["no.toml"], "error: [Errno 2] No such file"),
        (["no_training", "--network", "VGG"], "error: network must be one of"),
        (["no_training", "--data", "ImageNet"], "error: dataset of LeNet300"),
    ],
)
def test_bad_arguments_are_one_error(arguments, message, capsys):
    assert main(["run", *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)


def test_the_command_lists_the_steps(capsys):
    assert main(["run", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(STEPS)
