"""A network as an ONNX file."""

from pathlib import Path

from torch import nn

from .._files import write_beside
from .._inference import HasModel, network_of
from .._require import require_one_of
from ..layers import IntegerNetwork
from .floats import write_float
from .qdq import write_qdq
from .qlinear import write_qlinear

INTEGER_FORMS = {"qdq": write_qdq, "qlinear": write_qlinear}
FORMS = ("float", *INTEGER_FORMS)


def to_onnx(
    model: nn.Module | HasModel,
    path: str | Path,
    *,
    form: str = "qlinear",
    input_shape: tuple[int, ...],
) -> int:
    """Write a network to an ONNX file, and return the file's size in bytes.

    model : a float network of any kinds of layers that this package has, or
        an `IntegerNetwork`
    path : written beside and renamed: it is never half a file
    form : "qlinear": of an integer network; every step is an operator on
            codes, and onnxruntime computes the same ones. Sums, means, joints
            and linear layers are operators of onnxruntime's own. For the
            rounding "float32_half_even" alone
        "qdq": of an integer network; every step is a float operator between
            DequantizeLinear and QuantizeLinear, and a code next to a tie may
            differ by one. Weights of 4 bits or fewer are stored as INT4, all
            others in both forms as INT8. Any rounding becomes ONNX's
        "float": of a float network. Factored layers are written part by part,
            layers that keep their weight as codes or without its zeros by the
            numbers that these stand for
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
    if not isinstance(input_shape, tuple | list):
        got = type(input_shape).__name__
        raise TypeError(f"input_shape must be a tuple of sizes, got {got}")
    shape = tuple(input_shape)
    if form == "float":
        proto = write_float(model, shape)
    elif isinstance(model, IntegerNetwork):
        proto = INTEGER_FORMS[form](model, shape)
    else:
        raise ValueError(
            f"model must be an IntegerNetwork for form {form!r}, got a "
            f"{type(model).__name__}: call quantization.quantize_network first"
        )
    data = proto.SerializeToString()
    try:
        with write_beside(Path(path)) as unfinished:
            unfinished.write_bytes(data)
    except OSError as error:
        raise ValueError(
            f"path must be one that can be written to, got {str(path)!r}: "
            f"{error.strerror}"
        ) from error
    return len(data)
