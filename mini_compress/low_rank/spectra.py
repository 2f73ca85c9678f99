"""How much of a layer lies in each of its terms."""

import numpy as np

from ..kernels.low_rank import output_svd, partial_tucker, unfold
from ..layers.separable import spatial_matrix
from .layers import Treated

OF_OUTPUTS = ("svd", "channel")  # methods that can look at outputs


def matrices(one: Treated) -> list[list[np.ndarray]]:
    """Return what is factorized, as matrices: for each rank, for each group.

    returns : one list; for tucker two, the unfoldings along outputs and inputs
    """
    if one.method == "tucker":
        return [[unfold(x, mode) for x in one.blocks] for mode in (0, 1)]
    if one.method == "spatial":
        return [[spatial_matrix(x) for x in one.blocks]]
    return [[x.reshape(len(x), -1) for x in one.blocks]]


def spectra(one: Treated, moment: np.ndarray | None = None) -> list[np.ndarray]:
    """Return the singular values of these matrices, those of groups together.

    moment : with it, of the outputs of svd and channel, not of the weight
    returns : for each rank (largest rank,), falling; a value of several groups
        is the root of the sum of their squares
    """
    if moment is not None and one.method in OF_OUTPUTS:
        [rows], inputs = matrices(one), moment.reshape(-1, *moment.shape[-2:])
        found = [
            output_svd(x, square, min(x.shape))[1]
            for x, square in zip(rows, inputs, strict=True)
        ]
        return [np.linalg.norm(found, axis=0)]
    return [
        np.linalg.norm(
            [np.linalg.svd(x, compute_uv=False) for x in groups], axis=0
        )
        for groups in matrices(one)
    ]


def missed_shares(one: Treated, moment: np.ndarray | None = None) -> np.ndarray:
    """Return which share of the energy is missed at each rank.

    moment : as for `spectra`
    returns : (largest rank,) from rank 1 on, for tucker (largest rank of
        outputs, of inputs) by the HOSVD, which `TuckerConv2d.from_conv`
        starts from and improves on; zeros for a weight of zeros
    """
    if one.method == "tucker":
        cores = [
            partial_tucker(x, (0, 1), x.shape[:2], max_iterations=0)[0]
            for x in one.blocks
        ]
        # (outputs, inputs) of the core, over groups, rows and columns
        energies = sum((core**2).sum(axis=(2, 3)) for core in cores)
        held = np.cumsum(np.cumsum(energies, axis=0), axis=1)
    else:
        [values] = spectra(one, moment)
        held = np.cumsum(values**2)
    whole = held[(-1,) * held.ndim]
    if whole == 0:
        return np.zeros(held.shape)
    return np.maximum(1 - held / whole, 0)
