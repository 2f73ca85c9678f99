"""Batch normalization merged into the layer before it.

In use, a batch normalization multiplies each channel by a constant and adds
another. A convolution or a linear layer can do both with its weight and bias:

    factor = gamma / sqrt(variance + eps)
    weight' = factor * weight
    bias' = beta + factor * (bias - mean)

Which layer a normalization follows is read off the traced network.
"""

import warnings
from collections import Counter
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .._inference import copy_model, require_module
from ..layers.plain import require_plain_weights
from .tracing import TENSORS_READ, trace_own

FLAT = 2  # axes of what a Linear reads: examples, features
# a layer and what can be merged into it, on the axis that its outputs lie on
PAIRS = {nn.Conv2d: nn.BatchNorm2d, nn.Linear: nn.BatchNorm1d}


def fold_batchnorm(model: nn.Module) -> nn.Module:
    """Return a copy whose layers have taken in their normalizations.

    model : is not changed; see `trace` for what it may do

    A Conv2d whose output goes to a BatchNorm2d and nowhere else becomes a
    Conv2d with a bias, and the normalization an Identity; so do Linear and
    BatchNorm1d. Wherever they stand in the model: what it runs counts, called
    with one input. A warning names the normalizations that stay, see
    `unfolded_norms`. The copy is in evaluation mode, and computes what the
    model computes there, but for rounding. Frozen parameters stay frozen; a
    new bias is trained if the weight is.

    >>> block = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2))
    >>> fold_batchnorm(block)
    Sequential(
      (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))
      (1): Identity()
    )

    >>> from mini_compress.models import build
    >>> folded = fold_batchnorm(build("ConvNet"))
    >>> [type(layer).__name__ for layer in folded.features[:3]]
    ['Conv2d', 'Identity', 'ReLU']

    See [jacob2018quantization], section 3.2.
    """
    folded, pairs, left = _examine(model)
    for name, norm_name in pairs.items():
        norm = folded.get_submodule(norm_name)
        _merge(folded.get_submodule(name), norm)
        identity = nn.Identity().eval()
        if isinstance(norm, nn.BatchNorm1d):
            identity.register_forward_pre_hook(_require_two_axes)
        for alias, module in [*folded.named_modules(remove_duplicate=False)]:
            if module is norm:
                folded.set_submodule(alias, identity)
    if pairs:
        _require_runnable(folded)
    if left:
        warnings.warn(_told(left, len(left) + len(pairs)), stacklevel=2)
    return folded


def unfolded_norms(model: nn.Module) -> dict[str, str]:
    """Say which batch normalizations `fold_batchnorm` leaves, and why.

    model : to be folded, or folded already

    >>> unfolded_norms(nn.Sequential(nn.ReLU(), nn.BatchNorm2d(2)))
    {'1': 'does not follow a Conv2d'}
    """
    _, _, left = _examine(model)
    return left


def _require_runnable(folded: nn.Module) -> None:
    """Refuse a model whose own code reads what an Identity does not have."""
    try:
        trace_own(folded)
    except ValueError as error:
        raise ValueError(
            "model must run without its normalizations, got one that reads "
            f"more of them than their output: {error.__cause__}"
        ) from error


def _told(left: dict[str, str], count: int) -> str:
    """Name the normalizations that stay, those with one reason together."""
    reasons: dict[str, list[str]] = {}
    for name, why in left.items():
        reasons.setdefault(why, []).append(repr(name))
    told = [f"{', '.join(names)} {why}" for why, names in reasons.items()]
    return (
        f"{len(left)} of {count} batch normalizations stay as they are: "
        + "; ".join(told)
    )


Pairs = dict[str, str]  # a layer's name -> its normalization's
Left = dict[str, str]  # a normalization's name -> why it stays


def _examine(model: nn.Module) -> tuple[nn.Module, Pairs, Left]:
    """Return a copy of the model, what can be merged in it, and what not."""
    require_module("model", model)
    require_plain_weights(model)
    copied = copy_model(model).eval()
    norms = [x for x in copied.modules() if isinstance(x, _BatchNorm)]
    if not norms:
        return copied, {}, {}  # no need to trace it
    calls = _Calls(copied)
    pairs: Pairs = {}
    left: Left = {}
    for norm in norms:
        name, why = calls.names[norm], calls.obstacle(norm)
        if why:
            left[name] = why
        else:
            pairs[calls.names[calls.layer_before(norm)]] = name
    return copied, pairs, left


