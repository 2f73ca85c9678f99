"""An Explorer of a study, and one of versions of a network on devices."""

import dataclasses
import subprocess
import sys

import pytest

from mini_compress import hardware, models, pruning, studies
from mini_compress.hardware.roofline import LOWER_BOUND, PARTS_OF_TIME
from mini_compress.studies import RecordedTimes
from mini_compress.widgets import explore_devices, explore_results

WAYS = {
    "one for all": {"method": "slimming", "scope": "global"},
    "by layer": {"method": "slimming", "scope": ("layer", "group")},
}
NETWORKS = ("LeNet5", "ConvNet", "ResNet8")
AT_ONCE = {"method": "one_shot"}


@pytest.fixture(scope="module")
def study():
    return studies.load("slimming")


def explore(study, **changes):
    knobs = {"threshold": WAYS, "strength": "strength"}
    return explore_results(study, "How?", **{"knobs": knobs, **changes})


def test_every_setting_has_its_figures(study):
    shown = explore(study, metrics=["accuracy", "drop", "bound", "file"])
    strengths = shown.knobs["strength"]
    assert strengths == tuple(sorted(strengths)) and len(strengths) > 2
    for strength in strengths:
        setting = study.one(**WAYS["by layer"], strength=strength)
        found = shown.values["by layer", strength]
        accuracy = setting.accuracy
        assert found["accuracy"] == (
            *(accuracy.mean, accuracy.lowest, accuracy.highest),
        )
        assert found["drop"].high == max(setting.drop)
        assert found["file"].value == sum(setting.num_bytes) / 3 / 1000
        assert found["drop, largest upper 95 % bound"].value == max(
            row.comparison.upper_bound() for row in setting.rows
        )


def test_what_was_not_run_has_no_figures_and_the_note_says_so(study):
    knobs = {
        "way": {"one": WAYS["one for all"], "L1": AT_ONCE},
        "strength": {"none": {"strength": 0.0}, "-": {"strength": None}},
    }
    shown = explore(study, knobs=knobs, metrics=["file"])
    assert shown.values["L1", "none"] == {"file": None}
    assert shown.values["L1", "-"]["file"].value > 0
    assert "What was never run is not offered" in shown.note


def test_the_note_says_where_figures_come_from(study):
    knobs = {"strength": {x: {"strength": x} for x in (0.0, 0.003)}}
    knobs["scope"] = "scope"
    note = explore(study, knobs=knobs, note="And more.").note
    assert "study slimming" in note and "3 seeds" in note
    assert "10,000 test images" in note and note.endswith("And more.")
    assert "never run" not in note


def test_the_note_says_what_a_bound_is_and_which_claims_are_corrected(study):
    knobs = {"strength": {x: {"strength": x} for x in (0.0, 0.003)}}
    knobs["scope"] = "scope"
    note = explore(study, knobs=knobs).note
    assert "the largest of all seeds', and not corrected" in note
    assert "drop is below 0.5 pp are corrected by Holm's method" in note
    assert "bound" not in explore(study, knobs=knobs, metrics=["drop"]).note
    claimed_nothing = dataclasses.replace(study, claims=[])
    note = explore(claimed_nothing, knobs=knobs).note
    assert "not corrected" in note and "Holm" not in note


def test_a_tuple_is_any_of_its_values(study):
    wanted = {"strength": (0.003, 7.0), "scope": "global"}
    assert study.one(**wanted).settings["strength"] == 0.003


def test_gains_are_paired_by_seed(study):
    def dense(setting):
        return study.beside(setting, method="float")

    knobs = {"strength": {x: {"strength": x} for x in (0.0, 0.003)}}
    knobs["scope"] = "scope"
    shown = explore(study, knobs=knobs, metrics=["drop"], over={"all": dense})
    assert [x.header for x in shown.metrics[1:]] == ["gain over all (pp)"]
    for readings in shown.values.values():
        drop, gain = readings["drop"], readings["gain over all"]
        assert gain == pytest.approx((-drop.value, -drop.high, -drop.low))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"metrics": ["speed"]}, "metrics must be one of accuracy, .*'speed'"),
        ({"knobs": {"k": "bits"}}, "k must be a setting .* got 'bits'"),
        (
            {"knobs": {"k": {**WAYS, "x": {"method": "slim"}}}},
            "slimming must have one setting|must have been run, got 'x'",
        ),
        ({"knobs": {"k": WAYS}}, "slimming must have one setting with"),
    ],
)
def test_wrong_wishes_are_refused(study, changes, message):
    with pytest.raises(ValueError, match=message):
        explore(study, **changes)


