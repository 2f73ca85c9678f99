"""A whole network on integer codes, from pixels to logits.

The steps stand in the order in which they run. Each has a name, which is that
of the layer of the float network it was made from, and reads what earlier ones
gave.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .._require import require_equal, require_int, require_text
from ..kernels.affine import AffineParams
from .base import InferenceModule
from .grids import require_codes, same_grid, to_real
from .integer_base import IntegerOperation, QuantizeInput
from .requantized import RequantizedLayer

AT_ONCE = 100  # images; with more, what a step gives leaves the cache
MOST_STEPS = 10_000  # no file asks for more


class Step(NamedTuple):
    """An operation, and the numbers of the steps that it reads.

    name : such as "features.0"; the operation is the submodule of that name
    reads : numbers of earlier steps, 0 the first
    """

    name: str
    operation: IntegerOperation | RequantizedLayer
    reads: tuple[int, ...]


class IntegerNetwork(InferenceModule):
    """Operations on codes, their names and their wiring.

    steps : in the order in which they run. The first is a `QuantizeInput`, the
        only one; the last gives the logits.

    Every operation must expect the very grids that those it reads have; else
    a ValueError names it.
    """

    trained_on: str | None = None

    def __init__(self, steps: Iterable[Step]) -> None:
        super().__init__()
        steps = list(steps)
        require_int("number of steps", len(steps), 2, MOST_STEPS)
        self.wiring: tuple[tuple[str, tuple[int, ...]], ...] = tuple(
            (step.name, tuple(step.reads)) for step in steps
        )
        _require_wiring(steps)
        for step in steps:
            self._place(step.name, step.operation)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The operations with their names and what they read."""
        return tuple(
            Step(name, self.get_submodule(name), reads)  # type: ignore[arg-type]
            for name, reads in self.wiring
        )

    def grids(self) -> dict[str, AffineParams]:
        """Return the grid of each step's codes, by its name."""
        found: list[AffineParams] = []
        for _, operation, reads in self.steps:
            given = [found[i] for i in reads]
            found.append(operation.output_grid(given))
        names = [name for name, _ in self.wiring]
        return dict(zip(names, found, strict=True))

    def quantize(self, images: Tensor) -> Tensor:
        """Return the codes of images, uint8 of their shape."""
        return self.steps[0].operation(images)

    def run(self, codes: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield the name and the codes of each step, as it is computed.

        codes : (n, ...) uint8, of images: see `quantize`; what the first
            step gives
        returns : pairs for `dict`; what no later step reads is let go

        Everything is uint8 between steps.
        """
        return self.walk(codes, lambda step, *given: step.operation(*given))

    def walk(
        self, codes: Tensor, compute: Callable[..., Tensor]
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the name and the codes of each step, computed in some way.

        codes : as for `run`
        compute : (step, codes of each step that it reads) -> its codes
        """
        first, *others = self.steps
        require_codes(codes, first.operation.output_grid(()))
        last_reader = {
            i: number
            for number, step in enumerate(others, 1)
            for i in step.reads
        }
        given = {0: codes}
        yield first.name, codes
        for number, step in enumerate(others, 1):
            try:
                made = compute(step, *(given[i] for i in step.reads))
            except (TypeError, ValueError, RuntimeError) as error:
                raise ValueError(f"step {step.name!r}: {error}") from error
            given[number] = made
            yield step.name, made
            for i in set(step.reads):
                if last_reader[i] == number:
                    del given[i]

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Map images, (n, ...) float32, to logits, (n, classes) float32."""
        return self.logits(images, self.run)

    def logits(
        self,
        images: Tensor,
        run: Callable[[Tensor], Iterator[tuple[str, Tensor]]],
    ) -> Tensor:
        """Return what the last codes of a run stand for, batch by batch."""
        *_, params = self.grids().values()
        last = []
        for part in images.split(AT_ONCE):
            *_, (_, codes) = run(self.quantize(part))
            last.append(codes)
        return to_real(torch.cat(last), params)

    def require_valid(self) -> None:
        """Refuse operations that expect other grids than they are given."""
        grids = list(self.grids().values())
        for step in self.steps:
            given = [grids[i] for i in step.reads]
            wanted = getattr(step.operation, "x_params", given)
            for number, one, other in zip(
                step.reads, wanted, given, strict=True
            ):
                if not same_grid(one, other):
                    source = self.wiring[number][0]
                    raise ValueError(
                        f"{step.name!r} must be made for what {source!r} "
                        f"gives, got another grid: {one} and {other}"
                    )

    def extra_repr(self) -> str:
        """Show the wiring where it is not that of a chain."""
        return "\n".join(
            f"{name} reads {', '.join(self.wiring[i][0] for i in reads)}"
            for number, (name, reads) in enumerate(self.wiring)
            if number and reads != (number - 1,)
        )

    def _place(self, name: str, operation: nn.Module) -> None:
        """Make an operation the submodule of its name, in folders."""
        folder: nn.Module = self
        *path, last = name.split(".")
        for part in path:
            if part not in folder._modules:
                _add(folder, part, nn.Module(), name)
            folder = folder._modules[part]  # type: ignore[assignment]
            if type(folder) is not nn.Module:
                raise ValueError(
                    f"names of steps must not lie within others, got {name!r}"
                )
        _add(folder, last, operation, name)


def is_reserved(part: str) -> bool:
    """Say whether a part of a step's name would hide what modules have.

    >>> is_reserved("conv1"), is_reserved("run"), is_reserved("training")
    (False, True, True)
    """
    return hasattr(IntegerNetwork, part) or hasattr(nn.Module(), part)


def _add(folder: nn.Module, part: str, module: nn.Module, name: str) -> None:
    """Add a submodule; its name must be a new one, and no method's."""
    try:
        if part in folder._modules:
            raise KeyError("another step has it")
        folder.add_module(part, module)
    except KeyError as error:
        raise ValueError(
            f"names of steps must be free, got {name!r}: {error.args[0]}"
        ) from None


def _require_wiring(steps: Sequence[Step]) -> None:
    """Refuse names that clash and steps that read what is not there yet."""
    for number, (name, operation, reads) in enumerate(steps):
        require_text("name of a step", name)
        if not isinstance(operation, IntegerOperation | RequantizedLayer):
            got = type(operation).__name__
            raise TypeError(f"step {name!r} must be on codes, got {got}")
        if isinstance(operation, QuantizeInput) != (number == 0):
            raise ValueError(
                "the first step and no other must be a QuantizeInput, got "
                f"{type(operation).__name__} at {name!r}"
            )
        inputs = f"number of inputs of {name!r}"
        require_equal(inputs, operation.num_inputs, len(reads))
        for source in reads:
            require_int(f"step that {name!r} reads", source, 0, number - 1)
