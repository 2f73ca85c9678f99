"""Copy the lessons out of the package: python -m mini_compress --help."""

import argparse
import shlex
import shutil
import sys
from pathlib import Path

from ._files import write_beside

PACKAGE = Path(__file__).resolve().parent


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0 if it was done."""
    parser = argparse.ArgumentParser(
        prog="python -m mini_compress",
        description="Deep-learning model compression from scratch.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    lessons = commands.add_parser(
        "lessons",
        help="copy the lessons, the notebooks with the exercises, to a folder",
        description="Copy the lessons to a folder, which is made if it is "
        "absent. A lesson that is there already is kept as it is.",
    )
    lessons.add_argument(
        "folder",
        type=_folder,
        nargs="?",
        default=Path("my_lessons"),
        help="where they go (default: my_lessons)",
    )
    options = parser.parse_args(arguments)
    try:
        copy_lessons(options.folder)
    except OSError as error:
        print(f"the lessons were not all copied: {error}", file=sys.stderr)
        return 1
    return 0


def copy_lessons(folder: Path) -> None:
    """Copy every lesson that the folder lacks, and say so."""
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in find_lessons():
        target = folder / lesson.name
        if target.exists():
            say(f"kept    {target}")
        else:
            # so that a copy that was interrupted is not kept for a lesson
            with write_beside(target) as unfinished:
                shutil.copyfile(lesson, unfinished)
            say(f"copied  {target}")
    say(f"To work on them: jupyter lab {shlex.quote(str(folder))}")


def say(text: str) -> None:
    """Print a line; what the console cannot show is shown as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("must not be empty, got ''")
    return Path(text).expanduser()


def find_lessons() -> list[Path]:
    """Return the lessons: in the package, or beside it in the repository."""
    for folder in (PACKAGE / "lessons", PACKAGE.parent / "lessons"):
        lessons = sorted(folder.glob("*.ipynb"))
        if lessons:
            return lessons
    raise FileNotFoundError(
        f"the lessons must be in {PACKAGE / 'lessons'}, got no notebook there: "
        "the package was built without them"
    )


if __name__ == "__main__":
    sys.exit(main())
