"""Copy the lessons, or run a recipe: python -m mini_compress --help."""

import argparse
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from ._files import write_beside
from ._require import require_extra

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
    lessons.set_defaults(command=_copy_lessons)
    _add_run(commands)
    options = parser.parse_args(arguments)
    return options.command(options)


def _copy_lessons(options: argparse.Namespace) -> int:
    try:
        copy_lessons(options.folder)
    except OSError as error:
        print(f"the lessons were not all copied: {error}", file=sys.stderr)
        return 1
    return 0


def _add_run(commands: Any) -> None:
    """Add the command that runs a recipe."""
    parser = commands.add_parser(
        "run",
        help="compress a network of the zoo by a recipe",
        description="Compress a trained network of the zoo by a recipe, a TOML "
        "file of steps. After each step it is scored on validation images.",
    )
    parser.add_argument(
        "recipe",
        help="a file, or one that comes with the package: no_training, "
        "few_epochs, smallest_file or deep_compression; list shows the steps "
        "that there are",
    )
    parser.add_argument("--network", default="LeNet300", help="or LeNet5, ...")
    parser.add_argument("--data", default="mnist5k", help="or mnist, ...")
    parser.add_argument(
        "--folder",
        type=_folder,
        help="keeps what is done: the same command goes on from there",
    )
    parser.add_argument(
        "--test",
        action="store_true",
        help="score on the test images too, once, at the end",
    )
    parser.add_argument(
        "--out", type=_folder, metavar="FILE", help="where the network goes"
    )
    parser.set_defaults(command=_run_recipe)


def _run_recipe(options: argparse.Namespace) -> int:
    """Run a recipe; return 2 for what cannot be done."""
    require_extra("torch", "lab")
    # only here: it takes seconds, and the lessons can be copied without it
    from . import artifact, pipeline, zoo

    if options.recipe == "list":
        for row in pipeline.list_steps().records():
            say(f"{row['step']:<18} {row['settings']}")
        return 0
    try:
        recipe = options.recipe
        if not recipe.endswith(".toml"):
            recipe = pipeline.shipped(recipe)
        result = pipeline.run(
            recipe,
            zoo.load(options.network, options.data),
            options.data,
            folder=options.folder,
            test=options.test,
        )
        say(repr(result))
        if options.out:
            say(f"{artifact.save(result, options.out):,} bytes: {options.out}")
    except (OSError, TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted: whole steps are in --folder", file=sys.stderr)
        return 130
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
