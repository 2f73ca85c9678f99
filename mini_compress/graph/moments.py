"""Second moments of what layers are given, and errors of what they give."""

from collections.abc import Iterator, Mapping

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from ..layers import Conv2dGeometry
from ..layers.geometry import Geometry
from .inputs import capture_inputs

# images whose windows are laid out at once: those of a convolution of 64
# channels, 3x3, at 56 by 56 places take 360 MB
FEW = 50

Moments = dict[str, np.ndarray]


def second_moments(
    model: nn.Module, layers: Mapping[str, Geometry], images: Tensor
) -> Moments:
    """Return the mean of x x^T over the inputs x of each layer.

    layers : name -> geometry
    images : (n, ...) float32 training images, or int64 token ids
    returns : name -> float64; of a linear layer (in_features, in_features),
        of a convolution (groups, d, d), where x is what a filter is
        multiplied with at one place, d = inputs of a group * rows * columns

    >>> import torch
    >>> from mini_compress.layers import LinearGeometry
    >>> model = nn.Sequential(nn.Linear(2, 1))
    >>> images = torch.tensor([[1.0, 0.0], [1.0, 2.0]])
    >>> second_moments(model, {"0": LinearGeometry(2, 1)}, images)["0"]
    array([[1., 1.],
           [1., 2.]])
    """
    sums: dict[str, Tensor] = {}
    counts = dict.fromkeys(layers, 0)

    def add(name: str, x: Tensor) -> None:
        for columns in map(Tensor.double, input_columns(layers[name], x)):
            # (groups, d, n) @ (groups, n, d), summed over what else there is
            product = columns @ columns.transpose(-1, -2)
            sums[name] = sums.get(name, 0) + product
            counts[name] += columns.shape[-1]

    capture_inputs(model, layers, images, add)
    return {name: (sums[name] / counts[name]).numpy() for name in layers}


def relative_output_error(
    weight: np.ndarray, near: np.ndarray, moment: np.ndarray
) -> float:
    """Return how far outputs are from those of a weight, of their size.

    weight, near : (outputs, ...) float64
    moment : as `second_moments` has it
    returns : the root of the mean squared difference over the root of the
        mean square, biases left out; 0 if the outputs are 0

    >>> relative_output_error(np.eye(2), np.diag([1.0, 0.0]), np.eye(2))
    0.7071067811865476
    """
    blocks = moment.reshape(-1, *moment.shape[-2:])  # (groups, d, d)

    def energy(matrix: np.ndarray) -> float:
        # (groups, outputs of a group, d)
        rows = matrix.reshape(len(blocks), -1, blocks.shape[-1])
        return float(((rows @ blocks) * rows).sum())

    return relative_root(energy(weight - near), energy(weight))


def relative_root(missed: float, whole: float) -> float:
    """Return sqrt(missed / whole), 0 where the whole is 0.

    >>> relative_root(1.0, 4.0), relative_root(0.0, 0.0)
    (0.5, 0.0)
    """
    return float(np.sqrt(max(missed, 0.0) / whole)) if whole > 0 else 0.0


def input_columns(geometry: Geometry, x: Tensor) -> Iterator[Tensor]:
    """Yield what a layer's weights are multiplied with, of FEW images a time.

    x : input of the layer
    yields : (in_features, n) of a linear layer, (groups, d, n) of a
        convolution: n rows of x, or n places of the images

    >>> import torch
    >>> from mini_compress.layers import Conv2dGeometry
    >>> geometry = Conv2dGeometry(4, 6, (3, 3), groups=2)
    >>> next(input_columns(geometry, torch.ones(5, 4, 8, 8))).shape
    torch.Size([2, 18, 180])
    """
    if isinstance(geometry, Conv2dGeometry) and x.ndim == 3:
        x = x[None]  # one image, without the batch axis
    for few in x.split(FEW):
        if not isinstance(geometry, Conv2dGeometry):
            yield few.reshape(-1, geometry.in_features).T
            continue
        windows = functional.unfold(
            few,
            geometry.kernel_size,
            geometry.dilation,
            geometry.padding,
            geometry.stride,
        )  # (images, inputs * rows * columns, places)
        # (images, groups, d, places), the images put beside each other
        apart = windows.unflatten(1, (geometry.groups, -1))
        yield apart.permute(1, 2, 0, 3).flatten(2)
