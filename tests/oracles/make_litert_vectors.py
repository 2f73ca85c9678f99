"""Record how LiteRT requantizes and looks up: writes litert_vectors.json.

    pip install ai-edge-litert && python -m tests.oracles.make_litert_vectors

LiteRT takes 60 MB and is not among the packages that the tests install, so its
answers are kept. A fully connected layer whose weights are 0 passes its int32
bias to the requantization as it is; so any sum can be asked for.

Functions of one code are asked for all 256 of them.

"ruy" is the library that LiteRT multiplies with by default. "reference" is its
plain code, which for this layer rounds in float64, ties away from zero.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

VECTORS = Path(__file__).with_name("litert_vectors.json")
INT32 = np.iinfo(np.int32)
NUM_SUMS = 60  # a layer
RESOLVERS = {
    "reference": "BUILTIN_REF",
    "ruy": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
}
# functions that LiteRT looks up: the operator's version and its options
TABLES = {
    "TANH": (2, None),
    "LOGISTIC": (2, None),
    "GELU": (2, "GeluOptions"),
    "EXP": (2, None),
}
FIXED_GRIDS = {"LOGISTIC"}  # 1 / 256, the lowest code for 0


def draw_sums(rng: np.random.Generator, multiplier: float) -> np.ndarray:
    """Return int32 sums: most of them near the codes' range, some at ties."""
    spread = min(140 / multiplier, float(INT32.max))
    sums = rng.uniform(-spread, spread, NUM_SUMS)
    halves = (rng.integers(-120, 120, NUM_SUMS) + 0.5) / multiplier
    sums[::2] = halves[::2]
    sums[-2:] = INT32.min, INT32.max
    return np.clip(np.rint(sums), INT32.min, INT32.max).astype(np.int32)


def make_model(
    op_name: str,
    tensors: list[dict],
    constants: list[np.ndarray],
    *,
    op_version: int,
    options: str | None = None,
) -> bytes:
    """Return the model file of one operator, from the first tensor to the last.

    tensors : shape, dtype, scale and zero_point of each; those between the
        first and the last hold the constants
    options : name of the schema's class of options, all at their defaults
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    def tensor(number, shape, dtype, scale, zero_point=0):
        grid = schema.QuantizationParametersT()
        grid.scale, grid.zeroPoint = [float(scale)], [int(zero_point)]
        one = schema.TensorT()
        one.shape = shape
        one.type = getattr(schema.TensorType, np.dtype(dtype).name.upper())
        is_constant = 0 < number < len(tensors) - 1
        one.buffer = number if is_constant else 0  # buffer 0 stays empty
        one.quantization = grid
        return one

    def buffer(array):
        one = schema.BufferT()
        one.data = np.frombuffer(array.tobytes(), np.uint8)
        return one

    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, op_name)
    # an older field of one byte; 127 sends readers to the newer one
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = op_version
    operator = schema.OperatorT()
    operator.opcodeIndex = 0
    last = len(tensors) - 1
    operator.inputs, operator.outputs = list(range(last)), [last]
    if options:
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, f"{options}T")()
    graph = schema.SubGraphT()
    graph.tensors = [tensor(i, **one) for i, one in enumerate(tensors)]
    graph.inputs, graph.outputs, graph.operators = [0], [last], [operator]
    model = schema.ModelT()
    model.version = 3
    model.operatorCodes, model.subgraphs = [code], [graph]
    model.buffers = [schema.BufferT(), *map(buffer, constants)]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def fully_connected(
    bias: np.ndarray, out_scale: float, zero_point: int
) -> bytes:
    """Return the model file: one int8 layer, 1 input, scales 1 and 1."""
    outputs = len(bias)
    int8, unit = {"dtype": np.int8}, {"scale": 1.0}
    return make_model(
        "FULLY_CONNECTED",
        [
            {"shape": [1, 1], **int8, **unit},
            {"shape": [outputs, 1], **int8, **unit},
            {"shape": [outputs], "dtype": np.int32, **unit},
            {
                "shape": [1, outputs],
                **int8,
                "scale": out_scale,
                "zero_point": zero_point,
            },
        ],
        [np.zeros((outputs, 1), np.int8), bias],
        op_version=4,
        options="FullyConnectedOptions",
    )


def run(model: bytes, resolver: str, x: np.ndarray) -> np.ndarray:
    """Return the operator's output codes for one row of input codes."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType[resolver],
        num_threads=1,
    )
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    (wanted,) = interpreter.get_output_details()
    interpreter.set_tensor(given["index"], x[np.newaxis])
    interpreter.invoke()
    return interpreter.get_tensor(wanted["index"])[0]


