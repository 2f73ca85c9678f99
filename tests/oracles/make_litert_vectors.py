"""Record how LiteRT requantizes: writes litert_vectors.json beside this file.

    pip install ai-edge-litert && python -m tests.oracles.make_litert_vectors

LiteRT takes 60 MB and is not among the packages that the tests install, so its
answers are kept. A fully connected layer whose weights are 0 passes its int32
bias to the requantization as it is; so any sum can be asked for.

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


def draw_sums(rng: np.random.Generator, multiplier: float) -> np.ndarray:
    """Return int32 sums: most of them near the codes' range, some at ties."""
    spread = min(140 / multiplier, float(INT32.max))
    sums = rng.uniform(-spread, spread, NUM_SUMS)
    halves = (rng.integers(-120, 120, NUM_SUMS) + 0.5) / multiplier
    sums[::2] = halves[::2]
    sums[-2:] = INT32.min, INT32.max
    return np.clip(np.rint(sums), INT32.min, INT32.max).astype(np.int32)


def fully_connected(
    bias: np.ndarray, out_scale: float, zero_point: int
) -> bytes:
    """Return the model file: one int8 layer, 1 input, scales 1 and 1."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    def tensor(shape, kind, buffer, scale, zero=0):
        grid = schema.QuantizationParametersT()
        grid.scale, grid.zeroPoint = [scale], [zero]
        one = schema.TensorT()
        one.shape, one.type, one.buffer = shape, kind, buffer
        one.quantization = grid
        return one

    def buffer(array):
        one = schema.BufferT()
        one.data = np.frombuffer(array.tobytes(), np.uint8)
        return one

    int8, int32 = schema.TensorType.INT8, schema.TensorType.INT32
    outputs = len(bias)
    code = schema.OperatorCodeT()
    code.builtinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.deprecatedBuiltinCode = code.builtinCode
    code.version = 4
    operator = schema.OperatorT()
    operator.opcodeIndex = 0
    operator.inputs, operator.outputs = [0, 1, 2], [3]
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    graph = schema.SubGraphT()
    graph.tensors = [
        tensor([1, 1], int8, 0, 1.0),
        tensor([outputs, 1], int8, 1, 1.0),
        tensor([outputs], int32, 2, 1.0),
        tensor([1, outputs], int8, 0, out_scale, zero_point),
    ]
    graph.inputs, graph.outputs, graph.operators = [0], [3], [operator]
    model = schema.ModelT()
    model.version = 3
    model.operatorCodes, model.subgraphs = [code], [graph]
    weight = np.zeros((outputs, 1), np.int8)
    model.buffers = [schema.BufferT(), buffer(weight), buffer(bias)]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def run(model: bytes, resolver: str) -> np.ndarray:
    """Return the layer's output codes."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType[resolver],
        num_threads=1,
    )
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    (wanted,) = interpreter.get_output_details()
    interpreter.set_tensor(given["index"], np.zeros((1, 1), np.int8))
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
            name: run(model, resolver).tolist()
            for name, resolver in RESOLVERS.items()
        },
    }


def main() -> None:
    """Record 60 layers, with multipliers from 2**-24 to nearly 1."""
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
    }
    VECTORS.write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
