"""The tensors of a network: which are stored, and how it takes them back."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from ..layers.base import InferenceModule
from ..layers.kinds import TRAINING_ONLY
from .schema import Contents, Entry

SHOWN = 3  # of the tensors that do not fit


def has_own_version(module: nn.Module) -> bool:
    """Say whether a module's class, not torch's nor ours, may have versions."""
    home = type(module).__module__.partition(".")[0]
    return home not in ("torch", __name__.partition(".")[0])


def is_training_only(name: str) -> bool:
    """Say whether a tensor is of no use to a network in use."""
    return name.rpartition(".")[2] == TRAINING_ONLY


def stored_state(model: nn.Module) -> dict[str, Tensor]:
    """Return what a file holds of a model: all but counters of training."""
    state = model.state_dict()
    return {x: state[x] for x in state if not is_training_only(x)}


def compressed_paths(model: nn.Module) -> list[str]:
    """List the paths of what is for inference, with floats of one type."""
    return [
        path
        for path, module in model.named_modules(remove_duplicate=False)
        if isinstance(module, InferenceModule)
    ]


def require_fit(
    state: Mapping[str, Tensor],
    entries: Mapping[str, Entry],
    fixed: Iterable[str],
) -> None:
    """Refuse a file whose tensors are not those of the network.

    state : of the network
    entries : of the file, by name, those that are tied too
    fixed : the paths of modules whose floats are of one type. All others have
        the type that the file says.
    """
    starts = tuple(f"{path}." if path else "" for path in fixed)
    wrong = []
    for name in [*state, *(entries.keys() - state.keys())]:
        tensor, entry = state.get(name), entries.get(name)
        if (
            tensor is None
            or entry is None
            or not _fits(
                tensor, entry, name.startswith(starts) if starts else False
            )
        ):
            wrong.append(
                f"{name[:80]} must be {_shown(tensor)}, got {_shown(entry)}"
            )
    if wrong:
        more = len(wrong) - SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        shown = "; ".join(wrong[:SHOWN])
        raise ValueError(f"the file does not fit the network: {shown}{rest}")


def fill(
    model: nn.Module, tensors: Mapping[str, Tensor], contents: Contents
) -> None:
    """Let a network take tensors as its own, those that are tied as one."""
    state = model.state_dict(keep_vars=True)
    metadata = state._metadata  # type: ignore[attr-defined]
    for path, module in model.named_modules(remove_duplicate=False):
        if path in metadata and has_own_version(module):
            metadata[path]["version"] = contents.versions.get(path, 1)
    taken: dict[str, Tensor] = {}
    for name, old in state.items():
        source = contents.tied.get(name, name)
        if source not in tensors:  # of training only
            # zeros_like of what is on the meta device imports a compiler
            state[name] = torch.zeros(old.shape, dtype=old.dtype)
            continue
        if source not in taken:
            new = tensors[source]
            parameter = isinstance(old, nn.Parameter)
            taken[source] = (
                nn.Parameter(new, old.requires_grad) if parameter else new
            )
        state[name] = taken[source]
    model.load_state_dict(state, assign=True)
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.is_meta:  # a buffer of our layers that is not persistent
            raise ValueError(f"{name!a} must be in the file, got nothing")


def _fits(tensor: Tensor, entry: Entry, fixed: bool) -> bool:
    if tensor.shape != entry.shape:
        return False
    floats = tensor.is_floating_point() and entry.dtype.is_floating_point
    return tensor.dtype == entry.dtype or (floats and not fixed)


def _shown(tensor: Tensor | Entry | None) -> str:
    if tensor is None:
        return "absent"
    dtype = str(tensor.dtype).removeprefix("torch.")
    return f"{dtype} {tuple(tensor.shape)}"