class _Calls:
    """Who runs when in a model, and who reads what."""

    def __init__(self, model: nn.Module) -> None:
        self.names = {module: name for name, module in model.named_modules()}
        try:
            graph = trace_own(model)
        except ValueError as error:
            cure = "fold the parts that can be traced by themselves"
            raise ValueError(f"{error}; {cure}") from error
        self.modules: dict[fx.Node, nn.Module] = {
            node: graph.get_submodule(str(node.target))
            for node in graph.graph.nodes
            if node.op == "call_module"
        }
        self.nodes = {module: node for node, module in self.modules.items()}
        self.runs = Counter(self.modules.values())
        owned = [id(x) for module in self.names for x in _tensors(module)]
        self.users = Counter(owned + graph.meta[TENSORS_READ])

    def layer_before(self, norm: nn.Module) -> Any:
        """Return the Linear or Conv2d that a normalization is given, if any."""
        [*sources] = self.nodes[norm].all_input_nodes
        layer = self.modules.get(sources[0]) if len(sources) == 1 else None
        return layer if PAIRS.get(type(layer)) is type(norm) else None  # type: ignore[arg-type]

    def obstacle(self, norm: _BatchNorm) -> str:
        """Say why a normalization cannot be merged; "" if it can."""
        if type(norm) not in PAIRS.values():
            return f"is a {type(norm).__module__}.{type(norm).__name__}"
        if norm.running_mean is None or norm.running_var is None:
            return "has no running statistics"
        if not self.runs[norm]:
            return "never runs"
        if self.runs[norm] > 1:
            return f"runs {self.runs[norm]} times"
        layer = self.layer_before(norm)
        if layer is None:
            known = {norms: layers for layers, norms in PAIRS.items()}
            return f"does not follow a {known[type(norm)].__name__}"
        name = f"{self.names[layer]!r}"
        if self.runs[layer] != 1:
            return f"follows {name}, which runs {self.runs[layer]} times"
        if len(self.nodes[layer].users) != 1:
            return f"is not alone in reading {name}"
        if len(layer.weight) != norm.num_features:
            return f"has another width than {name}"
        tensors = _tensors(layer) + _tensors(norm)
        if any(self.users[id(x)] != 1 for x in tensors):
            return f"follows {name}, and one of their tensors is used elsewhere"
        hooks = (layer._forward_hooks, norm._forward_hooks)
        if any(hooks) or norm._forward_pre_hooks:
            return f"follows {name}, and one of them has hooks"
        return ""


def _tensors(module: nn.Module) -> list[Tensor]:
    """Return the parameters and buffers of a module itself."""
    return [*module.parameters(recurse=False), *module.buffers(recurse=False)]


@torch.no_grad()
def _merge(layer: Any, norm: Any) -> None:
    """Let a layer do what the two do in evaluation mode."""
    # half precision is for the results alone
    dtype = torch.promote_types(norm.running_var.dtype, torch.float32)
    factor = torch.rsqrt(norm.running_var.to(dtype) + norm.eps)
    beta = torch.zeros_like(factor)
    if norm.affine:
        factor, beta = factor * norm.weight, norm.bias
    bias = torch.zeros_like(factor) if layer.bias is None else layer.bias
    bias = beta + factor * (bias - norm.running_mean)
    # (outputs, 1, ...)
    column = factor.reshape(-1, *[1] * (layer.weight.ndim - 1))
    layer.weight.copy_(layer.weight * column)
    if layer.bias is None:
        layer.bias = nn.Parameter(
            bias.to(layer.weight.dtype),
            requires_grad=layer.weight.requires_grad,
        )
    else:
        layer.bias.copy_(bias)


def _require_two_axes(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Refuse what BatchNorm1d would have normalized along another axis."""
    [x] = inputs
    if x.ndim != FLAT:
        raise ValueError(
            "input of a BatchNorm1d that was folded must have 2 axes, got "
            f"shape {tuple(x.shape)}"
        )
