"""Matrices and tensors as products of smaller ones.

A matrix of low rank is a tall matrix times a wide one, and a tensor may be a
small core times a tall matrix for each of its axes, here called modes:

    matrix = left * values @ right
    tensor = core times factors[0] along mode 0, factors[1] along mode 1, ...

Each function says which of all such products it returns: the nearest one, or
how near it comes. Distances are Frobenius norms, the root of the sum of all
squares, and the energy of a matrix is the square of its norm.

svd            a matrix of a given rank, exactly or by a random sketch
outputs        the same, but nearest in its products with given inputs
unfolding      a tensor as a matrix, and products along one of its modes
decomposition  a tensor as a core and factors: HOSVD and Tucker
ranks          how large a rank should be, or may be
"""

from .decomposition import hosvd, partial_tucker, tucker, tucker_to_tensor
from .outputs import output_svd
from .ranks import break_even_rank, energy_rank, evbmf
from .svd import randomized_svd, truncated_svd
from .unfolding import fold, mode_product, unfold

__all__ = [
    "break_even_rank",
    "energy_rank",
    "evbmf",
    "fold",
    "hosvd",
    "mode_product",
    "output_svd",
    "partial_tucker",
    "randomized_svd",
    "truncated_svd",
    "tucker",
    "tucker_to_tensor",
    "unfold",
]
