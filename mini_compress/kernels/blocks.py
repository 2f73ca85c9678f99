"""Work in blocks that stay in the processor's cache.

A chain of numpy operations over a large array goes to memory once per
operation. Over blocks it goes there once in all, and needs no large buffers.
"""

import math
from collections.abc import Iterator

BLOCK_SIZE = 1 << 16  # values; as float32 a quarter of a MiB


def cache_blocks(
    shape: tuple[int, ...], size: int = BLOCK_SIZE
) -> Iterator[tuple[slice, ...]]:
    """Yield index tuples that cut an array into blocks of at most `size`."""
    if not shape:
        yield ()
        return
    inner = math.prod(shape[1:])
    if inner == 0:
        return
    if inner <= size:
        rows = max(1, size // inner)
        for start in range(0, shape[0], rows):
            yield (slice(start, start + rows),)
    else:
        for row in range(shape[0]):
            for rest in cache_blocks(shape[1:], size):
                yield slice(row, row + 1), *rest


def slices(length: int, size: int) -> Iterator[slice]:
    """Cut range(length) into slices of at most `size`."""
    for start in range(0, length, size):
        yield slice(start, start + size)
