"""Compressed layers within torch's own attention, which may pass them by.

In evaluation mode torch takes weights out of the layers of a Transformer and
runs one fused function. The other side here is the network of torch's layers
whose weights are what the compressed ones stand for.
"""

import copy

import pytest
import torch
from torch import nn

from mini_compress import artifact
from mini_compress.layers import (
    CompressedLayer,
    FactoredLayer,
    LowRankLinear,
)
from mini_compress.layers.selection import with_layers_replaced
from mini_compress.pruning import apply_masks, magnitude_masks, store_sparse
from mini_compress.quantization import quantize_static, quantize_weights

NAMES = ["linear1", "linear2"]
PADDING = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])


@pytest.fixture
def block():
    torch.manual_seed(0)
    # batch_first, an even number of heads: torch would fuse it
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()


@pytest.fixture
def x():
    return torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(1))


def emulated(small: nn.Module, model: nn.Module) -> nn.Module:
    """Return torch's layers with the weights of the compressed ones."""
    torchs = copy.deepcopy(model)
    for name, layer in small.named_modules():
        if isinstance(layer, CompressedLayer | FactoredLayer):
            weight = torchs.get_submodule(name).weight
            weight.data.copy_(layer.dense_weight())
    return torchs


def quantized(model, layers=NAMES):
    return quantize_weights(model, bits=3, layers=layers)


def sparse(model, layers=NAMES):
    masks = magnitude_masks(model, 0.9, layers=layers)
    return store_sparse(apply_masks(model, masks), layers=layers)


def factored(model, layers=NAMES):
    chains = {
        name: LowRankLinear.from_linear(model.get_submodule(name), 3)
        for name in layers
    }
    return with_layers_replaced(model, chains)


@pytest.mark.parametrize("layers", [NAMES, NAMES[:1], NAMES[1:]])
@pytest.mark.parametrize("compress", [quantized, sparse, factored])
@pytest.mark.parametrize("gradients", [False, True])
def test_a_block_computes_with_compressed_layers(
    block, x, compress, layers, gradients
):
    small = compress(block, layers)
    with torch.set_grad_enabled(gradients):
        got = small(x)
        torch.testing.assert_close(got, emulated(small, block)(x))
        assert (got - block(x)).abs().max() > 1e-3


def test_a_block_runs_the_parts_of_a_factored_layer(block, x, monkeypatch):
    calls = []
    forward = LowRankLinear.forward

    def counted(layer, input):
        calls.append(layer)
        return forward(layer, input)

    monkeypatch.setattr(LowRankLinear, "forward", counted)  # no hook: a hook
    small = factored(block)  # alone makes torch run the layers
    with torch.no_grad():
        small(x)
    assert calls == [small.linear1, small.linear2]


def test_a_block_computes_with_integers(block, x):
    small = quantize_static(block, x, layers=NAMES)
    codes = []
    small.linear1.register_forward_pre_hook(
        lambda layer, args: codes.append(layer.quantize_input(*args))
    )
    with torch.no_grad():
        hooked = small(x)
        small.linear1._forward_pre_hooks.clear()
        got = small(x)
    assert codes  # a hook alone makes torch run the layers, too
    torch.testing.assert_close(got, hooked)
    assert not torch.equal(got, emulated(small, block)(x))


@pytest.mark.parametrize("compress", [quantized, factored])
@pytest.mark.parametrize("padding", [None, PADDING])
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_an_encoder_computes_with_compressed_layers(
    block, x, padding, compress
):
    model = nn.TransformerEncoder(block, 2).eval()
    layers = [f"layers.{i}.{name}" for i in range(2) for name in NAMES]
    small = compress(model, layers)
    seen = slice(None) if padding is None else ~padding
    with torch.no_grad():
        got = small(x, src_key_padding_mask=padding)
        expected = emulated(small, model)(x, src_key_padding_mask=padding)
    torch.testing.assert_close(got[seen], expected[seen])


@pytest.mark.parametrize("kind", ["codes", "integers"])
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_a_nested_tensor_is_refused_and_the_cure_works(block, x, kind):
    model = nn.TransformerEncoder(block, 2).eval()
    layers = ["layers.1.linear1"]  # torch asks only the first block's weights
    small = (
        quantized(model, layers)
        if kind == "codes"
        else quantize_static(model, x, layers=layers)
    )
    with torch.no_grad():
        with pytest.raises(ValueError, match="enable_nested_tensor=False"):
            small(x, src_key_padding_mask=PADDING)
        small.use_nested_tensor = False
        assert small(x, src_key_padding_mask=PADDING).isfinite().all()


@pytest.mark.parametrize("method", [quantize_weights, store_sparse])
def test_the_products_of_attention_are_refused_by_name(block, method):
    with pytest.raises(ValueError, match="MultiheadAttention at 'self_attn'"):
        method(block)
    with pytest.raises(ValueError, match=r"'self_attn\.out_proj'"):
        method(block, layers=["self_attn.out_proj"])


@pytest.mark.parametrize("method", [quantized, sparse])
def test_a_projection_of_torchs_plain_class_is_refused_too(method):
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    attention.out_proj = nn.Linear(8, 8)  # torch's own is of another class
    with pytest.raises(ValueError, match="got 'out_proj' of a MultiheadAtt"):
        method(attention, ["out_proj"])


@pytest.mark.parametrize("gradients", [False, True])
def test_attention_never_takes_a_compressed_layer_for_a_weight(x, gradients):
    attention = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    attention.out_proj = quantized(nn.Sequential(nn.Linear(8, 8)), ["0"])[0]
    with torch.set_grad_enabled(gradients):
        with pytest.raises(TypeError, match=r"a tensor for torch\.nn"):
            attention(x, x, x)


def test_a_file_gives_back_a_block(block, x):
    small = quantized(block)
    back = artifact.from_bytes(artifact.to_bytes(small), block)
    with torch.no_grad():
        assert torch.equal(back(x), small(x))
