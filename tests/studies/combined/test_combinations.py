"""What the runs of `combinations` do: epochs, zeros that stay, claims."""

import pytest
import torch

from mini_compress import pruning, zoo
from mini_compress.studies.combined import combinations, steps
from mini_compress.studies.engine.grid import Run


def run_of(method, **settings):
    return Run("ConvNet", "mnist5k", method, settings)


@pytest.mark.parametrize(
    ("method", "settings", "expected"),
    [
        ("filters", {"epochs": 4}, [4]),
        ("codebook", {}, [0]),
        ("filters + int8", {"epochs": 2}, [2, 0]),
        ("filters + lsq", {"epochs": 2}, [1, 1]),
        ("filters + lsq", {"epochs": 3}, [1, 2]),
        ("filters + lsq", {"epochs": 2, "tuned": "last"}, [0, 2]),
        ("filters + ranks + int8", {"epochs": 2}, [1, 1, 0]),
        ("filters + ranks + int8", {"epochs": 0}, [0, 0, 0]),
    ],
)
def test_epochs_are_shared_among_the_steps_that_train(
    method, settings, expected
):
    assert combinations.share_epochs(run_of(method, **settings)) == expected


def test_epochs_of_every_run_are_all_spent():
    for run in combinations.grid(False):
        if run.settings.get("start") is None and run.settings:
            spent = sum(combinations.share_epochs(run))
            assert spent == run.settings.get("epochs", 0), run


def test_claimed_is_what_has_no_other_home():
    claims = combinations.STUDY.list_claims(combinations.grid(False))
    assert {"filters + int8", "weights + codebook"} <= {
        run.method for run in claims
    }
    assert not [run for run in claims if run.method in ("ranks", "codebook")]


def test_what_is_zero_stays_zero_while_later_steps_train():
    """Each step that trains after `weights` must know what was removed."""
    model = zoo.load("ConvNet", "mnist5k")
    run = run_of("weights + filters", channel_ratio=0.5, epochs=1)
    masked = steps.remove_weights(model, steps.Part(run, model, 0))
    small = steps.remove_filters(masked, steps.Part(run, model, 1))
    sparsity = pruning.sparsity_of(pruning.masks_of(small))
    cut = pruning.prune_filters(masked, 0.5).model
    assert sparsity >= pruning.sparsity_of(pruning.masks_of(cut)) > 0.5


def test_norms_are_measured_where_a_step_does_not_train():
    model = zoo.load("ConvNet", "mnist5k")
    run = run_of("filters", channel_ratio=0.5, epochs=0)
    small = steps.remove_filters(model, steps.Part(run, model, 0))
    stale = pruning.prune_filters(model, 0.5).model
    assert not torch.equal(
        small.features[1].running_mean, stale.features[1].running_mean
    )
