"""Files that one process at a time may work on."""

import importlib
from typing import IO, Any

_fcntl: Any
try:
    _fcntl = importlib.import_module("fcntl")
except ModuleNotFoundError:  # Windows: two runs at once are not noticed there
    _fcntl = None


def lock(file: IO[Any], *, wait: bool) -> bool:
    """Lock an open file until it is closed; False if another one has it.

    wait : until the other one has closed it

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     lock(file, wait=False)
    True
    """
    if _fcntl is None:
        return True
    try:
        _fcntl.flock(file, _fcntl.LOCK_EX | (0 if wait else _fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
