"""The display of a choice says what `choose` says; fronts say who is lowest."""

import itertools
import json

import pytest
from bs4 import BeautifulSoup

from mini_compress.studies.fronts import (
    Constraints,
    choose,
    collect,
    costs,
    undominated,
)
from mini_compress.widgets import MethodChoice, explore_front

BOARDS = ("stm32h743", "a100_40gb")
KB, ACCURACY = (30, 20), (91, 90)


@pytest.fixture(scope="module")
def points():
    return undominated(collect("ConvNet", "fashion_mnist"), BOARDS)


@pytest.fixture(scope="module")
def shown(points):
    return MethodChoice(
        "Which?", points, devices=BOARDS, max_kb=KB, min_accuracy=ACCURACY
    )


def page(shown):
    return BeautifulSoup(shown._repr_html_(), "html.parser")


def data(shown):
    return json.loads(page(shown).find("script").string)


def fitting(shown, device, asked):
    """Names of what fits, by the figures that the script compares."""
    facts = data(shown)
    return [
        point.name
        for place, point in enumerate(shown.points)
        if all(
            facts["costs"][device][place][k] <= limit["ends"][device][asked[k]]
            for k, limit in enumerate(facts["limits"])
        )
    ]


@pytest.mark.parametrize("device", [0, 1])
def test_it_rules_out_what_choose_rules_out(shown, points, device):
    trainings = ("a whole training", "a few epochs", "none")
    needs = ("images with labels", "images", "nothing")
    for kb, accuracy, training, need in itertools.product(range(3), repeat=4):
        asked = (kb, 0, 0, accuracy, training, need, 0)
        wanted = Constraints(
            max_kb=(None, *KB)[kb],
            min_accuracy=(None, *ACCURACY)[accuracy],
            training=trainings[training],
            data=needs[need],
        )
        found = choose(points, wanted, device=BOARDS[device])
        names = [x.point.name for x in found.fitting]
        assert sorted(fitting(shown, device, asked)) == sorted(names)


def test_time_and_energy_are_shares_of_the_whole_network(shown, points):
    [whole] = [x for x in points if x.setting.method == "float"]
    for device, place in itertools.product((0, 1), (1, 2)):
        most = shown.limits[place].ends[device][1]
        assert most == costs(whole, BOARDS[device])[place] / 2


def test_without_a_script_all_is_there_and_nothing_is_alive(shown):
    form = page(shown)
    rows = form.find("tbody").find_all("tr")
    assert len(rows) == len(shown.points)
    controls = form.find_all(["select", "input"])
    assert controls and all(x.has_attr("disabled") for x in controls)
    assert form.find("output").text.startswith(f"{len(rows)} of {len(rows)}")


def test_the_display_is_small_and_needs_nothing(shown):
    form = page(shown)
    code = form.find_all("script")[-1].string
    assert len(code.encode()) <= 3_000
    for tag in form.find_all(True):
        assert "id" not in tag.attrs
        assert tag.get("src") is None and tag.get("href") is None
    assert shown.points[0].evidence in repr(shown)
    assert shown._repr_markdown_().count("\n|") == 2 + len(shown.points)


def test_a_front_names_the_lowest_of_what_is_allowed(points):
    every = collect("ConvNet", "fashion_mnist")
    front = explore_front("Cheapest?", every, devices=BOARDS, losses=(1, 4))
    whole = every[0].accuracy.mean
    allowed = [x for x in every if x.accuracy.mean >= whole - 1]
    shortest = min(x.num_bytes.mean for x in allowed) / 1000
    setting = ("all", "STM32H743", 1)
    assert front.values[setting]["shortest file"].value == shortest
    names = {x.name for x in allowed if x.num_bytes.mean == 1000 * shortest}
    alt = front.pictures[setting].alt
    assert [x for x in names if f"Shortest file: {x}. " in alt]
    pruned = front.values["pruning", "STM32H743", 1]["shortest file"]
    assert pruned.value > shortest


def test_a_front_of_none_says_so():
    every = collect("ConvNet", "fashion_mnist")
    front = explore_front("Cheapest?", every, devices=BOARDS, losses=(0.01, 4))
    setting = ("low rank", "STM32H743", 0.01)
    assert front.values[setting]["shortest file"] is None
    assert "none loses so little" in front.pictures[setting].alt
