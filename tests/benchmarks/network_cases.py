"""Whole integer networks: onnxruntime's operators, and plain loops."""

from collections.abc import Iterator

import torch

from mini_compress import models
from mini_compress.quantization import quantize_network
from tests.benchmarks.case import Case
from tests.support.naive_network import run_by_loops
from tests.support.qlinear import open_network


def network_cases(smoke: bool) -> Iterator[Case]:
    """Yield a network of the book's and a narrow one, which loops can run."""
    images = torch.rand(
        20 if smoke else 1000,
        *(1, 28, 28),
        generator=torch.Generator().manual_seed(0),
    )
    network = quantize_network(models.build("LeNet5"), images[:20])
    # only the logits, by the fastest kernels, as who deploys it asks for
    run = open_network(network, (1, 28, 28), all_steps=False, precise=False)
    yield Case(
        f"IntegerNetwork LeNet5, {len(images)} images",
        "onnxruntime QLinear graph",
        lambda: network(images),
        lambda: run(images.numpy()),
        least_ratio=1 / 40,
        rounds=5,
        needs_vnni=True,
    )
    few = images[: 1 if smoke else 10]
    narrow = quantize_network(
        models.build("ConvNet", width=0.25).eval(), images[:20]
    )
    few_codes = narrow.quantize(few).numpy()
    yield Case(
        f"IntegerNetwork ConvNet / 4, {len(few)} images",
        "kernels.naive",
        lambda: narrow(few),
        lambda: run_by_loops(narrow, few_codes),
        least_ratio=20,
        rounds=1,
    )
