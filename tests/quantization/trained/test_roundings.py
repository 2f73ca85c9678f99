"""How weights and outputs are rounded, against other implementations."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from torch.ao.quantization.observer import MovingAverageMinMaxObserver

from mini_compress.quantization.trained import (
    BinaryWeight,
    ClusteredWeight,
    LargestStep,
    LearnedClip,
    LearnedOutputStep,
    LearnedWeightStep,
    MovingRange,
    Seen,
    TernaryWeight,
)
from mini_compress.quantization.uniform import quantize_weight

SEEN = Seen(low=0.0, high=4.0, mean_size=0.75, size=50)
SIGNED = SEEN._replace(low=-1.0)


def draw(shape=(6, 5, 3, 3)) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def made(kind, bits: int, weight: torch.Tensor, *, per_tensor: bool = False):
    least = torch.full((len(weight),), 1e-12)
    return kind(weight, bits, least, per_tensor=per_tensor)


def rows_of(weight: torch.Tensor, *, per_tensor: bool) -> list[np.ndarray]:
    """Return what shares a scale, in float64."""
    rows = weight.numpy().astype(np.float64)
    return [rows.ravel()] if per_tensor else [x.ravel() for x in rows]


@pytest.mark.parametrize("per_tensor", [False, True])
@pytest.mark.parametrize("bits", [2, 5, 8])
def test_the_largest_weights_step_is_that_of_post_training(bits, per_tensor):
    weight = draw()
    levels = made(LargestStep, bits, weight, per_tensor=per_tensor).levels(
        weight
    )
    codes, scale = quantize_weight(
        weight.numpy(),
        bits=bits,
        granularity="tensor" if per_tensor else "channel",
    )
    assert np.array_equal(levels.codes.flatten(1).numpy(), codes)
    assert np.array_equal(levels.scale.numpy(), scale.ravel())


@pytest.mark.parametrize("per_tensor", [False, True])
def test_ternary_weights_are_those_of_the_paper(per_tensor):
    weight = draw()
    rounding = made(TernaryWeight, 2, weight, per_tensor=per_tensor)
    levels = rounding.levels(weight)
    expected = []
    for row in rows_of(weight, per_tensor=per_tensor):
        threshold = 0.7 * sum(map(abs, row)) / len(row)
        kept = [abs(x) for x in row if abs(x) > threshold]
        scale = sum(kept) / len(kept)
        expected += [
            scale * np.sign(x) if abs(x) > threshold else 0 for x in row
        ]
    got = levels.weight().flatten().numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-5)


@pytest.mark.parametrize("per_tensor", [False, True])
def test_binary_weights_have_the_least_squared_error(per_tensor):
    """Of all scales of the signs, the mean size leaves the least error."""
    weight = draw()
    levels = made(BinaryWeight, 1, weight, per_tensor=per_tensor).levels(weight)
    assert set(levels.codes.unique().tolist()) == {-1, 1}
    scales = levels.scale.numpy()
    rows = rows_of(weight, per_tensor=per_tensor)
    for row, scale in zip(rows, scales, strict=True):
        signs = np.sign(row)
        best = np.linalg.lstsq(signs[:, None], row, rcond=None)[0].item()
        assert scale == pytest.approx(best, rel=1e-5)


def test_clusters_start_where_scikit_learn_ends():
    weight = draw((40, 30))
    rounding = made(ClusteredWeight, 3, weight)
    ends = float(weight.min()), float(weight.max())
    start = np.linspace(*ends, 8)[:, None]
    values = weight.numpy().reshape(-1, 1)
    found = KMeans(8, init=start, n_init=1, max_iter=50, tol=0).fit(values)
    expected = np.sort(found.cluster_centers_.ravel())
    np.testing.assert_allclose(rounding.codebook.numpy(), expected, atol=2e-3)
    errors = [
        float((weight - x).square().sum())
        for x in (
            rounding.codebook[rounding.nearest(weight)],
            made(LargestStep, 3, weight).levels(weight).weight(),
        )
    ]
    assert errors[0] <= found.inertia_ * 1.001
    assert errors[0] < 0.8 * errors[1]


def test_clusters_follow_the_weights_and_keep_to_their_grid():
    weight = draw((40, 30))
    rounding = made(ClusteredWeight, 2, weight)
    before = rounding.codebook.clone()
    for _ in range(101):
        rounding(weight + 0.2)
    moved = rounding.codebook - before
    assert ((0.1 < moved) & (moved < 0.25)).all()
    levels = rounding.levels(weight + 0.2)
    assert levels.bits == 8
    assert len(levels.codes.unique()) == 4
    assert levels.codes.abs().max() == 127
    before = rounding.codebook.clone()
    rounding.eval()
    for _ in range(200):
        rounding(weight)
    assert torch.equal(rounding.codebook, before)


def test_a_learned_step_starts_as_in_the_paper():
    weight = draw()
    for bits in (2, 4, 8):
        rounding = made(LearnedWeightStep, bits, weight, per_tensor=True)
        scale = rounding.levels(weight).scale.item()
        size = np.abs(weight.numpy()).mean()
        expected = 2 * size / np.sqrt(2 ** (bits - 1) - 1)
        assert scale == pytest.approx(expected, rel=1e-6)
    output = LearnedOutputStep("fc", 4, SEEN)
    assert float(output.grid().scale) == pytest.approx(1.5 / np.sqrt(15))


def test_the_ranges_move_as_torchs_observer_has_them():
    rounding = MovingRange("fc", 8, SIGNED)
    observer = MovingAverageMinMaxObserver(averaging_constant=0.01)
    observer(torch.tensor([SIGNED.low, SIGNED.high]))
    rng = torch.Generator().manual_seed(0)
    for _ in range(20):
        batch = 3 * torch.randn(50, generator=rng)
        rounding(batch)
        observer(batch)
    expected = torch.stack([observer.min_val, observer.max_val])
    torch.testing.assert_close(rounding.range, expected)
    before = rounding.range.clone()
    rounding.eval()(9 * torch.ones(3))
    assert torch.equal(rounding.range, before)


@pytest.mark.parametrize("kind", [MovingRange, LearnedOutputStep, LearnedClip])
@pytest.mark.parametrize("bits", [2, 3, 8])
def test_outputs_are_numbers_of_the_grid(kind, bits):
    for seen in (SEEN, SIGNED):
        if kind is LearnedClip and seen.low < 0:
            continue
        rounding = kind("fc", bits, seen).eval()
        grid = rounding.grid()
        x = 100 * draw((30, 20))
        with torch.no_grad():
            codes = rounding(x) / float(grid.scale) + int(grid.zero_point)
        assert (codes - codes.round()).abs().max() < 1e-3
        assert codes.round().min() == 0
        assert codes.round().max() == 2**bits - 1


def test_a_clip_starts_at_the_largest_value_and_costs_its_square():
    rounding = LearnedClip("relu", 4, SEEN, decay=0.1)
    assert float(rounding.grid().scale) == pytest.approx(4 / 15)
    assert rounding.penalty().item() == pytest.approx(0.1 * 16)
    rounding.penalty().backward()  # by the logarithm: 2 * decay * clip**2
    assert rounding.log_clip.grad.item() == pytest.approx(3.2)
    nothing = LearnedClip("relu", 4, Seen(0.0, 0.0, 0.0, 1))
    assert float(nothing.grid().scale) == pytest.approx(1 / 15)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: MovingRange("fc", 4, SEEN, momentum=1.5), "momentum"),
        (lambda: LearnedClip("fc", 4, SEEN, decay=-1.0), "decay"),
    ],
)
def test_what_is_no_number_of_its_kind_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
