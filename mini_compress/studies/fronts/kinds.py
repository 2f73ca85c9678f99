"""The methods of all studies: family, words, and what each needs.

Controls are not here: a random mask is nothing that anybody would choose.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..engine.grid import UNTRAINED

NOTHING, IMAGES, LABELS = "nothing", "images", "images with labels"
NEEDS = (NOTHING, IMAGES, LABELS)  # of data
NONE, FEW, WHOLE = "none", "a few epochs", "a whole training"
TRAININGS = (NONE, FEW, WHOLE)
# the share of the baseline's epochs from which a training counts as a whole one
WHOLE_SHARE = 0.75


class Kind(NamedTuple):
    """What a method is.

    family : its color
    words : what it is called
    needs : data without any training, one of `NEEDS`
    teacher : whether it needs one
    integer : whether the network multiplies integers
    """

    family: str
    words: str
    needs: str = NOTHING
    teacher: bool = False
    integer: bool = False


def _integer(words: str) -> Kind:
    return Kind("quantization", words, IMAGES, integer=True)


KINDS: dict[str, Kind] = {
    "float": Kind("float", "float32"),
    "hard_labels": Kind("float", "small, from scratch"),
    "small_dense": Kind("float", "small, from scratch"),
    "from_scratch": Kind("float", "small, from scratch"),
    "distilled": Kind("distillation", "small, taught", teacher=True),
    "quantize_weights": Kind("quantization", "weights"),
    "uniform": Kind("quantization", "even levels"),
    "kmeans": Kind("quantization", "k-means codebook"),
    "optimal": Kind("quantization", "best codebook"),
    "tuned": Kind("quantization", "codebook, tuned"),
    "codebook": Kind("quantization", "k-means codebook, Huffman"),
    "apot": Kind("quantization", "sums of powers of two"),
    "normal_float": Kind("quantization", "normal float"),
    "mxfp4": Kind("quantization", "MXFP4"),
    "mxfp8_e4m3": Kind("quantization", "MXFP8"),
    "nvfp4": Kind("quantization", "NVFP4"),
    "q2_k": Kind("quantization", "Q2_K"),
    "q3_k": Kind("quantization", "Q3_K"),
    "q4_k": Kind("quantization", "Q4_K"),
    "q5_k": Kind("quantization", "Q5_K"),
    "q6_k": Kind("quantization", "Q6_K"),
    "q8_0": Kind("quantization", "Q8_0"),
    "rounding": Kind("quantization", "weights, folded"),
    "gptq": Kind("quantization", "GPTQ", IMAGES),
    "adaround": Kind("quantization", "AdaRound", IMAGES),
    "quantize_static": _integer("static"),
    "min_max": _integer("integers, widest ranges"),
    "least_squares": _integer("integers, least squares"),
    "lsq": _integer("LSQ"),
    "pact": _integer("PACT"),
    "ternary": _integer("ternary"),
    "binary": _integer("binary"),
    "mixed": _integer("mixed bits"),
    "mixed_lsq": _integer("mixed bits, LSQ"),
    "magnitude": Kind("pruning", "small weights removed"),
    "mean_gradient_taylor": Kind("pruning", "weights by gradient", LABELS),
    "gradual": Kind("pruning", "small weights, gradually"),
    "regrow": Kind("pruning", "pruned and regrown"),
    "prune_filters": Kind("pruning", "filters removed"),
    "filters": Kind("pruning", "filters removed"),
    "one_shot": Kind("pruning", "filters removed"),
    "slimming": Kind("pruning", "slimming"),
    "svd": Kind("low_rank", "SVD"),
    "output_svd": Kind("low_rank", "SVD of outputs", IMAGES),
    "channel": Kind("low_rank", "channel SVD"),
    "spatial": Kind("low_rank", "spatial SVD"),
    "tucker": Kind("low_rank", "Tucker"),
    "born_factored": Kind("low_rank", "factored, from scratch"),
    "ranks": Kind("low_rank", "spatial SVD"),
}
# of the steps of the study `combinations`
STEPS = {
    "filters": "filters",
    "weights": "weights",
    "ranks": "ranks",
    "int8": "8-bit integers",
    "lsq": "LSQ",
    "codebook": "codebook, Huffman",
}
# settings that try something out which nobody would choose
TRIALS: dict[str, tuple[Any, ...]] = {
    "criterion": ("random",),
    "outlier": (4, 16, 64),
    "first_levels": ("random",),
    "images": (1, 10, 100),
    "strength": (0.0,),
}


def kind_of(method: str) -> Kind | None:
    """Return what a method is; None for a control.

    >>> kind_of("filters + int8").words, kind_of("random")
    ('filters, then 8-bit integers', None)
    """
    if " + " not in method:
        return KINDS.get(method)
    steps = method.split(" + ")
    integer = steps[-1] in ("int8", "lsq")
    words = ", then ".join(STEPS[step] for step in steps)
    return Kind("combined", words, LABELS, integer=integer)


def is_trial(settings: Mapping[str, Any]) -> bool:
    """Tell whether settings were only to be looked at."""
    return any(settings.get(x) in values for x, values in TRIALS.items())


def details(settings: Mapping[str, Any]) -> list[str]:
    """Return what settings change of the network, in words.

    >>> details({"weight_bits": 4, "activation_bits": 8, "epochs": 2})
    ['4-bit weights, 8-bit activations']
    >>> details({"sparsity": 0.9, "scope": "global"})
    ['90 % of the weights']
    """
    found = []
    bits = settings.get("bits", settings.get("weight_bits"))
    acts = settings.get("activation_bits")
    if bits is None and acts is not None:
        found.append(f"{acts}-bit activations")
    elif acts not in (None, bits):
        found.append(f"{bits}-bit weights, {acts}-bit activations")
    elif bits is not None:
        found.append(f"{bits} bits{' throughout' if acts else ''}")
    for name, of in (
        ("sparsity", "of the weights"),
        ("channel_ratio", "of the filters"),
        ("share", "of the weights kept"),
        ("width", "of the width"),
    ):
        if name in settings:
            found.append(f"{100 * settings[name]:.3g} % {of}")
    for name, values in WORDS.items():
        if settings.get(name) in values:
            found.append(values[settings[name]])
    return found


WORDS: dict[str, dict[Any, str]] = {  # of settings that have words of their own
    "granularity": {"tensor": "a scale a tensor", "group": "a scale a group"},
    "scope": {"layer": "layer by layer"},
    "group_size": {64: "groups of 64"},
    "huffman": {True: "Huffman"},
    "rotate": {True: "rotated"},
    "choice": {"budget": "by budget", "energy": "by energy", "bayes": "Bayes"},
    "norms": {"measured": "norms measured"},
    "criterion": {"bn_scale": "by scales", "mean_activation": "by activity"},
    "tuned": {"last": "trained at the end"},
}


def training_of(settings: Mapping[str, Any], whole: int) -> str:
    """Say how much training a method takes.

    whole : epochs of the baseline
    returns : one of `TRAININGS`

    >>> training_of({"epochs": 2}, whole=15)
    'a few epochs'
    """
    epochs = settings.get("epochs", 0)
    if not epochs:
        return NONE
    if settings.get("start") == UNTRAINED or epochs >= WHOLE_SHARE * whole:
        return WHOLE
    return FEW
