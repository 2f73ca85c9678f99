"""Rules for ranks: each against what it promises, counted another way."""

import copy
import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import mini_compress as mc
from mini_compress import low_rank
from mini_compress.hardware import layer_costs
from mini_compress.layers import Conv2dGeometry, LinearGeometry
from mini_compress.low_rank import METHODS, break_even, factorize
from mini_compress.low_rank.layers import find_layers
from mini_compress.low_rank.methods import num_weights
from mini_compress.low_rank.spectra import missed_shares
from tests.support.mistakes import assert_refused
from tests.support.strategies import quick

METHOD_NAMES = ("channel", "spatial", "tucker")
LENET = mc.zoo.load("LeNet300", "mnist5k")
CONVNET = mc.zoo.load("ConvNet", "mnist5k")


@st.composite
def geometries(draw):
    groups = draw(st.sampled_from([1, 2]))
    return Conv2dGeometry(
        groups * draw(st.integers(1, 12)),
        groups * draw(st.integers(1, 12)),
        draw(st.sampled_from([(1, 1), (3, 3), (1, 5), (4, 2)])),
        groups=groups,
    )


@pytest.mark.parametrize("method", METHOD_NAMES)
@quick
@given(geometry=geometries())
def test_break_even_is_the_last_rank_that_saves(method, geometry):
    whole = math.prod(geometry.weight_shape)
    largest = METHODS[method].largest_ranks(geometry)
    paying = [
        ranks
        for ranks in itertools.product(*(range(1, x + 1) for x in largest))
        if num_weights(geometry, method, ranks if len(ranks) > 1 else ranks[0])
        < whole
    ]
    found = break_even(geometry, method)
    if found is None:
        assert not paying
    elif len(largest) == 1:
        assert found == max(paying)[0]
    else:  # the largest pair in proportion
        assert found in paying
        sides = np.array(largest)
        steps = np.arange(1, sides.max() + 1)[:, None] * sides / sides.max()
        pairs = np.maximum(1, np.round(steps)).astype(int).tolist()
        assert list(found) == [x for x in pairs if tuple(x) in paying][-1]


def test_break_even_of_a_linear_layer_is_the_kernels():
    for rows, cols in [(784, 300), (10, 10), (1, 9)]:
        expected = mc.kernels.low_rank.break_even_rank(rows, cols)
        found = break_even(LinearGeometry(cols, rows), "svd")
        assert (found or 0) == expected


@pytest.mark.parametrize("method", METHOD_NAMES)
@pytest.mark.parametrize("share", [0.7, 0.3, 0.05])
def test_a_share_of_the_weights_is_met_and_one_rank_more_would_not(
    method, share
):
    ranks = low_rank.share_ranks(CONVNET, share, method=method)
    assert len(ranks) == 5
    for row in factorize(CONVNET, ranks, method=method).report.layers:
        before, after = row.weights
        smallest = all(x == 1 for x in row.ranks)
        assert after <= share * before or smallest
        if row.method != "tucker":
            one_more = after * (row.ranks[0] + 1) / row.ranks[0]
            assert one_more > share * before


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_energy_is_of_squares_and_the_smallest_rank_is_taken(method):
    share = 0.8
    ranks = low_rank.energy_ranks(CONVNET, share, method=method)
    report = factorize(CONVNET, ranks, method=method).report
    for row in report.layers:
        missed = row.weight_error**2
        if row.method == "tucker":
            assert missed <= 2 * (1 - share) + 1e-6
            continue
        assert missed <= 1 - share + 1e-6
        less = {row.name: row.ranks[0] - 1}
        if row.ranks[0] > 1:
            [one] = factorize(CONVNET, less, method=method).report.layers
            assert one.weight_error**2 > 1 - share


def test_energy_of_outputs_is_met_on_the_images():
    images = mc.datasets.load("mnist5k").train.take(100).images
    ranks = low_rank.energy_ranks(CONVNET, 0.9, images=images)
    report = factorize(CONVNET, ranks, images=images).report
    assert len(report.layers) == len(ranks) >= 4
    for row in report.layers:
        assert row.output_error**2 <= 0.1 + 1e-6
    by_weight = low_rank.energy_ranks(CONVNET, 0.9)
    assert sum(ranks.values()) < sum(by_weight.get(x, 99) for x in ranks)


def noisy(rows: int, cols: int, rank: int) -> nn.Linear:
    """Make a linear layer of a rank plus noise far below it."""
    rng = np.random.default_rng(rank)
    left, right = (rng.standard_normal((x, rank)) for x in (rows, cols))
    layer = nn.Linear(cols, rows)
    weight = left @ right.T + 0.1 * rng.standard_normal((rows, cols))
    layer.weight.data.copy_(torch.from_numpy(weight))
    return layer


