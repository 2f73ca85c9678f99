"""What a teacher said of each image, in a few bytes, to be asked only once.

A softmax does not see a number that is taken off all logits of an image. So
each image keeps how far its best classes are behind the best one, in steps of
one size for all; the classes that are not kept share the mean of their logits.
Logits serve every temperature; probabilities at temperature 1 are too near to
0 and 1 to be rounded.
"""

from dataclasses import dataclass

import numpy as np

from .._require import (
    require_dtype,
    require_finite,
    require_int,
    require_ndim,
)
from .planes import pack_planes, unpack_planes

__all__ = ["PackedLogits", "pack_logits", "unpack_logits"]


@dataclass(frozen=True, eq=False)
class PackedLogits:
    """Logits of some classes of each image, as `pack_logits` makes them.

    shape : (n, classes) of the logits
    top : how many classes of each image are kept
    bits : of a code
    step : what a code of 1 stands for
    codes : packed (n, top), and one column more for the mean of the others
        where there are any: how many steps they are behind the best class
    classes : packed (n, top) numbers of classes, the best first; without a
        byte if all are kept, for then they stand in order

    >>> packed = pack_logits(np.float32([[12, 4, 3, 1]]), top=4, bits=8)
    >>> packed.num_bytes  # four codes and the step
    8
    """

    shape: tuple[int, int]
    top: int
    bits: int
    step: np.float32
    codes: np.ndarray
    classes: np.ndarray

    @property
    def num_bytes(self) -> int:
        """Length of codes, classes and step."""
        return self.codes.nbytes + self.classes.nbytes + self.step.nbytes


def pack_logits(
    logits: np.ndarray, *, top: int | None = None, bits: int = 8
) -> PackedLogits:
    """Keep the largest logits of each image, in codes of a few bits.

    logits : (n, classes) float32 or float64, finite, n >= 1, at most 65,536
        classes
    top : how many classes of each image to keep, 1..classes; None keeps all.
        Of equal logits the first is kept.
    bits : of a code, 1..8. The largest distance that occurs is divided into
        2**bits - 1 steps; codes are rounded half to even.

    >>> packed = pack_logits(np.float32([[12, 4, 3, 1], [0, 9, 9, 5]]), top=2)
    >>> unpack_logits(packed).round(1)
    array([[  0. ,  -8. , -10. , -10. ],
           [ -6.5,   0. ,   0. ,  -6.5]], dtype=float32)
    """
    require_dtype("logits", logits, np.float32, np.float64)
    require_ndim("logits", logits, 2)
    n, classes = logits.shape
    require_int("number of images", n, 1)
    require_int("number of classes", classes, 1, 1 << 16)
    top = classes if top is None else require_int("top", top, 1, classes)
    bits = require_int("bits", bits, 1, 8)
    require_finite("logits", logits)
    wide = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # refused by name
        behind = wide.max(axis=1, keepdims=True) - wide
        largest = np.float32(behind.max())
    require_finite("largest distance between logits", largest)
    order, kept = np.empty((n, 0), np.intp), behind
    if top < classes:
        order = np.argsort(behind, axis=1, kind="stable")  # (n, classes)
        behind = np.take_along_axis(behind, order, axis=1)
        others = behind[:, top:].mean(axis=1, keepdims=True)
        kept = np.append(behind[:, :top], others, axis=1)  # (n, top + 1)
        order = order[:, :top]
    step = np.float32(kept.max() / (2**bits - 1)) or np.float32(1)
    codes = np.rint(kept / step).clip(0, 2**bits - 1).astype(np.uint8)
    return PackedLogits(
        (n, classes),
        top,
        bits,
        step,
        pack_planes(codes, bits=bits),
        _pack_classes(order, classes),
    )


def unpack_logits(packed: PackedLogits) -> np.ndarray:
    """Return the logits again, the largest of each image as 0.

    returns : (n, classes) float32; a softmax at any temperature is what it
        was, up to rounding and to what the classes share that were not kept

    >>> logits = np.float32([[2, 1, 0]])
    >>> unpack_logits(pack_logits(logits, bits=1))  # 0 or 2 behind; 1 to even
    array([[ 0.,  0., -2.]], dtype=float32)
    """
    n, classes = packed.shape
    columns = packed.top + (packed.top < classes)
    codes = unpack_planes(
        packed.codes, bits=packed.bits, count=n * columns, signed=False
    )
    # (n, columns)
    kept = -packed.step * codes.reshape(n, columns).astype(np.float32)
    if packed.top == classes:
        return kept + np.float32(0)  # -0 becomes 0
    out = np.repeat(kept[:, -1:], classes, axis=1)  # what the others share
    order = unpack_classes(packed)
    np.put_along_axis(out, order, kept[:, :-1], axis=1)
    return out + np.float32(0)


def _pack_classes(order: np.ndarray, classes: int) -> np.ndarray:
    """Pack numbers of classes: into few bits, or two bytes if there are many.

    order : (n, top)
    """
    if classes > 256:
        return order.astype("<u2").view(np.uint8).ravel()
    return pack_planes(order.astype(np.uint8), bits=_class_bits(classes))


def unpack_classes(packed: PackedLogits) -> np.ndarray:
    """Return the numbers of the classes that are kept, the best first.

    packed : of fewer classes than there are; all would stand in order
    returns : (n, top)

    >>> packed = pack_logits(np.float32([[12, 4, 3], [0, 5, 9]]), top=2)
    >>> unpack_classes(packed)
    array([[0, 1],
           [2, 1]])
    """
    n, classes = packed.shape
    if classes > 256:
        numbers = packed.classes.view("<u2")
    else:
        numbers = unpack_planes(
            packed.classes,
            bits=_class_bits(classes),
            count=n * packed.top,
            signed=False,
        )
    # (n, top)
    return numbers.reshape(n, packed.top).astype(np.intp)


def _class_bits(classes: int) -> int:
    """Return how many bits the number of a class takes."""
    return max(1, (classes - 1).bit_length())
