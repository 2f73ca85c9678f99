"""Recipes that are run: what they come to, resumed or not."""

import copy

import pytest
import torch

from mini_compress import (
    artifact,
    datasets,
    graph,
    hardware,
    pruning,
    quantization,
    training,
)
from mini_compress.pipeline import Recipe, Step, run, running

RECIPE = Recipe(
    "mixed",
    [
        Step("prune_weights", sparsity=0.5),
        Step("fine_tune", epochs=1),
        Step("train_quantized", epochs=1, weight_bits=4),
    ],
)


def quiet(recipe, mine, **settings):
    return run(recipe, *mine, progress=False, **settings)


def test_outcomes_are_those_of_the_functions_called_by_hand(mine):
    net, data = mine
    masks = pruning.magnitude_masks(net, 0.5)
    tuned = pruning.fine_tune(net, data, masks, epochs=1, progress=False)
    sparse = pruning.store_sparse(graph.fold_batchnorm(tuned.model))
    integer = quantization.train_quantized(
        sparse, data, weight_bits=4, epochs=1, progress=False
    ).model
    result = quiet(RECIPE, mine, test=True)
    shape = tuple(data.train.pixels.shape[1:])
    for outcome, model in zip(
        result.outcomes,
        (net, pruning.apply_masks(net, masks), tuned.model, integer),
        strict=True,
    ):
        costs = hardware.ledger(model, input_shape=shape)
        score = training.evaluate(model, data.validation)
        assert outcome.num_bytes == len(artifact.to_bytes(model))
        assert outcome.macs == costs.macs
        assert outcome.non_zeros == costs.non_zeros
        assert outcome.num_correct == score.num_correct
    assert artifact.to_bytes(result.model) == artifact.to_bytes(integer)
    after = training.evaluate(integer, data.test)
    assert (result.test[1].correct == after.correct).all()


def test_the_given_network_stays_as_it_was(mine):
    net, _ = mine
    before = artifact.to_bytes(net)
    modes = [x.training for x in net.modules()]
    quiet(RECIPE, mine)
    assert artifact.to_bytes(net) == before
    assert [x.training for x in net.modules()] == modes


class KilledError(Exception):
    """What ends a run in the middle."""


@pytest.mark.parametrize("survives", [0, 1, 2])
def test_a_killed_run_goes_on_and_gives_the_same(
    mine, tmp_path, monkeypatch, survives
):
    whole = quiet(RECIPE, mine)
    measure, calls = running.measure, []

    def dying(step, *others):
        calls.append(step)
        if len(calls) > survives + 1:  # the first is of the original
            raise KilledError
        return measure(step, *others)

    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(running, "measure", dying)
        quiet(RECIPE, mine, folder=tmp_path)
    resumed = quiet(RECIPE, mine, folder=tmp_path)
    assert [x.reused for x in resumed.outcomes[1:]] == [
        number < survives for number in range(3)
    ]
    assert resumed.outcomes == whole.outcomes
    again = quiet(RECIPE, mine, folder=tmp_path)
    assert all(x.reused for x in again.outcomes[1:])
    assert again.outcomes == whole.outcomes
    assert again.seconds == pytest.approx(resumed.seconds)


def test_a_changed_recipe_reuses_how_both_begin(mine, tmp_path, capsys):
    quiet(RECIPE, mine, folder=tmp_path)
    other = Recipe("other", [*RECIPE.steps[:2], Step("quantize_weights")])
    result = run(other, *mine, folder=tmp_path)
    assert [x.reused for x in result.outcomes[1:]] == [True, True, False]
    said = capsys.readouterr().err
    assert (
        "step 3 is taken anew: the folder has train_quantized(epochs=1, "
        "weight_bits=4) there"
    ) in said


def test_another_network_reuses_nothing_and_says_why(mine, tmp_path, capsys):
    net, data = mine
    quiet(RECIPE, mine, folder=tmp_path)
    other = copy.deepcopy(net)
    other.head.bias.data += 1
    result = run(RECIPE, other, data, folder=tmp_path)
    assert not any(x.reused for x in result.outcomes)
    assert "the folder has another network there" in capsys.readouterr().err


