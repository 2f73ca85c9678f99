"""Train a shipped network again: python -m mini_compress.zoo --help."""

import argparse
import sys

from .. import datasets, models
from . import reproduce, shipped
from .recipes import RECIPES, find_recipe


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0 if the shipped network was reproduced."""
    options = _parser().parse_args(arguments)
    names = options.network, options.dataset
    try:
        print(_plan(*names), flush=True)
        model, facts = reproduce.reproduce(*names)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"test: {facts['test']['correct']:,} of {facts['test']['n']:,} right")
    if options.write:
        shipped.replace(model, facts)
        print(f"written: {shipped.weights_path(*names)} and its record")
        return 0
    reproduced, why = reproduce.verdict(shipped.record(*names), facts)
    print(why)
    return 0 if reproduced else 1


def _parser() -> argparse.ArgumentParser:
    pairs = ", ".join(f"{network} {dataset}" for network, dataset in RECIPES)
    parser = argparse.ArgumentParser(
        prog="python -m mini_compress.zoo",
        description="Train one of the shipped networks again and say whether "
        "the result is the shipped file.",
        epilog=f"The shipped networks: {pairs}.",
    )
    parser.add_argument("network", choices=models.NETWORKS)
    parser.add_argument("dataset", choices=datasets.NAMES)
    parser.add_argument(
        "--write", action="store_true", help="replace the shipped files"
    )
    return parser


def _plan(network: str, dataset: str) -> str:
    """Say what will be done and how long it took when it was recorded."""
    epochs = find_recipe(network, dataset).epochs
    plan = f"{network} on {dataset}: {epochs} epochs on one thread"
    if not shipped.record_path(network, dataset).exists():
        return f"{plan}; the time is not known yet"
    facts = shipped.record(network, dataset)
    return f"{plan}, about {facts['seconds']:.0f} s ({facts['machine']})"


if __name__ == "__main__":
    sys.exit(main())
