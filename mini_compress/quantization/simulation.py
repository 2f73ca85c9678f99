"""An integer network simulated in float32: fake quantization, as in training.

Each step computes on real numbers in float32 and its result is rounded to the
step's grid at once. Weights, biases and grids are those of the integer
network, so what differs between the two is how sums are rounded.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..layers import IntegerNetwork
from ..layers.grids import require_codes, to_codes, to_real
from ..layers.integer_network import AT_ONCE, readers


class SimulatedNetwork(nn.Module):
    """What an integer network computes, in float32.

    network : the integer one, whose numbers are used and not changed

    `run` and `quantize` are those of `IntegerNetwork`.
    """

    def __init__(self, network: IntegerNetwork) -> None:
        super().__init__()
        self.network = network
        self.trained_on = network.trained_on

    def quantize(self, images: Tensor) -> Tensor:
        """Return the codes of images, uint8 of their shape."""
        return self.network.quantize(images)

    @torch.no_grad()
    def run(self, codes: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield the name of each step and the codes of what it computes.

        codes : (n, ...) uint8, of images
        """
        grids = list(self.network.grids().values())
        require_codes(codes, grids[0])
        steps = self.network.steps
        last_reader = readers(steps)
        given = {0: to_real(codes, grids[0])}
        yield steps[0].name, codes
        for number, step in enumerate(steps[1:], 1):
            real = step.operation.compute_real(*(given[i] for i in step.reads))
            grid = grids[number]
            made = to_codes(
                real,
                torch.tensor(grid.scale),
                torch.tensor(grid.zero_point),
                grid.quant_max,
            )
            given[number] = to_real(made, grid)
            yield step.name, made
            for i in set(step.reads):
                if last_reader[i] == number:
                    del given[i]

    def forward(self, images: Tensor) -> Tensor:
        """Map images, (n, ...) float32, to logits, (n, classes) float32."""
        *_, params = self.network.grids().values()
        logits = []
        for part in images.split(AT_ONCE):
            *_, (_, codes) = self.run(self.quantize(part))
            logits.append(codes)
        return to_real(torch.cat(logits), params)


def simulate(network: IntegerNetwork) -> SimulatedNetwork:
    """Return a network that computes in float32 what an integer one does.

    network : is not changed; the result shares its numbers
    returns : in evaluation mode. Every step's result is rounded to the grid
        that the integer network has there.

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.quantization import quantize_network
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> images = data.train.take(100).images
    >>> integer = quantize_network(net, images)
    >>> error = (simulate(integer)(images) - integer(images)).abs().max()
    >>> step = integer.grids()["classifier.5"].scale
    >>> bool(error <= 1.01 * step)
    True

    See [jacob2018quantization], section 3.
    """
    if not isinstance(network, IntegerNetwork):
        got = type(network).__name__
        raise TypeError(f"network must be an IntegerNetwork, got {got}")
    return SimulatedNetwork(network).eval()
