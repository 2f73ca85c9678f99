"""Low rank: chains of smaller layers in the place of one.

`factorize` puts them there and reports what it came to; its ranks are chosen
by hand, or by one of the rules below. Names mean one thing throughout:

ranks         name of a layer -> its rank, or for Tucker a pair of them
method        of convolutions: "channel", "spatial" or "tucker"; linear layers
              are always factorized by their singular values
layers        names of the layers to treat, None for all
images        float32 training examples; with them, what counts is the error
              of the outputs instead of that of the weight
"""

from ..allocation import Sensitivity
from .budget import budget_ranks
from .factorize import factorize
from .methods import METHODS, break_even
from .ranks import count_weights, energy_ranks, evbmf_ranks, share_ranks
from .report import FactorizationReport, Factorized, LayerReport
from .sensitivity import scan_ranks

__all__ = [
    "METHODS",
    "FactorizationReport",
    "Factorized",
    "LayerReport",
    "Sensitivity",
    "break_even",
    "budget_ranks",
    "count_weights",
    "energy_ranks",
    "evbmf_ranks",
    "factorize",
    "scan_ranks",
    "share_ranks",
]
