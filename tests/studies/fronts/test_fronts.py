"""Points of all studies, what they cost, and the choice among them."""

import itertools
import math

import pytest

from mini_compress import hardware, pruning, quantization, studies, zoo
from mini_compress.figures import pareto
from mini_compress.studies.catalog import STUDIES
from mini_compress.studies.engine.rows import FLOAT, Row
from mini_compress.studies.fronts import (
    Constraints,
    choose,
    collect,
    costs,
    undominated,
)
from mini_compress.studies.fronts.kinds import (
    KINDS,
    NEEDS,
    TRAININGS,
    kind_of,
    training_of,
)

PLACE = ("ConvNet", "fashion_mnist")
BOARD = "stm32h743"


@pytest.fixture(scope="module")
def points():
    return collect(*PLACE)


def test_the_float_network_stands_first_and_once(points):
    methods = [point.setting.method for point in points]
    assert methods[0] == FLOAT
    assert methods.count(FLOAT) == 1


def test_every_point_is_a_setting_of_its_study(points):
    results = {x: studies.load(x) for x in {p.study for p in points}}
    for point in points:
        rows = results[point.study].select(
            network=PLACE[0], dataset=PLACE[1], method=point.setting.method
        )
        assert all(row in rows for row in point.setting.rows)
        assert len(point.setting.rows) >= 3
        assert point.training in TRAININGS
        assert point.needs in NEEDS


def test_controls_are_no_points(points):
    """A random mask, or the network trained on, is nobody's choice."""
    assert not {"random", "fine_tuned", "one_layer", "reinitialized"} & {
        point.setting.method for point in points
    }
    assert not [x for x in points if x.setting.settings.get("outlier")]
    criteria = {x.setting.settings.get("criterion") for x in points}
    assert "l1" in criteria
    assert "random" not in criteria


def test_every_kind_is_a_method_of_some_study():
    methods = {
        run.method for study in STUDIES.values() for run in study.grid(False)
    }
    assert not KINDS.keys() - methods


def test_what_trains_needs_labels(points):
    for point in points:
        if point.training != "none":
            assert point.needs == "images with labels", point.name
            assert point.epochs > 0


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "none"),
        ({"epochs": 0}, "none"),
        ({"epochs": 5}, "a few epochs"),
        ({"epochs": 12}, "a whole training"),
        ({"epochs": 2, "start": "untrained"}, "a whole training"),
    ],
)
def test_how_much_training(settings, expected):
    assert training_of(settings, whole=15) == expected


def test_a_chain_is_named_by_its_steps():
    kind = kind_of("filters + ranks + int8")
    assert kind.words == "filters, then ranks, then 8-bit integers"
    assert kind.integer and kind.family == "combined"
    assert not kind_of("filters + codebook").integer


def test_a_network_that_no_study_has_is_refused():
    with pytest.raises(ValueError, match="got 'ConvNet' and 'cifar'"):
        collect("ConvNet", "cifar")


def one(points, **wanted):
    [point] = [
        x
        for x in points
        if all(
            getattr(x.setting, name, x.setting.settings.get(name)) == value
            for name, value in wanted.items()
        )
    ]
    return point


@pytest.mark.parametrize("device", hardware.DEVICES)
def test_costs_are_those_of_the_ledger(points, device):
    """Of networks that are at hand: pruned, and of integers."""
    net = quantization.fold_batchnorm(zoo.load(*PLACE))
    images = zoo_images()
    made = {
        ("float", None): net,
        ("pact", 4): quantization.quantize_network(
            net,
            images,
            weight_bits=4,
            activation_bits=4,
            bits={"features.0": 8, "classifier.2": 8},
        ),
    }
    for (method, bits), model in made.items():
        wanted = {"weight_bits": bits} if bits else {}
        found = costs(one(points, method=method, **wanted), device)
        [modelled] = hardware.ledger(model, devices=[device]).modelled
        # files of folded and unfolded networks differ by the normalizations
        assert found.ms == pytest.approx(modelled.time_ms, rel=0.03)
        assert found.uj == pytest.approx(modelled.energy.total_uj, rel=0.03)


def zoo_images():
    from mini_compress import datasets

    return datasets.load("mnist5k").train.take(20).images


def test_costs_know_shapes_or_nothing(points):
    """Slimming's shapes follow from its weights, which are not recorded."""
    for point in points:
        found = costs(point, BOARD)
        assert found.kb == point.num_bytes.mean / 1000
        assert (found.ms is None) == (found.uj is None)
    unknown = {x.setting.method for x in points if costs(x, BOARD).ms is None}
    assert unknown <= {"slimming", "small_dense"}


