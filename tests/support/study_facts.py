"""Rows and results as a file holds them, right until a test breaks them."""

METHOD, SETTINGS = "quantize_weights", {"bits": 4, "granularity": "tensor"}


def row(**changes) -> dict:
    """A baseline's row, with some fields changed."""
    facts = {
        "network": "LeNet300",
        "dataset": "mnist5k",
        "method": "float",
        "settings": {},
        "seed": 0,
        "n": 1000,
        "correct": 940,
        "b": 0,
        "c": 0,
        "num_bytes": 1_067_152,
        "macs": 266_200,
        "total_epochs": 30,
        "seconds": 0.5,
    }
    return facts | changes


def quantized(b: int, c: int, **changes) -> dict:
    facts = {"method": METHOD, "settings": SETTINGS, "num_bytes": 140_000}
    return row(**facts, correct=940 - b + c, b=b, c=c) | changes


def timed(**changes) -> dict:
    facts = {
        "network": "",
        "dataset": "",
        "method": "numpy float32",
        "settings": {"shape": "2 x 3 x 4"},
        "seed": 0,
        "kernel": "numpy float32",
        "repeats": 5,
        "median_ms": 2.0,
        "min_ms": 1.5,
        "max_ms": 9.0,
        "macs": 24,
        "seconds": 0.1,
    }
    return facts | changes


def claim(**changes) -> dict:
    facts = {"network": "LeNet300", "dataset": "mnist5k"}
    return facts | {"method": METHOD, "settings": SETTINGS} | changes


def baseline(**changes) -> dict:
    facts = {"network": "LeNet300", "dataset": "mnist5k"}
    recipe = {"recipe": {"epochs": 30}, "seeds": [0], "accuracy": [94.0]}
    return facts | recipe | changes


def result(**changes) -> dict:
    facts = {
        "study": "post_training_quantization",
        "command": "python -m mini_compress.studies a",
        "created": "2025-01-31T12:00:00+00:00",
        "declared": "2025-01-31T11:00:00+00:00",
        "seconds": 1.5,
        "machine": {
            "processor": "a processor",
            "vectors": "AVX2",
            "cores": 2,
            "threads_per_job": 1,
        },
        "versions": {
            "mini_compress": "1",
            "python": "3.11.7",
            "numpy": "2.4.6",
            "torch": "2.13.0",
        },
        "dataset_sha256": {"mnist5k": "0" * 64},
        "margin": 0.5,
        "claims": [claim()],
        "controls": [],
        "constants": {},
        "grids": {},
        "baselines": [baseline()],
        "rows": [row(), quantized(20, 10)],
    }
    return facts | changes


def without(facts: dict, key: str) -> dict:
    return {name: value for name, value in facts.items() if name != key}
