"""A network as an ONNX file."""

from pathlib import Path
from typing import Any

from torch import nn

from .._files import write_beside
from .._inference import HasModel, network_of
from .._require import require_one_of
from ..layers import IntegerNetwork
from .qlinear import write_qlinear

FORMS = ("qlinear",)


def to_onnx(
    model: nn.Module | HasModel,
    path: str | Path,
    *,
    form: str = "qlinear",
    input_shape: tuple[int, ...],
) -> int:
    """Write a network to an ONNX file, and return the file's size in bytes.

    model : an `IntegerNetwork`
    path : written beside and renamed: it is never half a file
    form : "qlinear": every step is an operator on codes; onnxruntime computes
        the same codes. Some operators are onnxruntime's own
    input_shape : of an example, without the batch axis; the number of
        examples is left open

    Nodes and the tensors of their results have the names of the layers.

    >>> import tempfile
    >>> from mini_compress import datasets, quantization, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> images = data.train.take(100).images
    >>> integer = quantization.quantize_network(net, images)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "network.onnx")
    ...     size = to_onnx(integer, path, input_shape=(1, 28, 28))
    ...     size == path.stat().st_size
    True

    See ONNX, QLinearConv; onnxruntime, QGemm, QLinearAdd.
    """
    require_one_of("form", form, FORMS)
    model = network_of(model)
    shape = tuple(input_shape)
    if not isinstance(model, IntegerNetwork):
        raise ValueError(
            f"model must be an IntegerNetwork for form {form!r}, got a "
            f"{type(model).__name__}: see quantization.quantize_network"
        )
    proto: Any = write_qlinear(model, shape)
    data = proto.SerializeToString()
    with write_beside(Path(path)) as unfinished:
        unfinished.write_bytes(data)
    return len(data)
