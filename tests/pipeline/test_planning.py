"""What is refused before any work, and that what is not refused runs."""

import dataclasses
import inspect
from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mini_compress import datasets, quantization
from mini_compress.pipeline import (
    STEPS,
    Recipe,
    Step,
    grid,
    kinds,
    require_possible,
    run,
    running,
)
from mini_compress.pipeline.forms import FILE, LEARNING, NORMS, forms_of
from mini_compress.pipeline.settings import CHECKS

# settings under which each step takes well under a second
QUICK = {
    "prune_weights": {"sparsity": 0.5},
    "prune_gradually": {"sparsity": 0.5, "epochs": 2, "every": 1},
    "prune_iteratively": {"sparsity": 0.5, "rounds": 2, "epochs": 1},
    "prune_filters": {"channel_ratio": 0.25},
    "factorize": {"share": 0.7},
    "fine_tune": {"epochs": 1},
    "distill": {"epochs": 1},
    "quantize_adaround": {"steps": 2, "num_images": 20},
    "quantize_codebook": {"bits": 1},
    "share_weights": {"bits": 2},
    "tune_codebooks": {"epochs": 1},
    "quantize_format": {"format": "mxfp4"},
    "train_quantized": {"epochs": 1},
    "export_onnx": {"path": "network.onnx"},
}
QUICK_STEPS = [Step(name, **QUICK.get(name, {})) for name in STEPS]
ORDERS = st.lists(st.sampled_from(QUICK_STEPS), min_size=1, max_size=5)
a_few = settings(max_examples=25, deadline=None, derandomize=True)


@pytest.fixture
def no_work(monkeypatch):
    """A run that does anything fails, and so does one that only measures."""

    def work(*arguments, **named):
        pytest.fail("it worked")

    monkeypatch.setattr(kinds.Kind, "apply", work)
    monkeypatch.setattr(running, "measure", work)


def refused(mine, *steps, **settings):
    """Run a recipe that must be refused; return what it says."""
    with pytest.raises((TypeError, ValueError)) as error:
        run(Recipe("mine", steps), *mine, progress=False, **settings)
    with pytest.raises(type(error.value)) as in_grid:
        grid([Recipe("mine", steps)], *mine, progress=False, **settings)
    assert str(in_grid.value) == str(error.value)
    return str(error.value)


FLOATS = "float weights or factored layers"
ALSO_STORED = (
    f"{FLOATS} or weights stored without their zeros or integer codes for "
    "weights or codes of a codebook for weights"
)


@pytest.mark.parametrize(
    ("first", "then", "works", "leaves"),
    [
        ("quantize_weights", "prune_weights", FLOATS, "integer codes"),
        ("quantize_weights", "factorize", "float weights", "integer codes"),
        ("quantize_network", "distill", FLOATS, "integers from pixels"),
        ("train_quantized", "fine_tune", FLOATS, "integers from pixels"),
        ("export_onnx", "train_quantized", ALSO_STORED, "the form of an exp"),
        ("store_sparse", "prune_filters", FLOATS, "weights stored without"),
        ("quantize_codebook", "quantize_gptq", FLOATS, "codes of a codebook"),
        ("share_weights", "store_sparse", FLOATS, "codes of a codebook"),
        ("factorize", "factorize", "float weights", "factored layers"),
        ("quantize_format", "quantize_network", ALSO_STORED, "weights in a b"),
    ],
)
def test_impossible_orders_say_why(mine, no_work, first, then, works, leaves):
    steps = [Step(x, **QUICK.get(x, {})) for x in (first, then)]
    message = refused(mine, Step("equalize"), *steps)
    start = f"step 3 ({then}) of 'mine' works on {works}, and step 2 ({first})"
    assert message.startswith(f"{start} leaves {leaves}")
    assert message.endswith(": put it before step 2")


def test_norms_are_folded_before_codes_become_a_network(mine, no_work):
    steps = Step("quantize_weights"), Step("quantize_network")
    assert refused(mine, *steps).endswith(
        "step 1 (quantize_weights) leaves weights compressed before batch "
        "normalization was folded: put fold_batchnorm before step 1"
    )
    require_possible(Recipe("r", [Step("fold_batchnorm"), *steps]), *mine)


def test_a_network_that_is_compressed_already_is_known(mine, no_work):
    net, data = mine
    small = quantization.quantize_weights(net)
    assert refused((small, data), Step("prune_weights", sparsity=0.5)) == (
        f"step 1 (prune_weights) of 'mine' works on {FLOATS}, got integer "
        "codes for weights"
    )
    refused((nn.Flatten(), data), Step("fold_batchnorm"))


def test_layers_of_their_own_may_have_forms_of_their_own(mine):
    recipe = Recipe(
        "mixed",
        [
            Step("quantize_weights", bits=8, layers=["conv"]),
            Step("quantize_codebook", bits=2, layers=["hidden"]),
            Step("fine_tune", epochs=1),
            Step("quantize_weights", bits=3),
        ],
    )
    result = run(recipe, *mine, progress=False)
    assert result.model.conv.weight_bits == 8
    assert result.model.hidden.weight_bits == 2
    assert result.model.head.weight_bits == 3