def test_fewer_images_are_another_data_set(mine, tmp_path):
    net, data = mine
    quiet(RECIPE, mine, folder=tmp_path)
    fewer = datasets.Dataset(
        *(data.name, data.train, data.validation.take(10), data.test),
        data.sha256,
    )
    result = quiet(RECIPE, (net, fewer), folder=tmp_path)
    assert not any(x.reused for x in result.outcomes)


def test_frozen_parameters_stay_as_they_are(mine, tmp_path):
    net, _ = mine
    recipe = Recipe(
        "twice", [Step("fine_tune", epochs=1), Step("fine_tune", epochs=1)]
    )
    for _ in range(2):  # the second from the folder, but for its last step
        result = quiet(recipe, mine, folder=tmp_path)
        assert torch.equal(result.model.norm.bias, net.norm.bias)
        assert not result.model.norm.bias.requires_grad
        recipe = Recipe("thrice", [*recipe.steps, Step("fine_tune", epochs=1)])


def test_zeros_stay_unless_they_may_go(mine):
    kept, free = (
        Recipe(
            "pruned",
            [
                Step("prune_weights", sparsity=0.5),
                Step("fine_tune", epochs=1, keep_zeros=keep),
            ],
        )
        for keep in (True, False)
    )
    assert quiet(kept, mine).final.sparsity > 0.4
    assert quiet(free, mine).final.sparsity < 0.1


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("network.safetensors", lambda x: x[:-1], "delete it, and the step"),
        ("network.safetensors", lambda x: x[:-9] + 9 * b"1", "delete it, and"),
        ("record.json", lambda x: x[:-9], "must be JSON, got"),
        ("record.json", lambda x: b"{}", "must hold an outcome, got 'outcome"),
    ],
)
def test_a_damaged_folder_is_one_error(mine, tmp_path, name, damage, message):
    recipe = Recipe("one", [Step("fold_batchnorm")])
    quiet(recipe, mine, folder=tmp_path)
    [path] = tmp_path.glob(f"*/{name}")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=message) as error:
        quiet(recipe, mine, folder=tmp_path)
    assert str(path.parent) in str(error.value)


def test_an_exported_file_is_written_again(mine, tmp_path):
    path = tmp_path / "network.onnx"
    steps = [Step("quantize_network"), Step("export_onnx", path=str(path))]
    recipe = Recipe("exported", steps)
    quiet(recipe, mine, folder=tmp_path / "done")
    before = path.read_bytes()
    path.unlink()
    quiet(recipe, mine, folder=tmp_path / "done")
    assert path.read_bytes() == before


def test_tables_hold_what_was_counted(mine):
    result = quiet(RECIPE, mine, test=True)
    steps, test = result.tables()
    final = result.final
    assert steps.records()[-1]["KB"] == final.num_bytes / 1000
    assert steps.records()[-1]["MACs"] == final.macs
    assert steps.records()[0]["step"] == "original"
    drop = result.test[0].accuracy - result.test[1].accuracy
    assert test.records()[1]["drop (pp)"] == pytest.approx(drop)
    assert result.seconds == sum(x.seconds for x in result.outcomes)
    assert len(quiet(RECIPE, mine).tables()) == 1


def test_a_layer_that_begins_with_zeros_alone_learns(mine):
    net, data = mine
    fresh = copy.deepcopy(net)
    fresh.head.weight.data.zero_()
    recipe = Recipe("tuned", [Step("fine_tune", epochs=1)])
    tuned = quiet(recipe, (fresh, data)).model
    assert tuned.head.weight.any()


def test_a_network_of_integers_keeps_its_budget(mine):
    free = quiet(Recipe("r", [Step("quantize_network")]), mine).final
    most = free.num_bytes - 500
    step = Step("quantize_network", max_bytes=most)
    tight = quiet(Recipe("r", [step]), mine).final
    assert most - 500 < tight.num_bytes <= most


def test_layers_of_low_rank_have_the_ranks_that_pay(mine):
    given = Step("factorize", ranks={"hidden": 2, "conv": [2, 1]})
    model = quiet(Recipe("r", [given]), mine).model
    assert (model.hidden.ranks, model.conv.ranks) == ((2,), (2, 1))
    net, _ = mine
    met = Step("factorize", budget=10**6)
    assert quiet(Recipe("r", [met]), mine).final.data == artifact.to_bytes(net)
    shares = quiet(Recipe("r", [Step("factorize", share=0.5)]), mine)
    assert shares.final.parameters < shares.outcomes[0].parameters
