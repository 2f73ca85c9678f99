"""Perceptrons of any size: fully connected layers with a ReLU in between."""

from collections.abc import Sequence

from torch import Tensor, nn

from .._require import require_int, require_number

NUM_PIXELS = 28 * 28
NUM_CLASSES = 10


class Perceptron(nn.Module):
    """Multilayer perceptron 784-widths-10.

    widths : neurons of the hidden layers, in turn; without any it is a
        linear classifier
    dropout : share of the hidden neurons that a step of training leaves out
    input_dropout : the same of the pixels

    With widths 1200 and 1200 and dropout it is the teacher, with 800 and 800
    the student of [hinton2015distilling], section 3.
    """

    trained_on: str | None = None

    def __init__(
        self,
        *widths: int,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.classifier = dense_layers(
            widths, dropout=dropout, input_dropout=input_dropout
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, 1, 28, 28) images to (n, 10) logits."""
        return self.classifier(images)


def dense_layers(
    widths: Sequence[int], *, dropout: float = 0.0, input_dropout: float = 0.0
) -> nn.Sequential:
    """Return fully connected layers from the pixels to the 10 classes.

    widths, dropout, input_dropout : as for `Perceptron`; where nothing is
        left out there is no layer that does it

    >>> [type(layer).__name__ for layer in dense_layers([30], dropout=0.5)]
    ['Flatten', 'Linear', 'ReLU', 'Dropout', 'Linear']
    """
    for width in widths:
        require_int("width of a hidden layer", width, 1)
    require_number("dropout", dropout, 0, 1)
    require_number("input_dropout", input_dropout, 0, 1)
    layers: list[nn.Module] = [nn.Flatten(), *_leaving_out(input_dropout)]
    inputs = NUM_PIXELS
    for width in widths:
        layers += [nn.Linear(inputs, width), nn.ReLU(), *_leaving_out(dropout)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, NUM_CLASSES))


def _leaving_out(share: float) -> list[nn.Module]:
    return [nn.Dropout(share)] if share else []
