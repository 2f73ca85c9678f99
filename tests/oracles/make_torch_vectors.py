"""Record how torch's four engines requantize: writes torch_vectors.json.

    python -m tests.oracles.make_torch_vectors

torch is about to remove its quantized operators, so their answers are kept.
The scales of inputs and weights are powers of two, and the bias is a multiple
of a quarter of their product: what an engine does before it rounds is exact.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

VECTORS = Path(__file__).with_name("torch_vectors.json")
ENGINES = ("fbgemm", "x86", "onednn", "qnnpack")
X_SCALE, WEIGHT_SCALE = 2.0**-5, 2.0**-7


def run(layer: dict, engine: str) -> np.ndarray:
    """Return the codes that one of torch's libraries gives for a layer."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    make = torch._make_per_tensor_quantized_tensor
    x = torch.tensor(layer["x"], dtype=torch.uint8)
    weight = torch.tensor(layer["weight"], dtype=torch.int8)
    bias = torch.tensor(layer["bias"]) * X_SCALE * WEIGHT_SCALE
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*deprecated.*")
            out = torch.ops.quantized.linear(
                make(x, X_SCALE, layer["x_zero_point"]),
                torch.ops.quantized.linear_prepack(
                    make(weight, WEIGHT_SCALE, 0), bias
                ),
                layer["out_scale"],
                layer["zero_point"],
            )
    finally:
        torch.backends.quantized.engine = before
    return out.int_repr().numpy()


def make_layer(rng: np.random.Generator, out_scale: np.float32) -> dict:
    """Return one layer, its codes of 7 bits, so that no pair saturates."""
    layer = {
        "out_scale": float(out_scale),
        "zero_point": int(rng.integers(64, 192)),
        "x_zero_point": int(rng.integers(0, 128)),
        "x": rng.integers(0, 128, (6, 8)).tolist(),
        "weight": rng.integers(-64, 64, (10, 8)).tolist(),
        "bias": (rng.integers(-4000, 4000, 10) / 4).tolist(),  # in steps
    }
    return layer | {name: run(layer, name).tolist() for name in ENGINES}


def main() -> None:
    """Record 30 layers, half of them with sums on exact ties."""
    rng = np.random.default_rng(0)
    scales = rng.uniform(0.01, 0.1, 30).astype(np.float32)
    scales[::2] = 2.0 ** rng.integers(-6, -2, 15)
    record = {
        "made_by": Path(__file__).name,
        "versions": {name: version(name) for name in ("torch", "numpy")},
        "layers": [make_layer(rng, scale) for scale in scales],
    }
    VECTORS.write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
