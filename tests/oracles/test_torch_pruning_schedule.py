"""The cubic schedule beside that of torch.ao.pruning."""

import pytest
import torch
from torch import nn
from torch.ao.pruning import CubicSL, WeightNormSparsifier

from mini_compress.pruning import CubicSchedule


@pytest.mark.parametrize(
    ("initial", "final", "start", "total", "every"),
    [(0.0, 0.8, 0, 12, 1), (0.1, 0.95, 3, 10, 1), (0.2, 0.9, 2, 12, 3)],
)
@pytest.mark.filterwarnings("ignore")
def test_schedule_is_that_of_torch(initial, final, start, total, every):
    model = nn.Sequential(nn.Linear(8, 8))
    sparsifier = WeightNormSparsifier(sparsity_level=final)
    sparsifier.prepare(model, [{"tensor_fqn": "0.weight"}])
    scheduler = CubicSL(
        sparsifier,
        init_sl=initial,
        init_t=start,
        delta_t=every,
        total_t=total // every,
        verbose=False,
    )
    ours = CubicSchedule(
        final, start, start + total, initial=initial, every=every
    )
    for step in range(start + total + 3):
        level = sparsifier.groups[0]["sparsity_level"]
        # between two changes torch's level goes on rising, ours holds
        if ours.is_due(step) or not start <= step <= start + total:
            assert ours.sparsity(step) == pytest.approx(float(level), abs=1e-6)
        with torch.no_grad():
            scheduler.step()
