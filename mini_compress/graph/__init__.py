"""How a network's layers are connected, and what passes between them.

tracing      the graph of a network, with the shape of each tensor
operations   what channels can be followed through
sizes        numbers of channels that a network computes with
channels     which channels stand and fall together
folding      batch normalization merged into the layer before it
activations  layers that hand their outputs to a ReLU
inputs       what each layer is given, on example images
moments      second moments of what each layer is given
outputs      what modules give, as a network runs
"""

from .activations import relu_follows
from .channels import Space, Use, follow_channels
from .folding import fold_batchnorm, unfolded_norms
from .inputs import capture_inputs, observe_ranges
from .outputs import capture_outputs
from .tracing import note_shapes, trace

__all__ = [
    "Space",
    "Use",
    "capture_inputs",
    "capture_outputs",
    "fold_batchnorm",
    "follow_channels",
    "note_shapes",
    "observe_ranges",
    "relu_follows",
    "trace",
    "unfolded_norms",
]
