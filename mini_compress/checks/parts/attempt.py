"""How a check judges an answer, and how it says what is wrong with it.

A check is a list of properties. Each is printed once it holds; at the first
that does not, `CheckFailed` names the property, the input, what was expected
and what came back.
"""

import copy
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any, NoReturn

import numpy as np

from ..._unwritten import describe_unwritten, is_unwritten
from .texts import explain, indent, show
from .values import as_plain_array, is_same

__all__ = ["Attempt", "CheckFailed", "show"]

LABEL = 10  # columns for the words at the left of a message
REAL = "biuf"  # kinds of dtype that hold real numbers


class CheckFailed(Exception):  # noqa: N818, a verdict and not an error
    """An answer lacks a property; the message says which, and on what input.

    Jupyter and IPython show the message alone, Python its traceback too.
    """

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


class Attempt:
    """A learner's answer to an exercise: a function, judged by its results.

    function : the answer
    parameters : the names of its arguments, in order

    A check of your own opens each property with `must` and calls the answer
    inside of it. The first argument of `expect` is the right result.

    >>> def check_halves(function):
    ...     attempt = Attempt(function, "x")
    ...     x = np.array([1, -2, 4], np.float32)
    ...     with attempt.must("halves are float32 and have the shape of x"):
    ...         attempt.require_form(attempt.call(x), (3,), np.float32)
    ...     with attempt.must("each number is halved", "Divide by 2."):
    ...         attempt.expect(x / 2, x)
    >>> check_halves(lambda x: x / 2)
    passed: halves are float32 and have the shape of x
    passed: each number is halved
    """

    def __init__(self, function: Callable, *parameters: str) -> None:
        if not callable(function):
            raise CheckFailed(
                "A check takes the function itself, without calling it; "
                f"got {show(function)}"
            )
        self.name = getattr(function, "__name__", "the function")
        self._function = function
        self._parameters = parameters
        self._property = ""
        self._hint = ""
        self._input = ""

    @contextmanager
    def must(self, says: str, hint: str = "") -> Iterator[None]:
        """Open a property; it is printed when the block ends without failure.

        says : the property, as a sentence without a full stop
        hint : what to look at if it does not hold
        """
        self._property, self._hint, self._input = says, hint, ""
        yield
        print(f"passed: {says}")

    def call(self, *arguments: Any) -> Any:
        """Return the answer to copies of the arguments, which it must keep."""
        named = list(zip(self._parameters, arguments, strict=True))
        self._input = "\n".join(
            f"{name} = {indent(show(value), len(name) + 3)}"
            for name, value in named
        )
        given = copy.deepcopy(arguments)
        self._require_signature(given)
        result = self._run(given)
        for (name, before), after in zip(named, given, strict=True):
            if not is_same(before, after):
                self.fail(
                    f"{name} as it was, to be used again",
                    f"{name} = {show(after)}",
                    hint=f"Make a new one: `{name}` belongs to the caller.",
                )
        if result is None:
            self.fail("a result", "None", hint="Is there a `return`?")
        return result

    def call_for(self, parts: Sequence[str], *arguments: Any) -> list[Any]:
        """Call the answer, which must return these parts, in order."""
        result = self.call(*arguments)
        is_row = isinstance(result, tuple | list) or np.ndim(result) > 0
        if not is_row or len(result) != len(parts):
            got = f"{type(result).__name__}: {show(result)}"
            self.fail(f"{len(parts)} results: {', '.join(parts)}", got)
        return list(result)

    def expect(
        self, expected: np.ndarray, *arguments: Any, tolerance: Any = 0
    ) -> None:
        """Call the answer; its result must be `expected`.

        expected : array of the right shape, dtype and values
        tolerance : how far values may be off, a number or an array; 0: equal
        """
        got = self.call(*arguments)
        got = self.require_form(got, expected.shape, expected.dtype)
        self.require_close(got, expected, tolerance)

    def require_form(
        self, got: Any, shape: tuple[int, ...], dtype: Any = None
    ) -> np.ndarray:
        """Return a result as a plain array; it must have this shape and dtype.

        got : an array; or a tensor of torch or nested lists, which become one
        dtype : None for any real numbers

        Lists have no dtype: theirs is right if the cast loses nothing. A wider
        dtype of the same kind, such as int64 for int8, is cast if every integer
        fits. Arrays of a class of their own are refused: a masked one equals
        everything.
        """
        kind = "" if dtype is None else f", {np.dtype(dtype)}"
        expected = f"a numpy array{kind} of shape {shape}"
        array = as_plain_array(got, dtype)
        if array is None or array.dtype.kind not in REAL:
            self.fail(
                expected,
                f"{type(got).__name__}: {show(got)}",
                hint="Return a plain array: `np.asarray(result)` makes one, "
                "and so does `.numpy()` of a tensor.",
            )
        is_right = array.dtype == (dtype or array.dtype)
        if array.shape != shape or not is_right:
            hint = ""
            if array.shape == shape:
                cast = f"`np.asarray(result, np.{np.dtype(dtype)})`"
                hint = f"Only the dtype differs: {cast} casts it."
            got = f"{array.dtype} of shape {array.shape}"
            self.fail(expected, got, hint=f"{hint} {self._hint}".strip())
        return array

    def require_close(
        self, got: np.ndarray, expected: np.ndarray, tolerance: Any
    ) -> None:
        """Refuse values that are further off than the tolerance."""
        if got.shape != expected.shape:
            self.fail(f"shape {expected.shape}", f"shape {got.shape}")
        wide = np.float64 if expected.dtype.kind == "f" else np.int64
        with np.errstate(invalid="ignore"):  # infinity minus infinity
            error = np.abs(got.astype(wide) - expected.astype(wide))
        wrong = ~(error <= tolerance)  # NaN is wrong too
        if wrong.any():
            index = np.unravel_index(wrong.argmax(), wrong.shape)
            self.fail(
                show(expected),
                show(got),
                where=f"{wrong.sum()} of {wrong.size} differ, the first at "
                f"[{', '.join(map(str, index))}]: expected "
                f"{expected[index]}, got {got[index]}",
            )

    def fail(
        self,
        expected: str,
        got: str,
        *,
        where: str = "",
        hint: str = "",
        cause: BaseException | None = None,
    ) -> NoReturn:
        """Raise CheckFailed about the property that is open.

        where : which values are wrong
        hint : instead of the property's own
        cause : what was raised, of which that hint knows nothing
        """
        lines = [f"failed: {self._property}", ""]
        for label, text in [
            ("answer", self.name),
            ("input", self._input),
            ("expected", expected),
            ("got", got),
            ("where", where),
            ("hint", hint or ("" if cause else self._hint)),
        ]:
            if text:
                lines.append(f"  {label:{LABEL}}{indent(text, LABEL + 2)}")
        raise CheckFailed("\n".join(lines)) from cause

    def _require_signature(self, arguments: tuple[Any, ...]) -> None:
        try:
            signature = inspect.signature(self._function)
        except ValueError:  # some built-in functions have none
            return
        try:
            signature.bind(*arguments)
        except TypeError:
            wanted = f"a function of ({', '.join(self._parameters)})"
            self.fail(wanted, f"a function of {signature}")

    def _run(self, arguments: tuple[Any, ...]) -> Any:
        """Call the function; explain what it raises.

        Nothing goes to stderr: nbgrader takes a cell that writes there for
        one that failed.
        """
        try:
            with warnings.catch_warnings(), redirect_stderr(sys.stdout):
                warnings.simplefilter("ignore")
                return self._function(*arguments)
        except (Exception, SystemExit) as error:
            if is_unwritten(error):
                raise CheckFailed(describe_unwritten(self.name)) from error
            self.fail("a result", explain(error, self._function), cause=error)