def test_variational_bayes_finds_planted_ranks_and_keeps_to_its_floor():
    model = nn.Sequential(noisy(60, 80, 3), noisy(50, 60, 7))
    assert low_rank.evbmf_ranks(model) == {"0": 3, "1": 7}
    assert low_rank.evbmf_ranks(model, floor=5) == {"0": 5, "1": 7}
    nn.init.normal_(model[0].weight)  # all noise
    assert low_rank.evbmf_ranks(model) == {"0": 1, "1": 7}
    assert low_rank.evbmf_ranks(model, floor=99) == {}  # none is smaller


def test_variational_bayes_of_grouped_convolutions_and_pairs():
    conv = nn.Conv2d(60, 40, (1, 2), groups=2)
    few, more = noisy(20, 60, 2), noisy(20, 60, 4)
    rows = torch.cat([few.weight, more.weight]).detach()
    conv.weight.data.copy_(rows.reshape(40, 30, 1, 2))
    model = nn.Sequential(conv)
    assert low_rank.evbmf_ranks(model) == {"0": 4}  # of the larger group
    [pair] = low_rank.evbmf_ranks(model, method="tucker").values()
    assert pair[0] == 4


def test_a_layer_that_would_not_be_smaller_is_left_out():
    depthwise = nn.Conv2d(8, 8, 3, groups=8)
    model = nn.Sequential(depthwise, nn.Conv2d(8, 8, 3))
    assert set(low_rank.share_ranks(model, 0.5)) == {"1"}
    assert set(low_rank.share_ranks(model, 0.9, method="spatial")) == {"0", "1"}
    assert low_rank.energy_ranks(LENET, 1) == {}
    assert low_rank.evbmf_ranks(nn.Sequential(depthwise)) == {}


def costs_of(model, ranks, unit: str, method: str | None) -> int:
    """Count what the layers cost, by the network that is made."""
    low = factorize(model, ranks, method=method).model
    if unit == "macs":
        return layer_costs(low).macs
    if unit == "bytes":
        return len(mc.artifact.to_bytes(low))
    return sum(x.numel() for n, x in low.named_parameters() if x.ndim > 1)


@pytest.mark.parametrize("method", METHOD_NAMES)
@pytest.mark.parametrize("unit", ["weights", "macs", "bytes"])
@pytest.mark.parametrize("share", [0.7, 0.3, 0.13])
def test_a_budget_is_kept_and_nearly_spent(unit, share, method):
    whole = costs_of(CONVNET, {}, unit, None)
    budget = share * whole
    ranks = low_rank.budget_ranks(CONVNET, budget, unit=unit, method=method)
    spent = costs_of(CONVNET, ranks, unit, method)
    assert spent <= budget
    assert spent > 0.9 * budget
    for row in factorize(CONVNET, ranks, method=method).report.layers:
        assert row.weights[1] < row.weights[0]


def test_a_budget_of_macs_makes_no_layer_larger():
    torch.manual_seed(0)
    # one pixel becomes 3x3, so that the first of the three layers costs few
    # MACs: ranks (2, 2) take 104 instead of 288, but 40 weights instead of 32
    model = nn.Sequential(nn.Conv2d(16, 2, 1, padding=1, bias=False))
    shape, method = (16, 1, 1), "tucker"
    ranks = low_rank.budget_ranks(
        model, 110, unit="macs", method=method, input_shape=shape
    )
    low, report = factorize(model, ranks, method=method, input_shape=shape)
    assert layer_costs(low, input_shape=shape).macs <= 110
    assert report.parameters[1] < report.parameters[0] == 32


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_what_a_rank_misses_is_known_before_it_is_taken(method):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(6, 8, (3, 2), groups=2))
    [one] = find_layers(model, None, method).values()
    missed = missed_shares(one)
    weight = one.weight
    for place in np.ndindex(missed.shape):
        rank = tuple(x + 1 for x in place)
        kind = METHODS[method]
        low = kind.from_conv(model[0], rank if len(rank) > 1 else rank[0])
        error = np.linalg.norm(weight - low.dense_weight().numpy())
        share = error**2 / np.linalg.norm(weight) ** 2
        if method != "tucker":
            assert missed[place] == pytest.approx(share, abs=1e-6)
            continue
        # the HOSVD: no nearer than what starts from it, within its bound
        assert share - 1e-6 <= missed[place] <= 2 * share + 1e-6


def test_a_budget_for_all_leaves_all_whole():
    assert low_rank.budget_ranks(LENET, 266_200) == {}


def total_missed(model, ranks, **settings) -> float:
    report = factorize(model, ranks, **settings).report
    return sum(x.weight_error**2 for x in report.layers)


