"""What a check says, and how it is shown."""

import io
import subprocess
import sys
import warnings
from contextlib import redirect_stdout

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from torch import nn

from mini_compress.checks.parts.attempt import Attempt, CheckFailed, show


def double(function):
    """Check a function that doubles an array."""
    attempt = Attempt(function, "x", "times")
    with attempt.must("doubles are doubles", hint="Add x to itself."):
        x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
        attempt.expect(2 * x, x, 2, tolerance=0.25)


def message_of(function):
    with pytest.raises(CheckFailed) as caught:
        double(function)
    return str(caught.value)


def test_what_holds_is_printed(capsys):
    double(lambda x, times: x * times + np.float32(0.25))
    assert capsys.readouterr().out == "passed: doubles are doubles\n"


def test_message_names_property_input_expected_and_got():
    def answer(x, times):
        return x + np.float32(1)

    assert message_of(answer) == (
        "failed: doubles are doubles\n"
        "\n"
        "  answer    answer\n"
        "  input     x = [[1. 2.]\n"
        "                 [3. 4.]]\n"
        "            times = 2\n"
        "  expected  [[2. 4.]\n"
        "             [6. 8.]]\n"
        "  got       [[2. 3.]\n"
        "             [4. 5.]]\n"
        "  where     3 of 4 differ, the first at [0, 1]: "
        "expected 4.0, got 3.0\n"
        "  hint      Add x to itself."
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2.26])
def test_values_beyond_the_tolerance_are_wrong(value):
    def answer(x, times):
        return np.where(x == 1, np.float32(value), times * x)

    assert "where     1 of 4 differ, the first at [0, 0]" in message_of(answer)


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (lambda x, times: None, "got       None"),
        (lambda x, times: [2.0], "got       float32 of shape (1,)"),
        (lambda x, times: [[0.1, 2], [3, 4]], "got       float64 of shape"),
        (lambda x, times: [[1], [1, 2]], "got       list: [[1], [1, 2]]"),
        (lambda x, times: "1234", "got       str: '1234'"),
        (lambda x, times: x.astype(object), "got       ndarray: [[1.0 2.0]"),
        (lambda x, times: np.ma.array(2 * x), "got       MaskedArray: [["),
        (lambda x, times: 2 * x[0], "got       float32 of shape (2,)"),
        (lambda x, times: np.half(2 * x), "got       float16 of shape"),
        (lambda x, times: torch.ones(2), "got       float32 of shape (2,)"),
        (lambda x, times: torch.ones(2).bfloat16(), "got       Tensor: tens"),
        (lambda x: x, "got       a function of (x)"),
        (lambda: 1, "expected  a function of (x, times)"),
    ],
)
def test_results_of_the_wrong_form_are_named(answer, got):
    assert got in message_of(answer)


def test_where_only_the_dtype_differs_the_cast_is_shown():
    said = message_of(lambda x, times: 2 * x.astype(int))
    assert said.endswith(
        "hint      Only the dtype differs: `np.asarray(result, np.float32)` "
        "casts it. Add x to itself."
    )
    said = message_of(lambda x, times: 2 * x[0].astype(int))
    assert said.endswith("hint      Add x to itself.")


def test_wider_numbers_count_where_they_fit():
    double(lambda x, times: 2.0 * x.astype(np.float64))
    attempt = Attempt(lambda x: x, "x")
    with attempt.must("codes"):
        attempt.expect(np.array([1, -2], np.int8), np.array([1, -2]))
        with pytest.raises(CheckFailed, match="int64 of shape"):
            attempt.expect(np.array([44], np.int8), np.array([300]))
        with pytest.raises(CheckFailed, match="int8 of shape"):
            attempt.expect(np.array([1]), np.array([1], np.int8))


@pytest.mark.parametrize("given", [None, 3, [1, 2]])
def test_a_result_in_place_of_the_function_is_refused(given):
    assert "takes the function itself" in message_of(given)


@pytest.mark.parametrize(
    "answer", [3.0, [1], [1, 2, 3], {1: 2, 3: 4}, np.float32(1)]
)
def test_so_many_results_are_asked_for(answer):
    attempt = Attempt(lambda: answer)
    with (
        pytest.raises(CheckFailed, match="2 results: scale, zero_point"),
        attempt.must("come in twos"),
    ):
        attempt.call_for(("scale", "zero_point"))


@pytest.mark.parametrize("answer", [(1, 2), [1, 2], np.array([1, 2])])
def test_results_come_in_any_row(answer):
    attempt = Attempt(lambda: answer)
    assert attempt.call_for(("scale", "zero_point")) == [1, 2]


def test_a_stub_is_not_written_yet():
    def answer(x, times):
        raise NotImplementedError  # write this

    assert message_of(answer).startswith("answer is not written yet")


def test_an_error_is_shown_with_the_line_it_arose_in():
    def answer(x, times):
        y = np.zeros(3)
        return y + x  # the shapes differ

    message = message_of(answer)
    assert "got       ValueError: operands could not be broadcast" in message
    assert ": return y + x  # the shapes differ" in message