def test_devices_show_what_the_ledger_says():
    dense = models.LeNet300()
    masks = pruning.magnitude_masks(dense, 0.9)
    sparse = pruning.store_sparse(pruning.apply_masks(dense, masks))
    versions = {("dense", 0): dense, ("stored sparse", 90): sparse}
    shown = explore_devices(
        "What it buys",
        versions=versions,
        knobs=["form", "removed (%)"],
        devices=["stm32h743", "raspberry_pi_5"],
        family="pruning",
    )
    assert list(shown.knobs) == ["form", "removed (%)", "device"]
    assert set(shown.values["dense", 90, "STM32H743"].values()) == {None}
    for key, model in versions.items():
        costs = hardware.ledger(model, devices=["stm32h743"])
        found = shown.values[*key, "STM32H743"]
        assert f"time ({LOWER_BOUND})" in found
        assert found["… overhead"] is None
        shares = [found[f"… {x}"].value for x in ("arithmetic", "memory")]
        assert sum(shares) == pytest.approx(100)
        assert [found[x].value for x in (*list(found)[:3], "energy")] == [
            costs.num_bytes / 1000,
            costs.macs / 1000,
            costs.modelled[0].time_ms,
            costs.modelled[0].energy.total_uj,
        ]


def test_the_recording_machine_has_an_overhead(students):
    """It is a device unless devices are chosen; its parts make up its time."""
    shown = explore_devices("What does it cost?", versions=students)
    assert shown.knobs["device"][-1] == "recording machine"
    for width, device in shown.values:
        parts = [shown.values[width, device][f"… {x}"] for x in PARTS_OF_TIME]
        assert (parts[0] is None) == (device != "recording machine")
        known = sum(part.value for part in parts if part)
        assert known == pytest.approx(100)
    assert "elsewhere it is not known, and not counted" in shown.note


@pytest.fixture(scope="module")
def students():
    return {width: models.perceptron(width) for width in (3, 2)}


def test_accuracy_stands_beside_what_the_ledger_says(students):
    plain, scored = (
        explore_devices("How small?", versions=students, **more)
        for more in ({}, {"accuracy": {3: (90.5, 90.0, 91.0)}, "note": "Five."})
    )
    for (width, device), costs in plain.values.items():
        reading, *rest = scored.values[width, device].values()
        assert rest == list(costs.values())
        assert reading == ((90.5, 90.0, 91.0) if width == 3 else None)
    assert scored.note == f"{plain.note} Five."


def test_a_measured_time_stands_next_to_the_modelled_one(students):
    times = RecordedTimes(ms={3: 0.25}, conditions="a stopwatch")
    shown = explore_devices("Fast?", versions=students, measured=times)
    names = [metric.name for metric in shown.metrics]
    assert names.index("time (measured elsewhere)") == 2
    assert names[3].startswith("time (") and len(names) == 8
    for (width, _), found in shown.values.items():
        reading = found["time (measured elsewhere)"]
        assert reading == ((0.25,) * 3 if width == 3 else None)
    assert "Measured elsewhere: a stopwatch." in shown.note
    late = RecordedTimes(ms={30: 0.25}, conditions="a stopwatch")
    with pytest.raises(ValueError, match="one of 3, 2; got 30"):
        explore_devices("Fast?", versions=students, measured=late)


def test_accuracy_of_no_version_is_refused(students):
    message = "accuracy must be one of 3, 2; got 30"
    with pytest.raises(ValueError, match=message):
        explore_devices("?", versions=students, accuracy={30: 90.0})


def test_widgets_do_without_torch():
    code = "import sys, mini_compress.widgets; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_the_margin_of_the_study_is_marked(study):
    shown = explore(study)
    accuracy, drop, bound, file = shown.metrics
    assert drop.line == bound.line == study.margin == 0.5
    whole = study.one(method="float").accuracy.mean
    assert accuracy.line == pytest.approx(whole - 0.5, abs=0.005)
    assert file.line is None and shown.scales[1].near in (None, 0)


def test_networks_of_several_accuracies_have_no_one_baseline():
    networks = {x: {"network": x, "method": "float"} for x in NETWORKS}
    shown = explore_results(
        studies.load("post_training_quantization"),
        "?",
        knobs={"network": networks},
        metrics=["accuracy"],
    )
    assert shown.metrics[0].baseline is None
