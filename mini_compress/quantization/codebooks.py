"""Codebooks for weights: levels where they are needed, without training."""

from collections.abc import Callable, Sequence

import numpy as np
from torch import nn

from .._require import (
    require_bool,
    require_dtype,
    require_finite,
    require_int,
    require_one_of,
)
from ..kernels.codebook import (
    additive_powers_of_two,
    equal_mass,
    fit_codebook,
    nearest_codes,
    normal_float_levels,
    optimal_codebook,
    power_of_two_levels,
)
from ..kernels.huffman import encode
from ..layers import CodebookLayer, geometry_of
from ..layers.group_scales import scale_shape
from ..layers.plain import weight_array
from ..layers.selection import (
    require_untied,
    treatable_layers,
    with_layers_replaced,
)
from .uniform import require_values, steps_over

# levels that are known beforehand, from -1 to 1
TABLES: dict[str, Callable[[int], np.ndarray]] = {
    "power_of_two": power_of_two_levels,
    "apot": additive_powers_of_two,
    "normal_float": normal_float_levels,
}
METHODS = ("kmeans", "optimal", "equal_mass", "uniform", *TABLES)


def quantize_codebook(
    model: nn.Module,
    *,
    bits: int,
    method: str = "kmeans",
    start: str = "linear",
    seed: int = 0,
    group_size: int | None = None,
    huffman: bool = False,
    layers: Sequence[str] | None = None,
) -> nn.Module:
    """Return a copy whose weights are codes of a codebook for each layer.

    model : is not changed
    bits : 1 to 8; 2 to 8 for tables
    method : where a layer's levels lie
        "kmeans": where k-means ends, see `kernels.codebook.fit_codebook`
        "optimal": where the squared error is least
        "equal_mass": at the means of equal shares of the weights
        "uniform": evenly from the lowest weight to the highest
        "power_of_two", "apot" (their sums), "normal_float": at those of a
        table, times the largest magnitude
    start, seed : of k-means
    group_size : how many neighbors of an output are divided by the largest of
        their magnitudes first, which is stored too; all of the output's if it
        has fewer. None: all weights as they are. NF4 is "normal_float" with 4
        bits and groups of 64.
    huffman : store the codes as a Huffman stream: fewer bytes where some
        levels are frequent, and decoded at each use
    layers : names of the layers to quantize; None for every one. A layer that
        cannot be quantized is an error, and so is one with fewer distinct
        weights than "kmeans", "optimal" or "equal_mass" needs.
    returns : a network in evaluation mode; its file holds the packed codes
        and the codebooks

    >>> from mini_compress import artifact, zoo
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> small = quantize_codebook(net, bits=4)
    >>> round(artifact.file_kb(net)), round(artifact.file_kb(small))
    (1067, 137)

    See [han2016deep], section 3, and [dettmers2023qlora], section 3.
    """
    require_int("bits", bits, 1, 8)
    require_one_of("method", method, METHODS)
    if group_size is not None:
        require_int("group_size", group_size, 1)
    require_bool("huffman", huffman)
    replacements: dict[str, nn.Module] = {}
    found = treatable_layers(model, layers)
    require_untied(model, found)
    for name, layer in found.items():
        weight = weight_array(name, layer)
        require_values(f"weight of {name!r}", weight)
        values, scale = divide_groups(weight, group_size)
        try:
            levels = choose_levels(
                values, bits=bits, method=method, start=start, seed=seed
            )
        except ValueError as error:
            raise ValueError(f"weight of {name!r}: {error}") from None
        codes = nearest_codes(values, levels)
        replacements[name] = codebook_layer(
            name,
            layer,
            codes,
            levels,
            scale,
            bits=bits,
            group_size=group_size,
            huffman=huffman,
        )
    return with_layers_replaced(model, replacements)


def choose_levels(
    values: np.ndarray,
    *,
    bits: int,
    method: str,
    start: str = "linear",
    seed: int = 0,
) -> np.ndarray:
    """Return levels for values by a method of `quantize_codebook`.

    values : (...) float32, finite, one or more
    returns : (levels,) float32, sorted, at most 2**bits of them

    >>> values = np.array([-1, -0.2, -0.1, 0, 0, 0.1, 0.2, 1], np.float32)
    >>> choose_levels(values, bits=2, method="uniform").round(2)
    array([-1.  , -0.33,  0.33,  1.  ], dtype=float32)
    >>> choose_levels(values / 2, bits=2, method="power_of_two")
    array([-0.5,  0. ,  0.5], dtype=float32)
    """
    require_dtype("values", values, np.float32)
    require_finite("values", values)
    if method == "kmeans":
        return fit_codebook(values, 2**bits, start=start, seed=seed)
    if method == "optimal":
        return optimal_codebook(values, 2**bits)
    if method == "equal_mass":
        return equal_mass(values, 2**bits)
    if method == "uniform":
        even = np.linspace(values.min(), values.max(), 2**bits)
        return even.astype(np.float32)
    require_one_of("method", method, TABLES)
    return TABLES[method](bits) * np.abs(values).max()


def divide_groups(
    weight: np.ndarray, group_size: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Divide each group of weights by the largest of their magnitudes.

    weight : (outputs, ...) float32, finite
    group_size : None for none at all
    returns : values in [-1, 1], (outputs, inner), and what they were divided
        by, (outputs, groups); a group of zeros is divided by 1. Without
        groups the weight itself, and None.

    >>> values, scale = divide_groups(np.array([[1, -4, 0]], np.float32), 2)
    >>> values.tolist(), scale.tolist()
    ([[0.25, -1.0, 0.0]], [[4.0, 1.0]])
    """
    if group_size is None:
        return weight, None
    rows = weight.reshape(len(weight), -1)  # (outputs, inner)
    size = steps_over(weight, group_size)
    starts = np.arange(scale_shape(weight.shape, size)[1]) * size
    largest = np.maximum.reduceat(np.abs(rows), starts, axis=1)
    scale = np.where(largest == 0, np.float32(1), largest)
    each = np.repeat(scale, size, axis=1)[:, : rows.shape[1]]
    return rows / each, scale


def codebook_layer(
    name: str,
    layer: nn.Linear | nn.Conv2d,
    codes: np.ndarray,
    levels: np.ndarray,
    scale: np.ndarray | None,
    *,
    bits: int,
    group_size: int | None,
    huffman: bool,
) -> CodebookLayer:
    """Return a layer with these codes in the place of its weight.

    name : of the layer, for error messages
    codes : of the weight's size, uint8
    levels, scale : as `choose_levels` and `divide_groups` return them
    """
    made = CodebookLayer(
        geometry_of(layer, repr(name)),
        bias=layer.bias is not None,
        bits=bits,
        num_levels=len(levels),
        group_size=group_size and steps_over(codes, group_size),
        huffman_bytes=encode(codes).stream.size if huffman else None,
    )
    made.weight.store(codes, levels, scale)
    if layer.bias is not None:
        made.bias.copy_(layer.bias.detach())  # type: ignore[union-attr]
    return made
