"""Round values along a scale, each with room for its text."""

import math

from .scale import STEPS, Scale, round_up

CLOSE = 6  # steps on either side of what is near
FEW = 50  # a gap, in percent, from which on there are only the ends


def choose_ticks(scale: Scale, gap: float) -> list[float]:
    """Choose the roundest values of a scale that keep their distance.

    gap : the least difference of two places, of 100

    >>> choose_ticks(Scale(0.0, 50.0), gap=15)
    [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    >>> choose_ticks(Scale(1.0, 1000.0, log=True), gap=30)
    [1.0, 10.0, 100.0, 1000.0]
    """
    ends, inside = _order_ends(scale), _list_inside(scale, gap)
    wanted = [*ends, *inside] if gap >= FEW else [ends[0], *inside, ends[1]]
    chosen: list[float] = []
    for value in wanted:
        place = scale.place(value)
        if all(abs(place - scale.place(x)) >= gap for x in chosen):
            chosen.append(value)
    return sorted(chosen)


def _order_ends(scale: Scale) -> list[float]:
    """Return the two ends, first the one that is further off what matters."""
    near = scale.low if scale.near is None else scale.near
    return sorted((scale.high, scale.low), key=lambda end: -abs(end - near))


def _list_inside(scale: Scale, gap: float) -> list[float]:
    """List values inside of a scale, the roundest first."""
    if scale.log:
        first, last = (math.log10(x) for x in (scale.low, scale.high))
        powers = range(math.floor(first), math.ceil(last) + 1)
        found = [x * 10.0**power for x in STEPS for power in powers]
        return [x for x in found if scale.low <= x <= scale.high]
    span = scale.high - scale.low
    if scale.near is None:
        return _multiples(scale.low, scale.high, round_up(span * gap / 100))
    # smaller and smaller steps, closer and closer to what is near
    found, step = [], round_up(span / 2)
    while step > scale.room / 2:
        low, high = (scale.near + side * CLOSE * step for side in (-1, 1))
        found += _multiples(max(low, scale.low), min(high, scale.high), step)
        step = round_up(step / 2.5)
    return found


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]
