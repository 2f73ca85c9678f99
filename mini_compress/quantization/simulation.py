"""An integer network simulated in float32: fake quantization, as in training.

Each step computes on real numbers in float32 and its result is rounded to the
step's grid at once. Weights, biases and grids are those of the integer
network, so what differs between the two is how sums are rounded.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..layers import IntegerNetwork, Step
from ..layers.grids import to_codes, to_real


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

    def run(self, codes: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield the name of each step and the codes of what it computes.

        codes : (n, ...) uint8, of images
        """
        names = [step.name for step in self.network.steps]
        grids = self.network.grids()

        @torch.no_grad()
        def compute(step: Step, *given: Tensor) -> Tensor:
            """Round what a step makes of the numbers that it reads."""
            read = (grids[names[i]] for i in step.reads)
            real = map(to_real, given, read)
            grid = grids[step.name]
            return to_codes(
                step.operation.compute_real(*real),
                torch.tensor(grid.scale),
                torch.tensor(grid.zero_point),
                grid.quant_max,
            )

        return self.network.walk(codes, compute)

    def forward(self, images: Tensor) -> Tensor:
        """Map images, (n, ...) float32, to logits, (n, classes) float32."""
        return self.network.logits(images, self.run)


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
