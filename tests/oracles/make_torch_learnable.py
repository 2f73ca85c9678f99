"""Record torch's fake quantization and its gradients: torch_learnable.json.

    python -m tests.oracles.make_torch_learnable

`_fake_quantize_learnable_per_tensor_affine` is not public and may go. Each
number is rounded by itself, so that its own share of the step's gradient is
recorded. Steps are powers of two: x / step is x * (1 / step).
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

VECTORS = Path(__file__).with_name("torch_learnable.json")
GRIDS = [(0.5, 0, 3), (0.25, 0, 15), (0.5, -2, 1), (0.125, -8, 7)]


def one(x: float, step: float, lowest: int, highest: int) -> list[float]:
    """Return what x becomes, and the gradients of x and of the step.

    And last the gradient of x in the plain fake quantization, whose step does
    not learn.
    """
    value = torch.tensor([x], requires_grad=True)
    scale = torch.tensor([step], requires_grad=True)
    rounded = torch._fake_quantize_learnable_per_tensor_affine(
        value, scale, torch.zeros(1), lowest, highest, 1.0
    )
    rounded.backward()
    plain = torch.tensor([x], requires_grad=True)
    torch.fake_quantize_per_tensor_affine(
        plain, step, 0, lowest, highest
    ).backward()
    found = rounded, value.grad, scale.grad, plain.grad
    return [number.item() for number in found]


def main() -> None:
    """Record 60 numbers on each grid, a third of them near its ends."""
    rng = np.random.default_rng(0)
    grids = []
    for step, lowest, highest in GRIDS:
        ends = (lowest - 2) * step, (highest + 2) * step
        near = step * (
            np.array([lowest, highest]) + rng.uniform(-1, 1, (10, 2))
        )
        x = np.concatenate([rng.uniform(*ends, 40), near.ravel()])
        x = x.astype(np.float32).tolist()
        grids.append(
            {
                "step": step,
                "lowest": lowest,
                "highest": highest,
                "x": x,
                "found": [one(value, step, lowest, highest) for value in x],
            }
        )
    record = {
        "made_by": Path(__file__).name,
        "versions": {name: version(name) for name in ("torch", "numpy")},
        "grids": grids,
    }
    VECTORS.write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
