"""Every public function shows what it does, by an example that is run.

A record (a dataclass, a named tuple) or a layer is shown by the function that
makes it.
"""

import importlib
import inspect

import pytest

PACKAGES = (
    *("allocation", "artifact", "datasets", "hardware", "kernels.affine"),
    *(
        "kernels.fixed_point",
        "kernels.integer",
        "kernels.masks",
        "kernels.packing",
        "kernels.sparse",
    ),
    *("measuring", "models", "pruning", "quantization", "training", "zoo"),
)
# whose result differs from run to run, and which takes seconds
WITHOUT = {"hardware.measure_machine"}


def public_functions():
    for package in PACKAGES:
        module = importlib.import_module(f"mini_compress.{package}")
        for name, value in vars(module).items():
            if not inspect.isfunction(value) or name.startswith("_"):
                continue
            home = value.__module__ == module.__name__
            if name in getattr(module, "__all__", [name] if home else []):
                yield f"{package}.{name}", value


FUNCTIONS = dict(public_functions())


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - WITHOUT))
def test_it_has_an_example(name):
    assert ">>> " in inspect.getdoc(FUNCTIONS[name])


def test_the_functions_called_first_are_among_them():
    first = {
        *("artifact.load", "artifact.save", "datasets.from_arrays"),
        *("hardware.ledger", "pruning.fine_tune", "pruning.prune_filters"),
        *("quantization.quantize_static", "quantization.quantize_weights"),
        *("quantization.fold_batchnorm", "training.evaluate"),
        *("training.train", "zoo.load", "kernels.affine.quantize"),
    }
    assert first <= FUNCTIONS.keys()
