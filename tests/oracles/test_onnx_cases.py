"""The test cases that the ONNX standard publishes for its quantized nodes.

Left out are the cases in floating-point codes (float8, float4), which are not
evenly spaced grids, and those with float16 scales, which our kernels hold in
float32; `test_no_other_case_is_left_out` names them.
"""

import importlib

import numpy as np
import onnx
import onnx.backend.test.case.node as node_cases
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from mini_compress.kernels import affine, integer
from mini_compress.kernels.affine import AffineParams

OPS = [
    "QuantizeLinear",
    "DequantizeLinear",
    "MatMulInteger",
    "ConvInteger",
    "QLinearMatMul",
    "QLinearConv",
]
GRIDS = {
    f"{kind}{bits}" for kind in ("INT", "UINT") for bits in (2, 4, 8, 16, 32)
}


def collect() -> list:
    """Return the published cases of OPS.

    Only the modules that hold them are imported: collecting all 1,800 cases,
    as the public function does, takes ten seconds.
    """
    for op in OPS:
        importlib.import_module(f"{node_cases.__name__}.{op.lower()}")
    nodes = [
        (case, case.model.graph.node) for case in node_cases._NodeTestCases
    ]
    return [case for case, (node, *_) in nodes if node.op_type in OPS]


def type_names(case) -> set[str]:
    """Return the element types of a case's inputs and outputs, but FLOAT."""
    values = [*case.model.graph.input, *case.model.graph.output]
    types = {value.type.tensor_type.elem_type for value in values}
    return {onnx.TensorProto.DataType.Name(one) for one in types} - {"FLOAT"}


CASES = collect()
COVERED = [case for case in CASES if type_names(case) <= GRIDS]


def arrays_of(case) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return a case's inputs by name, and its output."""
    graph = case.model.graph
    inputs, (expected,) = case.data_sets[0]
    values = {
        declared.name: as_array(value)
        for declared, value in zip(graph.input, inputs, strict=True)
    }
    return values, as_array(expected)


def as_array(value) -> np.ndarray:
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    value = np.asarray(value)
    narrow = value.dtype.name in ("int2", "int4", "uint2", "uint4")
    wide = value.dtype.name.rstrip("24") + "8"
    return value.astype(wide) if narrow else value


def grid_type(case, name: str) -> tuple[int, bool]:
    """Return the bits of a tensor's codes, and whether they are signed."""
    graph = case.model.graph
    (value,) = (v for v in [*graph.input, *graph.output] if v.name == name)
    element = value.type.tensor_type.elem_type
    kind = onnx.TensorProto.DataType.Name(element)
    return int(kind.lstrip("UINT")), kind.startswith("INT")


def attributes_of(case) -> dict:
    (node,) = case.model.graph.node
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def blocks(x: np.ndarray, attributes: dict) -> np.ndarray:
    """Bring x to a shape against which the node's steps broadcast.

    Blocked: (..., inner, groups, group_size), where the last two were `axis`.
    """
    axis, size = attributes.get("axis", 1), attributes.get("block_size", 0)
    if size == 0:
        return x
    return affine.split_groups(np.moveaxis(x, axis, -1), size)


def steps(value: np.ndarray, x: np.ndarray, attributes: dict) -> np.ndarray:
    """Bring a scale or zero point to a shape that broadcasts in blocks()."""
    axis, size = attributes.get("axis", 1), attributes.get("block_size", 0)
    if size:
        return np.moveaxis(value, axis, -1)[..., np.newaxis]
    if value.size == 1:
        return value.reshape(())
    return value.reshape([-1 if i == axis else 1 for i in range(x.ndim)])


def check_affine(case, codes_name: str, kernel) -> None:
    values, expected = arrays_of(case)
    attributes = attributes_of(case)
    x, scale, *zero_point = values.values()
    scale = steps(scale, x, attributes)
    zero_point = steps(*zero_point, x, attributes) if zero_point else 0
    params = AffineParams(scale, zero_point, *grid_type(case, codes_name))
    out = kernel(blocks(x, attributes), params)
    expected = blocks(expected, attributes)
    assert out.dtype == expected.dtype
    assert np.array_equal(out, expected)