@a_few
@given(steps=ORDERS)
def test_any_order_is_refused_before_work_or_runs(
    mine, tmp_path_factory, steps
):
    net, data = mine
    recipe = Recipe("any", steps)
    folder = tmp_path_factory.mktemp("any")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        try:
            require_possible(recipe, net, data)
        except ValueError:
            with mock.patch.object(kinds.Kind, "apply") as apply:
                refused(mine, *steps)
            assert not apply.called
            return
        result = run(recipe, net, data, progress=False)
    forms = forms_of(net)
    for outcome in result.outcomes[1:]:
        kind = STEPS[outcome.step.name]
        forms = kind.after(forms, outcome.step.settings)
        found = forms_of(running.restore(outcome, net))
        # a step may leave a layer as it was
        assert found - LEARNING - {NORMS} <= forms or kind.makes == FILE


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Step("alchemy"), "step 1 of 'mine' must be one of prune_weights, "),
        (Step("prune_weights"), "sparsity must be given, got none"),
        (Step("fine_tune"), "epochs must be given, got none"),
        (Step("prune_weights", sparsity=1.5), "must be in [0, 1), got 1.5"),
        (Step("prune_weights", sparsity="x"), "must be a number, got str"),
        (Step("fine_tune", epochs=0), "epochs must be >= 1, got 0"),
        (Step("fine_tune", epochs=1, rate=1), "setting must be one of"),
        (Step("quantize_weights", bits=9), "bits must be in [1, 8], got 9"),
        (Step("quantize_weights", layers="a"), "layers must be a list of nam"),
        (Step("quantize_weights", layers=["a"]), "names must be one of conv,"),
        (Step("quantize_weights", layers=["head.x"]), None),
        (Step("quantize_network", bits={"hed": 4}), "must be one of conv, "),
        (Step("quantize_network", bits=4), "bits must be a table of layers"),
        (Step("quantize_format", format="int4"), "format must be one of "),
        (Step("prune_filters", channel_ratio=0.5, criterion="magnitude"), "l1"),
        (Step("factorize"), "exactly one of share, energy, budget, floor, "),
        (Step("factorize", share=0.5, floor=2), "got share and floor"),
        (Step("distill", epochs=1, weight=2), "weight must be in (0, 1], got"),
        (Step("distill", epochs=1, teacher="me"), "one of original, given"),
        (Step("distill", epochs=1, teacher="given"), "teacher must be given"),
    ],
)
def test_wrong_steps_are_one_error(mine, no_work, step, message):
    if message is None:  # it could be a part of a layer
        require_possible(Recipe("mine", [step]), *mine)
        return
    assert message in refused(mine, step)


def test_missing_data_are_one_error(mine, no_work):
    net, data = mine
    without = datasets.unlabeled(data, data.train.pixels)
    for name in ("fine_tune", "prune_gradually", "train_quantized", "distill"):
        message = refused((net, without), Step(name, **QUICK[name]))
        assert "data.train must have labels, which the step learns" in message
    taylor = Step("prune_weights", sparsity=0.5, criterion="taylor")
    assert "data.train must have labels" in refused((net, without), taylor)
    alone = Recipe("r", [Step("distill", epochs=1, weight=1.0)])
    require_possible(alone, net, without)
    step = Step("fold_batchnorm")
    unscored = dataclasses.replace(
        data, validation=dataclasses.replace(data.validation, labels=None)
    )
    assert "data.validation must have labels" in refused((net, unscored), step)
    assert "data must be a Dataset, got int" in refused((net, 3), step)
    assert "name must be one of mnist5k" in refused((net, "mine"), step)
    assert "must be a torch.nn.Module, got int" in refused((3, data), step)
    away = nn.Linear(3, 2, device="meta")
    assert "model must be on the CPU, got meta" in refused((away, data), step)


def test_a_teacher_that_nobody_asks_is_an_error(mine, no_work):
    message = refused(mine, Step("distill", epochs=1), teacher=nn.Flatten())
    assert "with teacher=\"given\", got none in 'mine'" in message


def test_a_network_that_knows_the_images_is_refused(no_work):
    data = datasets.load("mnist5k")
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    net.trained_on = "mnist"
    message = refused((net, data), Step("quantize_weights"))
    assert "one trained on mnist and mnist5k's validation images" in message


def test_budgets_that_nothing_meets_say_the_closest(mine):
    recipe = Recipe("tight", [Step("factorize", budget=3)])
    with pytest.raises(ValueError, match=r"step 1 .* cheapest options, \d"):
        run(recipe, *mine, progress=False)


def test_what_a_method_refuses_later_names_the_step(mine, tmp_path):
    steps = [Step("fold_batchnorm"), Step("quantize_weights", group_size=4)]
    recipe = Recipe("grouped", steps)
    with pytest.raises(ValueError, match=r"step 2 \(quantize_weights\) of"):
        run(recipe, *mine, folder=tmp_path, progress=False)
    assert len(list(tmp_path.glob("*/record.json"))) == 1


@pytest.mark.parametrize("name", STEPS)
def test_every_setting_of_every_step_is_checked(name):
    kind = STEPS[name]
    for setting in kind.settings:
        assert setting in kind.checks or setting in CHECKS, setting
    # nothing that a file cannot hold is taken for a setting
    parameters = inspect.signature(kind.function).parameters
    for setting in kind.settings:
        if setting in parameters:
            annotation = str(parameters[setting].annotation)
            assert "Tensor" not in annotation and "Callable" not in annotation


def test_a_teacher_that_is_given_teaches(mine):
    net, data = mine
    torch.manual_seed(1)
    teacher = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    steps = [Step("distill", epochs=1, weight=1.0, teacher="given")]
    by_other = run(
        Recipe("r", steps), net, data, teacher=teacher, progress=False
    )
    own = Recipe("r", [Step("distill", epochs=1, weight=1.0)])
    by_itself = run(own, net, data, progress=False)
    weights = [x.model.head.weight for x in (by_other, by_itself)]
    assert not torch.equal(*weights)
