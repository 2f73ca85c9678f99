"""Many recipes: as each alone, what they share once, and on a cluster."""

from unittest import mock

import joblib
import pytest
from distributed import Client, LocalCluster

from mini_compress import artifact, zoo
from mini_compress.pipeline import Recipe, Step, cross, grid, grids, kinds, run

RECIPES = cross(
    [None, Step("prune_weights", sparsity=0.5)],
    [Step("fine_tune", epochs=1)],
    [
        Step("quantize_weights", bits=2),
        Step("quantize_codebook", bits=2),
        None,
    ],
)


def same(one, other):
    return one.outcomes == other.outcomes and artifact.to_bytes(
        one.model
    ) == artifact.to_bytes(other.model)


def test_a_grid_is_every_recipe_by_itself(mine):
    found = grid(RECIPES, *mine, progress=False)
    assert list(found.results) == [recipe.name for recipe in RECIPES]
    assert not found.failed
    for recipe in RECIPES:
        alone = run(recipe, *mine, progress=False)
        assert same(found.results[recipe.name], alone), recipe.name


def test_what_recipes_begin_with_is_done_once(mine, tmp_path):
    apply, taken = kinds.Kind.apply, []

    def counted(kind, *arguments):
        taken.append(kind)
        return apply(kind, *arguments)

    with mock.patch.object(kinds.Kind, "apply", counted):
        grid(RECIPES, *mine, progress=False)
    assert len(taken) == 1 + 2 * 3
    grid(RECIPES, *mine, folder=tmp_path, progress=False)
    # with and without pruning: fine-tuning and two ways to quantize
    assert len(list(tmp_path.glob("*/record.json"))) == 1 + 2 * 3


def test_a_grid_goes_on_where_it_was_and_shares_with_run(mine, tmp_path):
    run(RECIPES[0], *mine, folder=tmp_path, progress=False)
    first = grid(RECIPES[:2], *mine, folder=tmp_path, progress=False)
    assert [x.reused for x in first.results[RECIPES[0].name].outcomes] == [
        *(False, True, True)
    ]
    assert [x.reused for x in first.results[RECIPES[1].name].outcomes] == [
        *(False, True, False)
    ]


def test_shared_beginnings_come_in_waves():
    a, b, c, d, e = (Step("fine_tune", epochs=n) for n in range(1, 6))
    recipes = [
        Recipe("1", [a, b, c]),
        Recipe("2", [a, b, d]),
        Recipe("3", [a, e]),
        Recipe("4", [a, b]),
        Recipe("5", [e]),
    ]
    waves = [[x.steps for x in wave] for wave in grids._shared(recipes)]
    assert waves == [[(a,)], [(a, b)]]
    assert grids._shared(recipes[-1:]) == []


def test_one_that_is_refused_on_the_way_leaves_the_others(mine):
    tight = Recipe("tight", [Step("quantize_network", max_bytes=5)])
    found = grid([tight, RECIPES[0]], *mine, progress=False)
    assert list(found.results) == [RECIPES[0].name]
    assert found.failed["tight"].startswith(
        "step 1 (quantize_network) of 'tight': max_bytes must be at least "
    )
    assert "Refused" in repr(found)


def test_best_of_a_grid(mine):
    found = grid(RECIPES, *mine, progress=False)
    finals = [x.final for x in found.results.values()]
    smallest = min(x.num_bytes for x in finals)
    most = max(x.num_correct for x in finals)
    assert found.best().final.num_correct == most
    assert found.best(max_bytes=smallest).final.num_bytes == smallest
    assert found.best(min_accuracy=0).final.num_bytes == smallest
    least = min(x.num_bytes for x in finals if x.num_correct == most)
    accuracy = found.best().final.accuracy
    assert found.best(min_accuracy=accuracy).final.num_bytes == least
    message = (
        f"at most 9 bytes, got none: the closest is .* with {smallest:,} b"
    )
    with pytest.raises(ValueError, match=message):
        found.best(max_bytes=9)


def test_bad_grids_are_one_error(mine):
    with pytest.raises(ValueError, match="must hold at least one, got none"):
        grid([], *mine)
    with pytest.raises(ValueError, match=r"different names, got .* 2 times"):
        grid([RECIPES[0], RECIPES[0]], *mine)
    with pytest.raises(TypeError, match="must be a Recipe, got Step"):
        grid(RECIPES[0].steps, *mine)
    with pytest.raises(ValueError, match="jobs must be >= 1, got 0"):
        grid(RECIPES, *mine, jobs=0)


@pytest.mark.takes(10)
def test_a_dask_cluster_takes_the_same_grid(small, tmp_path):
    given = zoo.load("LeNet300", "mnist5k"), small
    here = grid(RECIPES[:2], *given, progress=False)
    options = {"threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(n_workers=1, **options) as cluster,  # a process
        Client(cluster),
        joblib.parallel_config("dask"),
    ):
        there = grid(
            RECIPES[:2], *given, folder=tmp_path, jobs=-1, progress=False
        )
    assert not there.failed
    for name, result in here.results.items():
        assert same(result, there.results[name])
    # fine-tuned once, quantized twice
    assert len(list(tmp_path.glob("*/record.json"))) == 3
