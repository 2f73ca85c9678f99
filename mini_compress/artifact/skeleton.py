"""The modules of a network, made or copied without the memory of its tensors.

To make modules anew, or to copy them with `copy.deepcopy`, takes longer than
to read the file of a small network.
"""

import copy
import functools
from typing import Any

import torch
from torch import Tensor, nn

from .._inference import copy_model
from ..models import NETWORKS
from .state import is_training_only

UNCHANGING = {bool, float, int, str, type(None)}
OF_ALL_MODULES = frozenset(vars(nn.Module()))  # attributes

# by these a class says itself how it is copied
COPYING = (
    "__deepcopy__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__getstate__",
    "__reduce__",
    "__reduce_ex__",
    "__slots__",
)


@functools.cache
def empty_network(name: str) -> nn.Module:
    """Make one of our networks without memory; it is not to be changed."""
    with torch.device("meta"):
        return NETWORKS[name]()


def copy_empty(network: nn.Module | type[nn.Module]) -> nn.Module:
    """Copy a network, but not the tensors that a file holds."""
    found = network if isinstance(network, nn.Module) else _made(network)
    memo: dict[int, Any] = {}
    for name, tensor in found.state_dict(keep_vars=True).items():
        if isinstance(tensor, Tensor) and not is_training_only(name):
            empty = torch.empty_like(tensor, device="meta")
            if isinstance(tensor, nn.Parameter):
                empty = nn.Parameter(empty, tensor.requires_grad)
            memo[id(tensor)] = empty
    try:
        return copy_structure(found, memo)
    except Exception:  # attributes may be of any kind
        return copy_model(found)  # says which of them cannot be copied


def copy_structure(module: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """Copy a module as `copy.deepcopy` does, but share tensors on meta.

    memo : copies by the `id` of what they are of, as that of `copy.deepcopy`
    """
    if _copies_itself(type(module)):  # type: ignore[arg-type]
        return copy.deepcopy(module, memo)
    copied = type(module).__new__(type(module))
    memo[id(module)] = copied
    state = dict(vars(module))
    for name, value in state.items():
        if not value and name in OF_ALL_MODULES:  # a dict of hooks, mostly
            state[name] = type(value)()
        elif type(value) not in UNCHANGING:
            state[name] = _copy_value(value, memo)
    copied.__setstate__(state)
    return copied


@functools.lru_cache
def _copies_itself(kind: type[nn.Module]) -> bool:
    """Say whether a class has another way to be copied than modules have."""
    return any(
        getattr(kind, name, None) is not getattr(nn.Module, name, None)
        for name in COPYING
    )


def _copy_value(value: Any, memo: dict[int, Any]) -> Any:
    if type(value) in UNCHANGING:
        return value
    if id(value) in memo:
        return memo[id(value)]
    if type(value) is dict:
        copied = memo[id(value)] = {}
        for key, entry in value.items():
            copied[_copy_value(key, memo)] = _copy_value(entry, memo)
        return copied
    if isinstance(value, nn.Module):
        return copy_structure(value, memo)
    if isinstance(value, Tensor) and value.is_meta:
        return value
    return copy.deepcopy(value, memo)


def _made(kind: type[nn.Module]) -> nn.Module:
    """Make a network of a class; nothing is drawn from torch's generator."""
    try:
        with torch.random.fork_rng(devices=[]):
            return kind()
    except TypeError as error:
        raise ValueError(
            "network must be a class that needs no arguments, or one of its "
            f"objects: {error}"
        ) from error
