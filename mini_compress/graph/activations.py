"""Which layers hand their outputs to a ReLU and to nothing else."""

from torch import nn

from .operations import KINDS, RELU, target_of
from .tracing import trace


def relu_follows(model: nn.Module) -> set[str]:
    """Return the names of modules whose output only a ReLU reads.

    model : one that `trace` can follow

    >>> relu_follows(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    {'0'}
    """
    graph = trace(model)
    followed: dict[str, bool] = {}
    for node in graph.graph.nodes:
        if node.op == "call_module":
            kinds = {KINDS.get(target_of(graph, user)) for user in node.users}
            before = followed.get(node.target, True)
            followed[node.target] = before and kinds == {RELU}
    return {name for name, does in followed.items() if does}
