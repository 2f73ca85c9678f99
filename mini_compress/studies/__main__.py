"""Run a study: python -m mini_compress.studies --help."""

import argparse
import importlib
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import joblib

from .._require import require_int, require_one_of
from .catalog import STUDIES
from .engine.grid import Study
from .engine.runner import run_studies


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0 when the result is written."""
    options = _parser().parse_args(arguments)
    if options.names == ["list"]:
        print(_list())
        return 0
    try:
        _run(options)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\ninterrupted: every finished run is in the journal; the same "
            "command goes on from there",
            file=sys.stderr,
        )
        return 130
    return 0


def _run(options: argparse.Namespace) -> None:
    require_int("--jobs", options.jobs, 1)
    # Ctrl+C reaches all processes: let only this one answer it
    ignore = {
        "initializer": signal.signal,
        "initargs": (signal.SIGINT, signal.SIG_IGN),
    }
    with (
        joblib.parallel_config("loky", **ignore),
        tempfile.TemporaryDirectory() as temporary,
    ):
        folder = options.out or Path(temporary if options.smoke else "results")
        paths = run_studies(
            [find_study(name) for name in dict.fromkeys(options.names)],
            folder,
            jobs=options.jobs,
            smoke=options.smoke,
            restart=options.restart,
        )
        kept = "checked, not kept" if folder == Path(temporary) else "written"
        for path in paths:
            print(f"{kept}: {path}")


def find_study(name: str) -> Study:
    """Find a study by its name, or one's own by module:NAME.

    >>> find_study("weight_pruning").name
    'weight_pruning'
    >>> find_study("mini_compress.studies.pruning.slimming:STUDY").name
    'slimming'
    """
    module, colon, attribute = name.partition(":")
    if not colon:
        require_one_of("NAME", name, STUDIES)
        return STUDIES[name]
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        raise ValueError(f"{name} must be importable, got {error}") from None
    finally:
        sys.path.pop(0)
    if not isinstance(found, Study):
        got = type(found).__name__
        raise ValueError(f"{name} must be a Study, got {got}")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mini_compress.studies",
        description="Measure what the book's figures show and write it to "
        "FOLDER/NAME.json. What was interrupted goes on where it was.",
        epilog=_list(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="list, or one or several of those below, which share the jobs; "
        "package.module:STUDY is one of your own",
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="try it in a minute: a small grid, into a temporary folder",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        default=joblib.cpu_count(),
        help="runs side by side, one thread each (default: all cores)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where results and journals go (default: results, here; those "
        "that ship lie in mini_compress/results, and to record them anew is "
        "--out mini_compress/results)",
    )
    parser.add_argument(
        "--restart",
        action="store_true",
        help="throw away the journal of an interrupted run",
    )
    return parser


def _list() -> str:
    width = max(map(len, STUDIES))
    return "\n".join(
        f"{name:<{width}}  {study.summary}" for name, study in STUDIES.items()
    )


if __name__ == "__main__":
    # a plain `kill` stops the jobs too, as Ctrl+C does
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # our own message says it
    warnings.filterwarnings("ignore", ".* tasks which were still being proc")
    sys.exit(main())