def of_op(op: str):
    cases = [c for c in COVERED if c.model.graph.node[0].op_type == op]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@of_op("QuantizeLinear")
def test_quantize(case):
    check_affine(case, "y", affine.quantize)


@of_op("DequantizeLinear")
def test_dequantize(case):
    check_affine(case, "x", affine.dequantize)


@of_op("MatMulInteger")
def test_matmul(case):
    values, expected = arrays_of(case)
    out = integer.matmul_int8(
        values["A"],
        values["B"],
        a_zero_point=values["a_zero_point"],
        b_zero_point=values["b_zero_point"],
    )
    assert np.array_equal(out, expected)


@of_op("ConvInteger")
def test_conv2d(case):
    values, expected = arrays_of(case)
    out = integer.conv2d_int8(
        values["x"],
        values["w"],
        x_zero_point=int(values["x_zero_point"]),
        weight_zero_point=values.get("w_zero_points", 0),
        padding=attributes_of(case).get("pads", 0),
    )
    assert np.array_equal(out, expected)


@of_op("QLinearMatMul")
def test_matmul_then_requantize(case):
    values, expected = arrays_of(case)
    acc = integer.matmul_int8(
        values["a"],
        values["b"],
        a_zero_point=values["a_zero_point"],
        b_zero_point=values["b_zero_point"],
    )
    multiplier = values["a_scale"] * values["b_scale"] / values["y_scale"]
    out = integer.requantize(
        acc, multiplier, values["y_zero_point"].item(), dtype=expected.dtype
    )
    assert np.array_equal(out, expected)


@of_op("QLinearConv")
def test_conv2d_then_requantize(case):
    values, expected = arrays_of(case)
    acc = integer.conv2d_int8(
        values["x"],
        values["w"],
        x_zero_point=values["x_zero_point"].item(),
        weight_zero_point=values["w_zero_point"],
    )
    multiplier = values["x_scale"] * values["w_scale"] / values["y_scale"]
    out = integer.requantize(
        acc, multiplier, values["y_zero_point"].item(), dtype=expected.dtype
    )
    assert np.array_equal(out, expected)


def test_no_other_case_is_left_out():
    left_out = [type_names(case) for case in CASES if case not in COVERED]
    floats = {"FLOAT8E4M3FN", "FLOAT8E5M2", "FLOAT4E2M1", "FLOAT16"}
    assert all(types & floats for types in left_out)
    assert {case.model.graph.node[0].op_type for case in COVERED} == {*OPS}


def test_the_reference_rounds_after_adding_the_zero_point():
    # so it differs from the standard's text, and from us, at ties
    values = np.arange(-9, 10, dtype=np.int8).reshape(-1, 1)
    one, zero = np.ones((1, 1), np.int8), np.int8(0)
    half, unit, zero_point = np.float32(0.5), np.float32(1), np.int8(3)
    names = [*"abcdefgh"]
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 21]> g ('
        "int8[19,1] a, float b, int8 c, int8[1,1] d, float e, int8 f,"
        "float g, int8 h) => (int8[19,1] y) "
        "{ y = QLinearMatMul(a, b, c, d, e, f, g, h) }"
    )
    inputs = [values, half, zero, one, unit, zero, unit, zero_point]
    (reference,) = ReferenceEvaluator(model).run(
        None, dict(zip(names, map(np.asarray, inputs), strict=True))
    )
    acc = integer.matmul_int8(values, one)
    ours = integer.requantize(acc, 0.5, 3)
    assert np.array_equal(reference, np.rint(values * 0.5 + 3))
    is_tie = values % 2 == 1
    assert np.array_equal(ours != reference, is_tie)
    assert np.array_equal(ours, np.rint(values * 0.5) + 3)
