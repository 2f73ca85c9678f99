"""An Explorer of the bits of each layer: what they cost, what they keep."""

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .explorer import Explorer
from .metric import Metric

if TYPE_CHECKING:
    from torch import nn

    from ..datasets import Split
    from ..quantization.mixed_precision import BitSensitivity


def explore_layer_bits(
    title: str,
    *,
    model: "nn.Module",
    scan: "BitSensitivity",
    choices: Mapping[str, Sequence[int]],
    calibration: "Split",
    validation: "Split",
) -> Explorer:
    """Make a network of integers for all bits of its layers, and judge each.

    model : is not changed; what `quantize_network` takes
    scan : whose harms are summed, as a prediction
    choices : layer -> bits to choose from; other layers have 8
    calibration : shows the ranges
    validation : what is read of it is shown

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.quantization.mixed_precision import scan_bits
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> few = data.train.take(50)
    >>> explore_layer_bits(
    ...     "Bits of one layer",
    ...     model=net,
    ...     scan=scan_bits(net, few.images, choices=[2, 8]),
    ...     choices={"classifier.1": [2, 8]},
    ...     calibration=few,
    ...     validation=data.validation,
    ... ).table().header
    ('classifier.1', 'read', 'file (KB)', 'predicted harm (nats)')
    """
    from .. import artifact  # only here: torch comes with it
    from ..quantization import quantize_network
    from ..training import evaluate

    values = {}
    for key in itertools.product(*choices.values()):
        bits = dict(zip(choices, key, strict=True))
        small = quantize_network(model, calibration.images, bits=bits)
        values[key if len(key) > 1 else key[0]] = {
            "read": evaluate(small, validation).num_correct,
            "file": len(artifact.to_bytes(small)) / 1000,
            "predicted harm": sum(scan.harms[x][b] for x, b in bits.items()),
        }
    return Explorer(
        title,
        knobs=choices,
        metrics=[
            Metric("read", digits=0, better="higher"),
            Metric("file", "KB", better="lower"),
            Metric("predicted harm", "nats", digits=4, better="lower"),
        ],
        values=values,
        family="quantization",
        note=f"Read: of {len(validation):,} validation images.",
    )
