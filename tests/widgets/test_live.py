"""`Explorer.live`: on a static page, and as an ipywidgets form."""

import os
import subprocess
import sys

import pytest

from mini_compress.widgets import Explorer, Metric, Picture

KNOBS = {"bits": [8, 4], "steps": ["tensor", "channel"]}
PICTURE = Picture("<svg></svg>", alt="A picture without anything in it")


def measure(bits, steps):
    if (bits, steps) == (4, "channel"):
        return {"accuracy": 94.0}, PICTURE
    return {"accuracy": 90.0 + bits}


def fail(bits, steps):
    raise NotImplementedError(f"{bits} bits are not done yet")


def live(function=measure, **changes):
    return Explorer.live(
        function,
        "Mine",
        **{"knobs": KNOBS, "metrics": [Metric("accuracy", "%")], **changes},
    )


@pytest.fixture
def static(monkeypatch):
    monkeypatch.setenv("MINI_COMPRESS_VIEW", "static")


@pytest.fixture
def running(monkeypatch):
    monkeypatch.delenv("MINI_COMPRESS_VIEW", raising=False)


def test_a_static_page_shows_every_setting(static):
    shown = live(default=(4, "tensor"))
    assert type(shown) is Explorer
    assert shown.default == (4, "tensor")
    found = {s: r["accuracy"].value for s, r in shown.values.items()}
    assert found == {
        (8, "tensor"): 98.0,
        (8, "channel"): 98.0,
        (4, "tensor"): 94.0,
        (4, "channel"): 94.0,
    }
    assert shown.pictures == {(4, "channel"): PICTURE}


def test_a_static_page_shows_the_fallback_without_a_call(static):
    fallback = live()
    assert live(fail, fallback=fallback) is fallback


def test_a_static_page_raises_the_error(static):
    with pytest.raises(NotImplementedError, match="8 bits are not done yet"):
        live(fail)


def test_a_static_page_does_without_ipywidgets():
    code = (
        "import sys; sys.modules['ipywidgets'] = None\n"
        "from mini_compress.widgets import Explorer, Metric\n"
        "print(Explorer.live(lambda k: {'m': k}, 't', knobs={'k': [1, 2]},"
        "metrics=[Metric('m')]).default)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command,
        env={**os.environ, "MINI_COMPRESS_VIEW": "static"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "(1,)\n"


def test_the_form_calls_the_function_as_knobs_turn(running):
    form = live(default=(8, "channel"))
    assert "98.0\xa0%" in form.result.value
    bits, steps = form.controls
    bits.value = 4
    assert "94.0\xa0%" in form.result.value
    assert "<img" in form.result.value
    steps.value = "tensor"
    assert "94.0\xa0%" in form.result.value
    assert "<img" not in form.result.value


def test_the_form_raises_the_error_and_goes_on(running):
    calls = []

    def sometimes(bits, steps):
        calls.append(bits)
        return measure(bits, steps) if bits == 8 else fail(bits, steps)

    form = live(sometimes)
    # outside a notebook an Output widget lets errors pass
    with pytest.raises(NotImplementedError, match="4 bits are not done"):
        form.controls[0].value = 4
    form.controls[0].value = 8
    assert calls == [8, 4, 8] and "98.0\xa0%" in form.result.value


def test_wrong_figures_are_refused_and_forgotten(running):
    def odd(bits, steps):
        return {"accuracy": 98} if bits == 8 else {"speed": 3}

    form = live(odd)
    with pytest.raises(ValueError, match=r"metrics of values.*'accuracy'"):
        form.controls[0].value = 4
    form.controls[0].value = 8
    assert "98.0\xa0%" in form.result.value


@pytest.mark.parametrize(
    "function, changes, error, message",
    [
        (3, {}, TypeError, "function must be callable, got int"),
        (lambda bits: 0, {}, TypeError, r"knobs bits, steps .* got \(bits\)"),
        (measure, {"knobs": {}}, ValueError, "knobs must be 1 to 3, got 0"),
        (measure, {"metrics": []}, ValueError, "metrics must be 1 or more"),
        (measure, {"default": 5}, ValueError, "default must be a setting"),
    ],
)
@pytest.mark.parametrize("view", ["static", ""])
def test_wrong_arguments_are_refused_before_a_call(
    monkeypatch, view, function, changes, error, message
):
    monkeypatch.setenv("MINI_COMPRESS_VIEW", view)
    with pytest.raises(error, match=message):
        live(function, **changes)


def test_a_missing_extra_is_named(running, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ModuleNotFoundError, match=r"mini_compress\[lab\]"):
        live()
