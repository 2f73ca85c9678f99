"""What the arithmetic of compressed networks is, in numpy alone.

affine   real numbers as integer codes, and back
integer  products and convolutions of codes, and their requantization
packing  codes of 1, 2 and 4 bits, several to a byte
naive    the same functions as plain loops: the definitions
"""

from . import affine, integer, naive, packing

__all__ = ["affine", "integer", "naive", "packing"]
