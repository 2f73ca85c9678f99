"""Lottery tickets: a sparse network that could have been trained by itself.

Train, remove the smallest weights, set what is left back to what it was at
the start, and train again: round by round. The mask and the first weights
belong together, or so the hypothesis says; the control keeps the mask and
draws the weights anew.
"""

from typing import Any

from torch import nn

from ..._inference import copy_model
from ..._require import require_int, require_number
from ...datasets import Dataset
from ...layers.selection import treatable_layers
from ...training import Step, count_steps, train
from .fine_tuning import Round, Rounds, fine_tune
from .masks import Masks, magnitude_masks, masks_of, sparsity_of


def climb_ladder(
    model: nn.Module,
    data: Dataset,
    *,
    rounds: int,
    share: float = 0.2,
    last_share: float = 0.1,
    rewind_step: int = 0,
    epochs: int,
    batch_size: int = 128,
    **settings: Any,
) -> Rounds:
    """Find ever sparser tickets by iterative magnitude pruning and rewinding.

    model : untrained; a copy is trained, first as it is, then `rounds` times
    share : of each layer's weights that are left, what a round removes
    last_share : the same for the last layer, which is small
    rewind_step : the step to whose weights survivors are set back; 0 means
        the untrained ones
    epochs, batch_size, settings : of `training.train`, for every round
    returns : the dense network as round 0, then every round; each was trained
        from the weights of the rewinding point. `model` is the sparsest.

    A control with other first weights is
    `fine_tune(another_untrained_model, data, one.masks, **settings)`.

    >>> from mini_compress import datasets, models
    >>> net, data = models.build("LeNet300"), datasets.load("mnist5k")
    >>> tickets = climb_ladder(net, data, rounds=2, epochs=1, progress=False)
    >>> [round(one.sparsity, 2) for one in tickets]
    [0.0, 0.2, 0.36]

    See [frankle2019lottery], section 2 and figure 4; for later rewinding
    [frankle2020linear].
    """
    require_int("rounds", rounds, 0)
    num_steps = count_steps(data, epochs=epochs, batch_size=batch_size)
    require_int("rewind_step", rewind_step, 0, num_steps)
    require_number("share", share, 0, 1)
    require_number("last_share", last_share, 0, 1)
    settings |= {"epochs": epochs, "batch_size": batch_size}
    start = copy_model(model)

    def remember(step: Step) -> None:
        if step.number == rewind_step:
            start.load_state_dict(step.model.state_dict())

    training = train(model, data, after_step=remember, **settings)
    *hidden, last = treatable_layers(model, None)
    shares = dict.fromkeys(hidden, share) | {last: last_share}
    masks = {name: mask.fill_(True) for name, mask in masks_of(model).items()}
    done = [Round(0.0, masks, training)]
    for _ in range(rounds):
        masks = remove_share(training.model, masks, shares)
        training = fine_tune(start, data, masks, **settings)
        done.append(Round(sparsity_of(masks), masks, training))
    return Rounds(done)


def remove_share(
    model: nn.Module, masks: Masks, shares: dict[str, float]
) -> Masks:
    """Remove a share of each layer's kept weights, the smallest ones.

    model : whose removed weights are 0
    """
    sparsities = {}
    for name, mask in masks.items():
        kept = int(mask.sum())
        removed = mask.numel() - kept + round(shares[name] * kept)
        sparsities[name] = removed / mask.numel()
    return magnitude_masks(model, sparsities)
