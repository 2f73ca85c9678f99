"""Low rank: layers in the place of one, with fewer weights between them.

`factorize` does it, and reports what it came to.
"""

from .factorize import Factorized, factorize

__all__ = ["Factorized", "factorize"]
