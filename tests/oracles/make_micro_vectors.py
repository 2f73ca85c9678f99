"""Record how XNNPACK and TensorFlow Lite Micro requantize.

    pip install ai-edge-litert tflite-micro
    python -m tests.oracles.make_micro_vectors

Writes micro_vectors.json beside this file, in the manner of
make_litert_vectors. XNNPACK is what LiteRT takes for a layer if nothing else is
asked for. TensorFlow Lite Micro's plain code rounds by gemmlowp's two functions
as they were published; none of LiteRT's paths on x86 does.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tests.oracles.make_litert_vectors import (
    draw_sums,
    fully_connected,
    run,
)

VECTORS = Path(__file__).with_name("micro_vectors.json")


def run_micro(model: bytes) -> np.ndarray:
    """Return the layer's output codes from TensorFlow Lite Micro."""
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model)
    interpreter.set_input(np.zeros((1, 1), np.int8), 0)
    interpreter.invoke()
    return interpreter.get_output(0)[0]


def make_layer(rng: np.random.Generator, out_scale: np.float32) -> dict:
    """Return one layer's sums and what both make of them."""
    acc = draw_sums(rng, 1 / float(out_scale))
    zero_point = int(rng.integers(-20, 20))
    model = fully_connected(acc, float(out_scale), zero_point)
    return {
        "out_scale": float(out_scale),  # the multiplier is 1 / out_scale
        "zero_point": zero_point,
        "acc": acc.tolist(),
        "xnnpack": run(model, "BUILTIN").tolist(),
        "micro": run_micro(model).tolist(),
    }


def main() -> None:
    """Record 40 layers, with multipliers from 2**-24 to nearly 1."""
    rng = np.random.default_rng(1)
    scales = (2 ** rng.uniform(0.01, 24, 40)).astype(np.float32)
    scales[:8] = 2.0 ** np.arange(1, 9)  # with exact ties
    names = ("ai-edge-litert", "tflite-micro", "numpy")
    record = {
        "made_by": Path(__file__).name,
        "versions": {name: version(name) for name in names},
        "layers": [make_layer(rng, scale) for scale in scales],
    }
    VECTORS.write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
