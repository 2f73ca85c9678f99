"""Models in onnxruntime, on one thread."""

from typing import Any

from ..._require import require_extra


def open_session(data: bytes, *, precise: bool) -> Any:
    """Return a session of onnxruntime for a model.

    data : of an ONNX file
    precise : its option `session.x64quantprecision`, by which no operator may
        trade exactness for speed. Without it, sums saturate on x86 processors
        that have no 8-bit dot products (VNNI).
    """
    onnxruntime: Any = require_extra("onnxruntime", "lab")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if precise:
        options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
