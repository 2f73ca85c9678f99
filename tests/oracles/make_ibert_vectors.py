"""Record what I-BERT's own functions give: writes ibert_vectors.json beside it.

    pip install transformers torch && python -m tests.oracles.make_ibert_vectors

The transformers package carries I-BERT's modules. They count in floats that
stand for integers; here in float64, where all of these are exact.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

VECTORS = Path(__file__).with_name("ibert_vectors.json")
GELU_SCALES = [2.0**-12, 0.00071, 0.0019]
EXP_SCALES = [2.0**-14, 2.0**-10, 0.0031, 0.047, 0.3]
SOFTMAX_SCALES = [2.0**-12, 0.0031, 0.03]


def record_gelu(scale: float) -> dict:
    """Return codes over [-6, 6] and the integers that GELU gives."""
    import torch
    from transformers.models.ibert.quant_modules import IntGELU

    codes = np.unique(np.rint(np.linspace(-6, 6, 121) / scale)).astype(int)
    given = torch.tensor(scale, dtype=torch.float64)
    y, y_scale = IntGELU()(torch.from_numpy(codes * scale), given)
    return {
        "scale": scale,
        "codes": codes.tolist(),
        "y": torch.round(y / y_scale).long().tolist(),
        "y_scale": y_scale.item(),
    }


def record_exp(scale: float) -> dict:
    """Return codes over [-25, 0] and the integers that exp gives."""
    import torch
    from transformers.models.ibert.quant_modules import IntSoftmax

    codes = np.unique(np.rint(np.linspace(-25, 0, 121) / scale)).astype(int)
    given = torch.tensor(scale, dtype=torch.float64)
    y, y_scale = IntSoftmax(8).int_exp(torch.from_numpy(codes).double(), given)
    return {
        "scale": scale,
        "codes": codes.tolist(),
        "y": y.long().tolist(),
        "y_scale": y_scale.item(),
    }


def record_softmax(rng: np.random.Generator, scale: float, bits: int) -> dict:
    """Return rows of codes and their softmax in 8 or 16 bits.

    The range of the 16-bit exponentials, which training would find, is the
    largest that can occur: exp(0), which that module counts in integers.
    """
    import torch
    from transformers.models.ibert.quant_modules import IntSoftmax

    softmax = IntSoftmax(bits, quant_mode=True).double().eval()
    codes = np.rint(rng.normal(0, 3, (12, 20)) / scale).astype(int)
    given = torch.tensor([scale], dtype=torch.float64)
    one, _ = softmax.int_exp(torch.zeros(1).double(), given)
    softmax.act.x_min, softmax.act.x_max = -one, one
    x = torch.from_numpy(codes * scale)[None]  # (1, rows, classes)
    y, y_scale = softmax(x, given)
    return {
        "scale": scale,
        "bits": bits,
        "codes": codes.tolist(),
        "y": torch.round(y[0] / y_scale).long().tolist(),
    }


def main() -> None:
    """Record three functions at scales from fine to coarse."""
    rng = np.random.default_rng(0)
    record = {
        "made_by": Path(__file__).name,
        "versions": {
            name: version(name) for name in ("transformers", "torch", "numpy")
        },
        "gelu": [record_gelu(scale) for scale in GELU_SCALES],
        "exp": [record_exp(scale) for scale in EXP_SCALES],
        "softmax": [
            record_softmax(rng, scale, bits)
            for bits in (8, 16)
            for scale in SOFTMAX_SCALES
        ],
    }
    VECTORS.write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
