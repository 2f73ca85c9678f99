"""A model of the energy that one example takes.

    energy = MACs * (multiply + add) + bytes moved * energy of a byte

The figures are those that Horowitz published for a 45 nm chip at 0.9 V
[horowitz2014computing], figure 1.1.9. No instruction, no idle core, no
leakage is in them, and chips of today need less: compare two networks with
them, do not predict a battery. All results are in microjoules (uJ).
"""

from dataclasses import dataclass
from types import MappingProxyType

from .._require import require_one_of
from .costs import LayerCost, ModelCost
from .profiles import Source

_TABLE = "https://gist.github.com/V0XNIHILI/2b6fa61edd4c06d9ffce5551065124c1"
_MEDICAL = "https://pmc.ncbi.nlm.nih.gov/articles/PMC8934428/table/T3/"

# (data type, operation) -> picojoules
OPERATION_PJ = MappingProxyType(
    {
        ("int8", "add"): 0.03,
        ("int8", "multiply"): 0.2,
        ("int32", "add"): 0.1,
        ("int32", "multiply"): 3.1,
        ("float16", "add"): 0.4,
        ("float16", "multiply"): 1.1,
        ("float32", "add"): 0.9,
        ("float32", "multiply"): 3.7,
    }
)

# data type of the product -> picojoules of one MAC; int8 is summed in int32
MAC_PJ = MappingProxyType(
    {
        "int8": OPERATION_PJ["int8", "multiply"] + OPERATION_PJ["int32", "add"],
        "float32": OPERATION_PJ["float32", "multiply"]
        + OPERATION_PJ["float32", "add"],
    }
)

# picojoules of one byte of DRAM, of which the source gives two ends
DRAM_RANGE = (1300 / 8, 2600 / 8)

# kind of memory -> picojoules of one byte; an access brings 8 bytes
BYTE_PJ = MappingProxyType(
    {
        "sram_8kb": 10 / 8,
        "sram_32kb": 20 / 8,
        "sram_1mb": 100 / 8,
        "dram": DRAM_RANGE[0],
    }
)

# kind of memory -> what tables call it; networks here are in one of 1 MB
MEMORY_NAMES = MappingProxyType(
    {
        "sram_8kb": "SRAM of 8 KB",
        "sram_32kb": "SRAM of 32 KB",
        "sram_1mb": "SRAM",
        "dram": "DRAM",
    }
)

SOURCES = MappingProxyType(
    {
        ("int8", "add"): Source(_TABLE, "Horowitz 2014, 8-bit integer"),
        ("int8", "multiply"): Source(_TABLE, "Horowitz 2014, 8-bit integer"),
        ("int32", "add"): Source(_MEDICAL, "Horowitz 2014, 32-bit integer"),
        ("int32", "multiply"): Source(
            _MEDICAL, "Horowitz 2014, 32-bit integer"
        ),
        ("float16", "add"): Source(_TABLE, "Horowitz 2014, 16-bit float"),
        ("float16", "multiply"): Source(_TABLE, "Horowitz 2014, 16-bit float"),
        ("float32", "add"): Source(_MEDICAL, "Horowitz 2014, 32-bit float"),
        ("float32", "multiply"): Source(
            _MEDICAL, "Horowitz 2014, 32-bit float"
        ),
        "sram_8kb": Source(_MEDICAL, "10 pJ for 64 bits from 8 KB of cache"),
        "sram_32kb": Source(_TABLE, "20 pJ for 64 bits from 32 KB of cache"),
        "sram_1mb": Source(_TABLE, "100 pJ for 64 bits from 1 MB of cache"),
        "dram": Source(
            _TABLE,
            "1.3 nJ for 64 bits, the lower end of 1.3 to 2.6 nJ; often quoted "
            "as 640 pJ for 32 bits",
        ),
    }
)


@dataclass(frozen=True)
class Energy:
    """Modelled energy of one example, in microjoules."""

    arithmetic_uj: float
    memory_uj: float

    @property
    def total_uj(self) -> float:
        """Arithmetic and memory together."""
        return self.arithmetic_uj + self.memory_uj

    def __repr__(self) -> str:
        return (
            f"{self.total_uj:.4g} uJ modelled: {self.arithmetic_uj:.4g} "
            f"arithmetic + {self.memory_uj:.4g} memory"
        )


def model_energy(
    cost: ModelCost | LayerCost, *, memory: str = "dram"
) -> Energy:
    """Model the energy of a network or a layer, for one example.

    memory : where weights and activations are read from and written to; one
        of "dram", "sram_1mb", "sram_32kb", "sram_8kb"
    returns : microjoules of arithmetic and of memory; a model, not a
        measurement

    >>> layer = LayerCost("fc", "Linear", (1000,), 10**6, 4 * 10**6, 4000, 4000)
    >>> model_energy(layer)  # 10**6 * 4.6 pJ + 4,008,000 bytes * 162.5 pJ
    655.9 uJ modelled: 4.6 arithmetic + 651.3 memory
    """
    require_one_of("memory", memory, BYTE_PJ)
    layers = (cost,) if isinstance(cost, LayerCost) else cost.layers
    arithmetic_pj = sum(x.macs * MAC_PJ[x.arithmetic] for x in layers)
    memory_pj = sum(x.num_bytes for x in layers) * BYTE_PJ[memory]
    return Energy(arithmetic_pj / 1e6, memory_pj / 1e6)
