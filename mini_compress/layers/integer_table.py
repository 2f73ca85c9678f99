"""A function of one number, looked up in a table of codes."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .._require import require_one_of
from ..kernels import tables
from .integer_base import Regridded

# by the name under which files know them
FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    function.__name__: function
    for function in (
        *(tables.relu, tables.relu6, tables.leaky_relu, tables.sigmoid),
        *(tables.tanh, tables.silu, tables.gelu, tables.gelu_tanh),
        *(tables.hard_sigmoid, tables.hard_swish),
    )
}


class IntegerTable(Regridded):
    """A function of one number as a table: an entry for every code.

    function : a key of `FUNCTIONS`
    x_bits : of the one input, (bits,)
    y_bits : of the entries

    Buffers: table, (2**bits,) uint8; and those of `Regridded`.

    See `kernels.tables.make_table`.
    """

    arity = 1
    table: Tensor

    def __init__(
        self, *, function: str, x_bits: tuple[int, ...], y_bits: int
    ) -> None:
        require_one_of("function", function, FUNCTIONS)
        super().__init__(x_bits=x_bits, y_bits=y_bits)
        self.settings["function"] = function
        [bits] = self.settings["x_bits"]
        entries = torch.zeros(2**bits, dtype=torch.uint8)
        self.register_buffer("table", entries)

    @property
    def function(self) -> Callable[[np.ndarray], np.ndarray]:
        """What is looked up, on float arrays."""
        return FUNCTIONS[self.settings["function"]]

    def fill(self) -> None:
        """Compute the table, once the grids are set."""
        [x_params] = self.x_params
        entries = tables.make_table(self.function, x_params, self.y_params)
        self.table.copy_(torch.from_numpy(entries))

    def require_valid(self) -> None:
        """Refuse grids that are none, and entries beyond the bits."""
        super().require_valid()
        last = 2**self.y_bits - 1
        if self.table.max() > last:
            raise ValueError(
                f"entries of table must be at most {last}, got "
                f"{self.table.max()}"
            )

    def _compute(self, *inputs: np.ndarray) -> np.ndarray:
        [codes] = inputs
        return tables.apply_table(codes, self.table.numpy())

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Apply the function itself."""
        [x] = inputs
        return torch.from_numpy(self.function(x.numpy()))