def test_an_error_of_a_library_is_no_stub():
    def answer(x, times):
        raise NotImplementedError("Could not run 'aten::add'")

    assert "got       NotImplementedError: Could not run" in message_of(answer)


@pytest.mark.parametrize(
    "given",
    [
        np.ones(3),
        torch.ones(3),
        nn.Linear(3, 1, bias=False),
    ],
    ids=["array", "tensor", "module"],
)
def test_arguments_must_stay_as_they_were(given):
    def spoil(x):
        with torch.no_grad():
            values = x.weight if isinstance(x, nn.Module) else x
            values *= 2
        return 1

    attempt = Attempt(spoil, "x")
    with pytest.raises(CheckFailed, match="x as it was"), attempt.must("kept"):
        attempt.call(given)
    attempt = Attempt(lambda x: 1, "x")
    with attempt.must("kept"):
        assert attempt.call(given) == 1


@pytest.mark.parametrize(
    "given", [[np.ones(3)], (1, np.ones(3)), {"a": [torch.ones(3)]}]
)
def test_arguments_inside_others_must_stay_too(given):
    def spoil(x):
        while not hasattr(x, "dtype"):
            x = x["a"] if isinstance(x, dict) else x[-1]
        x *= 0
        return 1

    attempt = Attempt(spoil, "x")
    with pytest.raises(CheckFailed, match="x as it was"):
        attempt.call(given)
    assert Attempt(lambda x: 1, "x").call(given) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x.pop(),
        lambda x: x.append(3),
        lambda x: x.reverse(),
        lambda x: x.__setitem__(0, "text"),
        lambda x: x[1].clear(),
    ],
)
def test_a_list_must_hold_what_it_held(spoil):
    attempt = Attempt(lambda x: spoil(x) or 1, "x")
    with pytest.raises(CheckFailed, match="x as it was"):
        attempt.call([1, {"a": 2}])


def test_a_result_that_cannot_be_shown_is_refused_politely():
    class Odd:
        def __repr__(self):
            raise RuntimeError

    class OddError(Exception):
        def __str__(self):
            raise RuntimeError

    def stop(x, times):
        raise OddError

    assert "(repr of it raises RuntimeError)" in message_of(lambda *_: Odd())
    assert "(str of it raises RuntimeError)" in message_of(stop)


def test_sys_exit_is_explained():
    def answer(x, times):
        sys.exit("done")

    assert "got       SystemExit: done" in message_of(answer)


def test_long_texts_are_cut():
    def answer(x, times):
        raise ValueError("x" * 10**6)

    assert len(message_of(answer)) < 1_000
    assert len(message_of(lambda x, times: [[1], [2] * 10**6])) < 1_000


def test_a_shape_and_a_layer_must_stay_too():
    def flatten(x):
        x.shape = (-1,)
        return 1

    def replace(x):
        x.bias = nn.Parameter(torch.ones(1))
        return 1

    linear = nn.Linear(3, 1, bias=False)
    for function, given in [(flatten, np.ones((2, 3))), (replace, linear)]:
        attempt = Attempt(function, "x")
        with pytest.raises(CheckFailed, match="x as it was"):
            attempt.call(given)


def test_nothing_goes_to_stderr(capsys):
    def answer(x, times):
        warnings.warn("careful", stacklevel=1)
        print("progress", file=sys.stderr)
        return 2 * x + np.float32(0) * np.log(np.zeros(1, np.float32) + 1)

    double(answer)
    captured = capsys.readouterr()
    assert captured.out == "progress\npassed: doubles are doubles\n"
    assert captured.err == ""


def test_a_keyboard_interrupt_is_not_caught():
    def answer(x, times):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        double(answer)


def test_functions_without_a_signature_are_called():
    attempt = Attempt(max, "a", "b")
    with attempt.must("the larger one"):
        assert attempt.call(3, 5) == 5


def test_ipython_shows_the_message_alone():
    shell = InteractiveShell()
    shell.user_ns["double"] = double
    shown = io.StringIO()
    with redirect_stdout(shown):
        result = shell.run_cell("double(lambda x, times: x)")
    assert isinstance(result.error_in_exec, CheckFailed)
    assert shown.getvalue().startswith("failed: doubles are doubles\n")
    assert "Traceback" not in shown.getvalue()


def test_python_shows_a_traceback():
    code = (
        "from mini_compress.checks.uniform_quantization import choose\n"
        "choose(lambda low, high, quant_min, quant_max: (0.0, 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Traceback (most recent call last):" in done.stderr
    assert "CheckFailed: failed: a scale and a zero" in done.stderr


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.arange(1000), "[  0   1   2 ... 997 998 999]"),
        (np.float32(0.5), "0.5"),
        (torch.tensor([1, 2]), "tensor([1, 2])"),
        ("short", "'short'"),
        (["x"] * 100, "['x', 'x', 'x'"),
        (nn.Linear(1, 2), "Linear(in_features=1, out_features=2, bias=True)"),
    ],
)
def test_values_are_shown_in_short(value, text):
    assert show(value).startswith(text)
    assert len(show(value)) <= 80
