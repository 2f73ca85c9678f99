"""Copy the lessons out of the package: python -m mini_compress --help."""

import argparse
import shutil
import sys
from pathlib import Path

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
    lessons.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    return copy_lessons(options.folder)


def copy_lessons(folder: Path) -> int:
    """Copy every lesson that the folder lacks, and say so; return 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in find_lessons():
        target = folder / lesson.name
        if target.exists():
            print(f"kept    {target}")
        else:
            shutil.copyfile(lesson, target)
            print(f"copied  {target}")
    print(f"To work on them: jupyter lab {folder}")
    return 0


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
