"""A folder of what is done, in which each outcome has the name of its origin.

An outcome lies under a digest of everything that it depends on: network,
images, teacher, versions and all steps so far. So recipes that begin alike
share their beginning, whoever runs them, and nothing that has changed is ever
taken for what it was.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .._files import write_beside
from .._version import __version__
from ..artifact.header import read_header
from ..datasets import Dataset
from .outcomes import Outcome
from .recipes import Step, asks_teacher

RECORD, NETWORK = "record.json", "network.safetensors"


class Store:
    """Outcomes of one network and one data set, in a folder or nowhere.

    folder : may be shared by any number of networks, recipes and processes
    origin : what all of the outcomes depend on, see `origin_of`
    """

    def __init__(self, folder: Path | None, origin: Mapping[str, str]) -> None:
        self.folder, self.origin = folder, dict(origin)

    def _place(self, steps: Sequence[Step]) -> Path:
        assert self.folder is not None  # noqa: S101, callers have asked
        origin = {**self.origin}
        if not asks_teacher(steps):
            del origin["teacher"]
        text = json.dumps([origin, _listed(steps)], sort_keys=True)
        return self.folder / hashlib.sha256(text.encode()).hexdigest()[:20]

    def find(self, steps: Sequence[Step]) -> Outcome | None:
        """Return the outcome after these steps, None if it is not there."""
        if self.folder is None or not (self._place(steps) / RECORD).exists():
            return None
        place = self._place(steps)
        record = _read(place / RECORD)
        try:
            data = (place / NETWORK).read_bytes()
            found = Outcome(
                step=steps[-1], data=data, reused=True, **record["outcome"]
            )
            read_header(data, NETWORK)  # and its checksum
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise ValueError(
                f"{place} must hold an outcome, got {error}: delete it, and "
                "the step is taken again"
            ) from None
        return found

    def add(self, steps: Sequence[Step], outcome: Outcome) -> None:
        """Write an outcome down; it is there once its record is."""
        if self.folder is None or self.find(steps) is not None:
            return
        place = self._place(steps)
        with write_beside(place / NETWORK) as unfinished:
            unfinished.write_bytes(outcome.data)
        figures = asdict(replace(outcome, step=None, data=b""))
        for name in ("step", "data", "reused"):
            del figures[name]
        record = {
            "origin": self.origin,
            "steps": _listed(steps),
            "outcome": figures,
        }
        with write_beside(place / RECORD) as unfinished:
            unfinished.write_text(json.dumps(record, indent=1))

    def why_not(self, steps: Sequence[Step]) -> str:
        """Say why the outcome after these steps is not in the folder.

        returns : empty where there is nothing to compare with
        """
        if self.folder is None:
            return ""
        *before, _ = wanted = _listed(steps)
        near = set()
        for record in self._records():
            other = record["origin"]
            changed = [x for x, y in self.origin.items() if other.get(x) != y]
            if changed and len(wanted) == 1:
                near.add(f"another {' and another '.join(changed)}")
            elif not changed and record["steps"][:-1] == before:
                entry = dict(record["steps"][-1])
                near.add(str(Step(entry.pop("step"), **entry)))
        if not near:
            return ""
        return f"the folder has {' and '.join(sorted(near))} there"

    def _records(self) -> Iterator[dict[str, Any]]:
        assert self.folder is not None  # noqa: S101, callers have asked
        for path in sorted(self.folder.glob(f"*/{RECORD}")):
            yield _read(path)


def origin_of(
    model: nn.Module, data: Dataset, teacher: nn.Module | None
) -> dict[str, str]:
    """Name all that outcomes depend on, steps aside, by digests.

    What the code of a network's class computes is not looked into.
    """
    images = (data.train, data.validation)
    return {
        "network": _digest(_parts(model)),
        "data set": _digest(
            [data.name, *(y for x in images for y in (x.pixels, x.labels))]
        ),
        "teacher": "" if teacher is None else _digest(_parts(teacher)),
        "version of mini_compress": __version__,
        "version of torch": torch.__version__,
    }


def _parts(model: nn.Module) -> Iterator[Tensor | str | None]:
    """List what tells a network from another."""
    yield f"{type(model).__module__}.{type(model).__qualname__} {model}"
    yield str(getattr(model, "trained_on", None))
    for name, tensor in model.state_dict(keep_vars=True).items():
        yield f"{name} {tensor.requires_grad}"
        yield tensor


def _digest(parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Tensor):
            values = part.detach().cpu().contiguous()
            digest.update(f"{values.dtype} {tuple(values.shape)}".encode())
            digest.update(values.reshape(-1).view(torch.uint8).numpy().data)
        else:
            digest.update(f"{part!r}".encode())
    return digest.hexdigest()[:20]


def _listed(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{"step": x.name, **x.settings} for x in steps]


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(
            f"{path} must be JSON, got {error}: delete {path.parent}, and the "
            "step is taken again"
        ) from None
