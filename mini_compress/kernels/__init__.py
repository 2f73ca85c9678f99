"""What the arithmetic of compressed networks is, in numpy alone.

affine   real numbers as integer codes, and back
integer  products and convolutions of codes, and their requantization
packing  codes of 1, 2 and 4 bits, several to a byte
planes   codes of 2 to 8 bits, in planes of those
naive    the same functions as plain loops: the definitions
"""

from . import affine, integer, naive, packing, planes

__all__ = ["affine", "integer", "naive", "packing", "planes"]
