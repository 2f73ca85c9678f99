"""A scan of the layers, drawn."""

import numpy as np
from matplotlib.figure import Figure

from mini_compress.allocation import Sensitivity
from mini_compress.figures import plot_sensitivity
from mini_compress.measuring import Score


def score(num_correct):
    return Score(np.arange(10) < num_correct)


def test_every_layer_is_a_line_through_its_accuracies():
    scan = Sensitivity(
        level_name="sparsity",
        levels=(0.2, 0.8),
        num_weights={"a": 1_000, "b": 20},
        scores={"a": (score(9), score(4)), "b": (score(8), score(8))},
        untouched=score(9),
    )
    lines = plot_sensitivity(scan, ax=Figure().subplots()).lines
    assert [line.get_label() for line in lines] == [
        "a, 1,000 weights",
        "b, 20 weights",
    ]
    assert [line.get_xydata().tolist() for line in lines] == [
        [[0.2, 90], [0.8, 40]],
        [[0.2, 80], [0.8, 80]],
    ]
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(looks) == 2
