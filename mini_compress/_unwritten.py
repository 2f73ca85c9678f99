"""What is said of a function that a learner has not written yet."""

import traceback


def describe_unwritten(name: str) -> str:
    """Return the one line for a function that only raises."""
    return (
        f"{name} is not written yet: put your code in the place of "
        "`raise NotImplementedError`"
    )


def is_unwritten(error: BaseException) -> bool:
    """Return whether an error is that of a stub, and not of a library."""
    return isinstance(error, NotImplementedError) and not error.args


def say_in_one_line(error: BaseException) -> None:
    """Let IPython show the error of a stub in one line, without a traceback."""
    if is_unwritten(error):
        frames = traceback.extract_tb(error.__traceback__)
        line = describe_unwritten(frames[-1].name if frames else "a function")
        error._render_traceback_ = lambda: [line]  # type: ignore[attr-defined]
