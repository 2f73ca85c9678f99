"""What Deep Compression keeps of each network, and in how many bits."""

from collections.abc import Mapping
from typing import Any

Plan = Mapping[str, Any]
# times shorter than the float32 file
TARGETS = {"least": 35, "LeNet300": 40, "LeNet5": 39}
# what is kept of each layer, or of all together, and the bits of a code
PLANS: dict[str, dict[str, Plan]] = {
    "LeNet300": {
        "paper": {
            "kept": {
                "classifier.1": 0.08,
                "classifier.3": 0.09,
                "classifier.5": 0.26,
            },
            "bits": 6,
        },
        "smaller": {"kept": 0.0685, "bits": 5},
    },
    "LeNet5": {
        "paper": {
            "kept": {
                "features.0": 0.66,
                "features.3": 0.12,
                "classifier.1": 0.08,
                "classifier.3": 0.19,
            },
            "bits": {
                "features.0": 8,
                "features.3": 8,
                "classifier.1": 5,
                "classifier.3": 5,
            },
        },
        "smaller": {"kept": 0.075, "bits": 4},
    },
}
