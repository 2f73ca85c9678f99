"""Checks for the exercises of the book, one module for each chapter.

They are imported by the name of their chapter::

    from mini_compress.checks import weight_pruning as checks

    checks.masked_step(my_function)

A check prints the properties that an answer has, and raises `CheckFailed` at
the first that it lacks. `Attempt` is what a new check is made of; `parts` holds
what several checks share.
"""

from .parts.attempt import Attempt, CheckFailed, show

__all__ = ["Attempt", "CheckFailed", "show"]
