"""Displays for notebooks that work with and without a kernel.

`Explorer` shows what was measured, setting by setting; `Explorer.live` calls
the reader's own function as a slider moves; `Predict` asks before it tells;
`Triage` asks until it can point to a place.
`explore_results`, `explore_devices` and `explore_differences` make an Explorer
of a study, of versions of a network, and of where its executions part;
`explore_front` and `MethodChoice` show what all studies found. On a static page
they need no kernel, no internet and no other file.
"""

from .choice import MethodChoice
from .devices import explore_devices
from .differences import explore_differences
from .explorer import Explorer
from .fronts import explore_front
from .layer_bits import explore_layer_bits
from .metric import Metric
from .number_line import number_line
from .picture import Picture
from .predict import Predict
from .recorded import explore_results
from .results import Results
from .rug import rug
from .snap import snap
from .spectrum import spectrum
from .triage import Triage

__all__ = [
    "Explorer",
    "MethodChoice",
    "Metric",
    "Picture",
    "Predict",
    "Results",
    "Triage",
    "explore_devices",
    "explore_differences",
    "explore_front",
    "explore_layer_bits",
    "explore_results",
    "number_line",
    "rug",
    "snap",
    "spectrum",
]
