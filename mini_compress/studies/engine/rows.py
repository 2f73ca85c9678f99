"""The rows of a result: what one run of a study found.

A row is a network whose answers are right or wrong, or a time. A score of
another kind, as the perplexity of a language model is, has no row yet.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ..._require import require_equal, require_int, require_number
from ...measuring import Comparison

FLOAT = "float"  # the method of a baseline's row


@dataclass(frozen=True)
class Row:
    """A network scored on the n test images of its data set.

    settings : of the method, for example {"bits": 4}
    seed : of the float32 baseline that the method started from
    correct : number of images classified correctly
    b : images that the same seed's baseline has right and this network wrong
    c : images that the baseline has wrong and this network right
    num_bytes : length of the network's file
    macs : multiply-accumulates for one image
    total_epochs : all that the network was trained for, its baseline included
    seconds : of processor time that the run took; the baseline was trained
        before and is not in them
    wrong : a bit for each image, 1 where the network has it wrong, packed
        eight to a byte; empty where the images were not kept
    """

    network: str
    dataset: str
    method: str
    settings: Mapping[str, Any]
    seed: int
    n: int
    correct: int
    b: int
    c: int
    num_bytes: int
    macs: int
    total_epochs: int
    seconds: float
    wrong: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        require_text("network", self.network)
        require_text("dataset", self.dataset)
        _require_run(self)
        require_int("n", self.n, 1)
        require_int("correct", self.correct, 0, self.n)
        require_int("b", self.b, 0, self.n - self.correct)
        require_int("c", self.c, 0, self.correct)
        require_int("num_bytes", self.num_bytes, 1)
        require_int("macs", self.macs, 1)
        require_int("total_epochs", self.total_epochs, 0)
        require_number("seconds", self.seconds, 0)
        if self.wrong:
            bits = self.unpack()
            require_equal("ones in wrong", self.n - self.correct, bits.sum())

    def unpack(self) -> np.ndarray:
        """Return which images the network has wrong, as (n,) bool.

        That the images were not kept is a ValueError.
        """
        if not self.wrong:
            raise ValueError(
                "images of a row must be kept to be paired, got none: "
                "results/NAME.npz must lie beside NAME.json"
            )
        require_equal("bytes of wrong", -(-self.n // 8), len(self.wrong))
        packed = np.frombuffer(self.wrong, np.uint8)
        return np.unpackbits(packed, count=self.n).astype(bool)

    @property
    def accuracy(self) -> float:
        """Share of the images classified correctly, in percent."""
        return 100 * self.correct / self.n

    @property
    def comparison(self) -> Comparison:
        """The network against its own baseline, image by image."""
        return Comparison(lost=self.b, gained=self.c, n=self.n)

    def __str__(self) -> str:
        return f"{self.accuracy:.2f} %, {self.seconds:.1f} s"


@dataclass(frozen=True)
class TimingRow:
    """A network, or a kernel by itself, timed on one thread.

    network, dataset : empty where a kernel is timed by itself
    settings : of the method, and the batch or the shape
    kernel : what ran, in words
    repeats : how many calls were timed
    median_ms, min_ms, max_ms : of one call, in milliseconds
    macs : multiply-accumulates of one call; 0 where nothing is multiplied
    seconds : of processor time that the run took
    """

    network: str
    dataset: str
    method: str
    settings: Mapping[str, Any]
    seed: int
    kernel: str
    repeats: int
    median_ms: float
    min_ms: float
    max_ms: float
    macs: int
    seconds: float

    def __post_init__(self) -> None:
        for name in ("network", "dataset"):
            if getattr(self, name) != "":
                require_text(name, getattr(self, name))
        _require_run(self)
        require_text("kernel", self.kernel)
        require_int("repeats", self.repeats, 1)
        require_number("min_ms", self.min_ms, 0)
        require_number("median_ms", self.median_ms, self.min_ms)
        require_number("max_ms", self.max_ms, self.median_ms)
        require_int("macs", self.macs, 0)
        require_number("seconds", self.seconds, 0)

    def __str__(self) -> str:
        return f"{self.median_ms:.3g} ms by {self.kernel}"


AnyRow = Row | TimingRow


def read_row(facts: Any, name: str = "row") -> AnyRow:
    """Make a row of what a file holds; say what is wrong with it if it is.

    facts : the fields of `Row` or those of `TimingRow`, no more, no fewer;
        `wrong`, in base 64, may be absent
    name : what error messages call it
    """
    if not isinstance(facts, dict):
        raise TypeError(f"{name} must be a table, got {type(facts).__name__}")
    kind = TimingRow if "kernel" in facts else Row
    expected = [field.name for field in fields(kind)]
    require_keys(name, {"wrong": ""} | facts, [*expected, "wrong"])
    try:
        return kind(**facts | _decoded(facts))
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None


def _decoded(facts: dict[str, Any]) -> dict[str, Any]:
    if "wrong" not in facts:
        return {}
    return {"wrong": base64.b64decode(facts["wrong"], validate=True)}


def write_row(row: AnyRow, *, images: bool = False) -> dict[str, Any]:
    """Return the row's fields, as JSON can hold them.

    images : also which of them are wrong, in base 64
    """
    facts = dict(vars(row))
    wrong = facts.pop("wrong", b"")
    if images and wrong:
        facts["wrong"] = base64.b64encode(wrong).decode()
    return facts


def require_keys(
    name: str, facts: dict[str, Any], expected: Sequence[str]
) -> None:
    """Refuse a table that lacks a key or has one too many."""
    missing = [key for key in expected if key not in facts]
    unknown = [key for key in facts if key not in expected]
    if missing or unknown:
        got = [f"no {', '.join(missing)}"] * bool(missing)
        got += [f"the unknown {', '.join(map(str, unknown))}"] * bool(unknown)
        raise ValueError(
            f"{name} must have the keys {', '.join(expected)}; "
            f"got {' and '.join(got)}"
        )


def _require_run(row: AnyRow) -> None:
    """Check the fields that name a run."""
    require_text("method", row.method)
    if not isinstance(row.settings, dict):
        got = type(row.settings).__name__
        raise TypeError(f"settings must be a table, got {got}")
    for name, value in row.settings.items():
        if not isinstance(value, str | int | float | None):
            got = type(value).__name__
            raise TypeError(
                f"setting {name!r} must be a word or a number, got {got}"
            )
    require_int("seed", row.seed, 0)


def require_text(name: str, value: Any) -> None:
    """Refuse anything but a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} must be a text, got {value!r}")
