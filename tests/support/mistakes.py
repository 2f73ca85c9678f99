"""How the tests check what a function refuses, and with which words."""

import re
import warnings
from collections.abc import Callable

import pytest

# A wrong type is a TypeError, whatever else is wrong a ValueError.
WRONG_TYPE = re.compile(
    r"must be (an? \w+ array|integers|real numbers|a whole number"
    r"|u?int\d+|float\d+|AffineParams|True or False)\b"
)


def assert_refused(mistake: Callable[[], object], message: str) -> None:
    """Check that a call raises exactly this message, and warns of nothing."""
    kind = TypeError if WRONG_TYPE.search(message) else ValueError
    with warnings.catch_warnings(), pytest.raises(kind) as caught:
        warnings.simplefilter("error")
        mistake()
    assert caught.type is kind
    assert str(caught.value) == message
