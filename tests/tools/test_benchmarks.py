"""The benchmarks run, and print a line for every comparison."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = [
    "numpy int32 @",
    "numpy float32 @",
    "onnxruntime MatMulInteger",
    "onnx.reference QLinearConv",
    "onnxruntime QLinearConv",
    "onnxruntime MaxPool",
    "onnxruntime QLinearAveragePool",
    "onnxruntime QLinearAdd",
    "onnxruntime QLinearMul",
    "torch.quantize_per_channel",
    "scipy csr_array @",
    "scipy csr_array",
    "scipy bsr_array @",
    "scipy bsr_array",
    "torch prune.L1Unstructured",
    "numpy.linalg.svd",
    "sklearn randomized_svd",
    "tensorly partial_tucker",
    "scikit-learn KMeans",
    "kmeans1d, compiled",
    "numpy take, of bytes",
    "bit after bit",
    "onnxruntime QLinear graph",
    "kernels.naive",
]


def test_the_benchmarks_run():
    ran = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--smoke"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert not ran.stderr
    for peer in PEERS:
        assert f" {peer} " in ran.stdout
    assert "import mini_compress imports torch" in ran.stdout
    assert "MISSED" not in ran.stdout  # a smoke run judges nothing