def test_fewer_filters_take_less_time(points):
    ratios = (0.25, 0.5, 0.75)
    times = []
    for ratio in ratios:
        wanted = {"channel_ratio": ratio, "criterion": "l1", "epochs": 3}
        point = one(points, method="prune_filters", **wanted)
        small = pruning.prune_filters(zoo.load(*PLACE), ratio).model
        assert hardware.layer_costs(small).macs == point.setting.macs.mean
        times.append(costs(point, BOARD).ms)
    assert times == sorted(times, reverse=True)


def test_a_choice_keeps_to_every_constraint(points):
    wanted = Constraints(
        max_kb=30,
        max_ms=3,
        max_uj=2,
        min_accuracy=90.5,
        training="a few epochs",
        data="images with labels",
        teacher=False,
    )
    found = choose(points, wanted, device=BOARD)
    assert len(found.fitting) + len(found.failing) == len(points)
    assert found.fitting
    for candidate in found.fitting:
        cost, point = candidate.costs, candidate.point
        assert cost.kb <= 30 and cost.ms <= 3 and cost.uj <= 2
        assert min(point.accuracy) >= 90.5
        assert point.training != "a whole training" and not point.teacher
    means = [x.point.accuracy.mean for x in found.fitting]
    assert means == sorted(means, reverse=True)
    assert all(x.reasons for x in found.failing)


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ({"max_kb": 1}, "file"),
        ({"max_ms": 0.001}, "time"),
        ({"max_uj": 0.001}, "energy"),
        ({"min_accuracy": 99}, "accuracy"),
    ],
)
def test_a_budget_that_nothing_meets_says_the_closest(points, wanted, word):
    found = choose(points, Constraints(**wanted), device=BOARD)
    assert not found.fitting
    assert found.killed == {word: len(points)}
    assert str(found).startswith("nothing fits; closest: ")
    assert found.closest.reasons[0].startswith(word)
    nearest = min(x.misses for x in found.failing)
    assert found.closest.misses == nearest


def test_each_need_rules_out_by_its_name(points):
    whole = choose(points, Constraints(training="none"), device=BOARD)
    assert {x.point.training for x in whole.fitting} == {"none"}
    blind = choose(points, Constraints(data="nothing"), device=BOARD)
    assert {x.point.needs for x in blind.fitting} == {"nothing"}
    assert blind.killed.keys() == {"data"}
    alone = choose(points, Constraints(teacher=False), device=BOARD)
    assert alone.killed.keys() == {"teacher"}


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"max_kb": -1}, "max_kb must be"),
        ({"min_accuracy": "90"}, "min_accuracy must be"),
        ({"training": "some"}, "training must be one of none, a few epochs"),
        ({"data": "pictures"}, "data must be one of nothing, images"),
        ({"teacher": 1}, "teacher must be"),
    ],
)
def test_bad_constraints_are_named(wanted, error):
    with pytest.raises((ValueError, TypeError), match=error):
        Constraints(**wanted)


def test_no_points_are_refused():
    with pytest.raises(ValueError, match="points must hold one or more"):
        choose([], Constraints(), device=BOARD)


def test_what_is_dominated_is_never_chosen(points):
    """On the devices that were asked about, whatever the constraints."""
    kept = undominated(points, [BOARD])
    assert kept and len(kept) < len(points)
    for kb, accuracy, training in itertools.product(
        (None, 40, 20, 13), (None, 90, 91), TRAININGS
    ):
        wanted = Constraints(
            max_kb=kb, min_accuracy=accuracy, training=training
        )
        every = choose(points, wanted, device=BOARD).fitting
        few = choose(kept, wanted, device=BOARD).fitting
        assert bool(every) == bool(few)
        if every:
            assert math.isclose(
                every[0].point.accuracy.mean, few[0].point.accuracy.mean
            )


def test_the_front_is_of_whatever_cost(points):
    timed = [x for x in points if costs(x, BOARD).ms is not None]
    front = pareto(timed, lambda x: costs(x, BOARD).ms)
    times = [costs(x, BOARD).ms for x in front]
    means = [x.accuracy.mean for x in front]
    assert times == sorted(times) and means == sorted(means)
    for point in timed:
        assert any(
            t <= costs(point, BOARD).ms and a >= point.accuracy.mean
            for t, a in zip(times, means, strict=True)
        )


def test_points_are_of_all_shipped_studies(points):
    having = {
        name
        for name in studies.shipped()
        for row in studies.load(name).rows
        if isinstance(row, Row) and (row.network, row.dataset) == PLACE
    }
    controls_alone = having - {x.study for x in points} - {points[0].study}
    assert not controls_alone