def make_layer(rng: np.random.Generator, out_scale: np.float32) -> dict:
    """Return one layer's sums and what LiteRT makes of them."""
    acc = draw_sums(rng, 1 / float(out_scale))
    zero_point = int(rng.integers(-20, 20))
    model = fully_connected(acc, float(out_scale), zero_point)
    return {
        "out_scale": float(out_scale),  # the multiplier is 1 / out_scale
        "zero_point": zero_point,
        "acc": acc.tolist(),
        **{
            name: run(model, resolver, np.zeros(1, np.int8)).tolist()
            for name, resolver in RESOLVERS.items()
        },
    }


def draw_grids(rng: np.random.Generator, op_name: str, signed: bool) -> dict:
    """Return scales and zero points of input and output."""
    low = -128 if signed else 0
    grids = {
        "x_scale": float(np.float32(2 ** rng.uniform(-8, -2))),
        "x_zero_point": int(rng.integers(low, low + 256)),
        "y_scale": float(np.float32(2 ** rng.uniform(-9, -4))),
        "y_zero_point": int(rng.integers(low, low + 256)),
    }
    if op_name in FIXED_GRIDS:
        return grids | {"y_scale": 1 / 256, "y_zero_point": low}
    if rng.random() < 0.3:  # so coarse that GELU is the identity: ties
        return grids | {"x_scale": 8.0, "y_scale": 16.0}
    return grids


def make_table(rng: np.random.Generator, op_name: str, dtype: str) -> dict:
    """Return one function's grids and its output for every input code.

    Of EXP the code of 0 is given a tie: exp(0) is 1, in steps of 2 / odd.
    """
    signed = dtype == "int8"
    grids = draw_grids(rng, op_name, signed)
    if op_name == "EXP":
        grids["y_scale"] = float(np.float32(2 / (2 * rng.integers(1, 9) + 1)))
    version, options = TABLES[op_name]
    codes = np.arange(256).astype(dtype)  # the order of a table
    model = make_model(
        op_name,
        [
            {
                "shape": [1, 256],
                "dtype": dtype,
                "scale": grids[f"{side}_scale"],
                "zero_point": grids[f"{side}_zero_point"],
            }
            for side in "xy"
        ],
        [],
        op_version=version,
        options=options,
    )
    outputs = {
        name: run(model, resolver, codes).tolist()
        for name, resolver in RESOLVERS.items()
    }
    assert outputs["reference"] == outputs["ruy"]  # tables know no ruy
    return {
        "function": op_name,
        "dtype": dtype,
        **grids,
        "codes": outputs["reference"],
    }


def main() -> None:
    """Record layers, with multipliers from 2**-24 to nearly 1, and tables."""
    rng = np.random.default_rng(0)
    scales = (2 ** rng.uniform(0.01, 24, 60)).astype(np.float32)
    scales[:8] = 2.0 ** np.arange(1, 9)  # with exact ties
    record = {
        "made_by": Path(__file__).name,
        "versions": {
            name: version(name) for name in ("ai-edge-litert", "numpy")
        },
        "resolvers": RESOLVERS,
        "layers": [make_layer(rng, scale) for scale in scales],
        "tables": [
            make_table(rng, op_name, dtype)
            for op_name in TABLES
            for dtype in ("int8", "uint8")
            for _ in range(8)
            if (op_name, dtype) != ("EXP", "uint8")  # which it has not
        ],
    }
    VECTORS.write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