@pytest.mark.parametrize("method", ["channel", "spatial"])
def test_a_budget_misses_less_than_even_shares(method):
    even = low_rank.share_ranks(CONVNET, 0.4, method=method)
    budget = low_rank.count_weights(CONVNET, even, method=method)
    ranks = low_rank.budget_ranks(CONVNET, budget, method=method)
    assert total_missed(CONVNET, ranks, method=method) < 0.9 * total_missed(
        CONVNET, even, method=method
    )


def test_a_budget_is_spent_as_well_as_by_trying_all():
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(8, 8) for _ in range(3)))
    for i, layer in enumerate(model):  # energies that fall at different rates
        left, values, right = torch.linalg.svd(layer.weight.detach())
        falling = values[0] * torch.arange(1.0, 9) ** -(i + 0.5)
        layer.weight.data.copy_(left * falling @ right)
    budget = 100
    choices = [(None, 64, 0.0)] + [(r, 16 * r, None) for r in (1, 2, 3)]
    squares = [torch.linalg.svdvals(x.weight.detach()) ** 2 for x in model]

    def missed(picked) -> float:
        return sum(
            0.0 if rank is None else float(x[rank:].sum() / x.sum())
            for (rank, _, _), x in zip(picked, squares, strict=True)
        )

    best = min(
        missed(picked)
        for picked in itertools.product(choices, repeat=3)
        if sum(cost for _, cost, _ in picked) <= budget
    )
    ranks = low_rank.budget_ranks(model, budget)
    found = missed([(ranks.get(str(i)), 0, 0) for i in range(3)])
    # greedy: at most one step of one layer away from the best
    assert best - 1e-6 <= found <= best + 0.1


def test_outputs_shift_the_budget():
    images = mc.datasets.load("mnist5k").train.take(100).images
    by_weight = low_rank.budget_ranks(LENET, 40_000)
    by_output = low_rank.budget_ranks(LENET, 40_000, images=images)
    assert by_weight != by_output
    settings = {"images": images}

    def missed(ranks) -> float:
        report = factorize(LENET, ranks, **settings).report
        return sum(x.output_error**2 for x in report.layers)

    assert missed(by_output) < missed(by_weight)


def test_layers_are_those_asked_for_and_no_parts_of_factored_ones():
    low = factorize(LENET, {"classifier.1": 20}).model
    assert set(low_rank.share_ranks(low, 0.5)) == {
        "classifier.3",
        "classifier.5",
    }
    assert set(low_rank.share_ranks(LENET, 0.5, layers=["classifier.3"])) == {
        "classifier.3"
    }
    assert_refused(
        lambda: low_rank.share_ranks(low, 0.5, layers=["classifier.1.first"]),
        "layers must not be factored already, got a part of LowRankLinear at "
        "'classifier.1': 'classifier.1.first'",
    )


def test_a_scan_scores_one_layer_at_a_time():
    few = mc.datasets.load("mnist5k").validation.take(200)
    scan = low_rank.scan_ranks(LENET, few, (0.02, 0.5))
    assert scan.levels == (0.5, 0.02)
    assert scan.level_name == "share of weights"
    for name, scores in scan.scores.items():
        for share, score in zip(scan.levels, scores, strict=True):
            ranks = low_rank.share_ranks(LENET, share, layers=[name])
            low = factorize(LENET, ranks).model
            expected = mc.training.evaluate(low, few)
            assert score.accuracy == expected.accuracy
    harsh = scan.scores["classifier.1"][1].accuracy
    assert harsh < scan.untouched.accuracy


def test_a_scan_leaves_layers_whole_that_no_rank_makes_smaller():
    few = mc.datasets.load("mnist5k").validation.take(20)
    model = nn.Sequential(
        nn.Conv2d(1, 1, 3, stride=3), nn.Flatten(), nn.Linear(81, 10)
    )
    scan = low_rank.scan_ranks(model, few, (0.5,))
    assert scan.scores["0"] == (scan.untouched,)


@pytest.mark.parametrize("method", METHOD_NAMES)
@pytest.mark.parametrize("size", [1e-250, 1e250])
def test_the_size_of_weights_changes_no_rank(size, method):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(6, 8, (3, 2), groups=2)).double()
    scaled = copy.deepcopy(model)
    scaled[0].weight.data *= size
    for choose in (
        lambda x: low_rank.energy_ranks(x, 0.6, method=method),
        lambda x: low_rank.evbmf_ranks(x, method=method),
        lambda x: low_rank.budget_ranks(x, 100, method=method),
    ):
        assert choose(scaled) == choose(model)
    ranks, shape = low_rank.budget_ranks(model, 100, method=method), (6, 5, 5)
    [one], [other] = (
        factorize(x, ranks, method=method, input_shape=shape).report.layers
        for x in (model, scaled)
    )
    assert other.weight_error == pytest.approx(one.weight_error)
