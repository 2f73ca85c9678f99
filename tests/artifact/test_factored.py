"""Files of networks with factored layers, honest ones and made-up ones."""

import pytest
import torch
from torch import nn

from mini_compress import artifact, models
from mini_compress.layers import (
    LowRankConv2d,
    LowRankLinear,
    SeparableConv2d,
    SparseLayer,
    TuckerConv2d,
    WeightOnlyLayer,
)
from mini_compress.low_rank import factorize, share_ranks
from mini_compress.pruning import apply_masks, magnitude_masks, store_sparse
from mini_compress.quantization import (
    fold_batchnorm,
    quantize_static,
    quantize_weights,
)
from tests.support.signed_files import (
    IMAGES,
    assert_survives,
    put_together,
    refuse,
    take_apart,
)

METHODS = ("channel", "spatial", "tucker")


def low_rank_network(name: str = "ConvNet", method: str = "tucker"):
    model = models.build(name)
    return factorize(
        model, share_ranks(model, 0.4, method=method), method=method
    ).model


def sparse(model: nn.Module) -> nn.Module:
    return store_sparse(apply_masks(model, magnitude_masks(model, 0.9)))


COMPRESS = {
    "plain": lambda model: model,
    "folded": fold_batchnorm,
    "codes": lambda model: quantize_weights(model, bits=3),
    "integers": lambda model: quantize_static(fold_batchnorm(model), IMAGES),
    "sparse": sparse,
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", COMPRESS)
def test_a_network_of_ours_survives_without_another(name, method):
    model = COMPRESS[name](low_rank_network(method=method))
    back = assert_survives(model, IMAGES)
    alone = artifact.from_bytes(artifact.to_bytes(model))
    assert torch.equal(alone(IMAGES), model(IMAGES))
    assert repr(alone) == repr(back) == repr(model)


def own_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, (3, 2), stride=2, groups=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=(1, 0), groups=2, bias=False),
        nn.Flatten(),
        nn.Linear(8 * 13 * 12, 10),
    ).eval()


RANKS = {"0": 2, "2": 1, "4": 3}
FORMS = {
    "dense": lambda: own_network(),
    "factored": lambda: (
        factorize(
            own_network(), RANKS, method="spatial", allow_larger=True
        ).model
    ),
    "of other ranks": lambda: factorize(own_network(), {"2": 3, "4": 5}).model,
    "a part in codes": lambda: quantize_weights(
        FORMS["factored"](), bits=4, layers=["2.vertical", "4.second"]
    ),
    "parts without zeros": lambda: sparse(FORMS["factored"]()),
}


@pytest.mark.parametrize("given", FORMS)
@pytest.mark.parametrize("form", FORMS)
def test_a_network_of_a_user_takes_any_form_from_its_file(form, given):
    model = FORMS[form]()
    assert_survives(model, IMAGES, network=FORMS[given]())


LONE = {
    "linear": lambda: LowRankLinear.from_linear(nn.Linear(60, 50), 4),
    "channel": lambda: LowRankConv2d.from_conv(nn.Conv2d(4, 6, 3, 2), 3),
    "spatial": lambda: SeparableConv2d.from_conv(
        nn.Conv2d(4, 6, (3, 5), padding=(1, 2), groups=2, bias=False), 3
    ),
    "tucker": lambda: TuckerConv2d.from_conv(
        nn.Conv2d(4, 6, 3, dilation=2), (3, 2)
    ),
}


@pytest.mark.parametrize("compress", ["plain", "codes", "sparse"])
@pytest.mark.parametrize("kind", LONE)
def test_a_layer_by_itself_needs_no_network(kind, compress):
    layer = COMPRESS[compress](LONE[kind]()).eval()
    x = torch.rand(2, 60) if kind == "linear" else torch.rand(2, 4, 9, 9)
    data = artifact.to_bytes(layer)
    back = artifact.from_bytes(data)
    assert torch.equal(back(x), layer(x))
    assert artifact.to_bytes(back) == data
    assert repr(back) == repr(layer)


class Twice(nn.Module):
    """One factored layer under two names."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(40, 40)
        self.b = self.a

    def forward(self, x):
        return self.b(self.a(x).relu())


@pytest.mark.parametrize("compress", ["plain", "codes", "sparse"])
def test_a_shared_layer_stays_shared_and_is_stored_once(compress):
    torch.manual_seed(0)
    low = factorize(Twice(), {"a": 8}, input_shape=(40,)).model
    model = COMPRESS[compress](low)
    back = assert_survives(model, torch.rand(3, 40), network=Twice())
    assert back.a is back.b
    assert type(back.a) is LowRankLinear
    numbers = sum(x.nbytes for x in model.a.state_dict().values())
    assert len(artifact.to_bytes(model)) - numbers < 2500


def test_what_is_loaded_is_trained_on():
    low = artifact.from_bytes(artifact.to_bytes(low_rank_network()))
    low(IMAGES).sum().backward()
    assert all(x.grad is not None for x in low.parameters())


def test_floats_of_a_chain_keep_their_type():
    low = factorize(own_network(), {"4": 3}).model
    low[4].double()
    back = artifact.from_bytes(artifact.to_bytes(low), own_network())
    assert back[4].second.weight.dtype == torch.float64
    assert back[0].weight.dtype == torch.float32


def test_a_network_that_is_only_factorized_is_not_altered():
    for method in METHODS:
        data = artifact.to_bytes(low_rank_network(method=method))
        assert b"altered" not in data


def test_a_chain_costs_its_parts_and_a_description():
    model = models.build("LeNet300")
    low, _ = factorize(model, {"classifier.1": 20})
    saved = 4 * (784 * 300 - 20 * (784 + 300))
    longer = len(artifact.to_bytes(low)) + saved - len(artifact.to_bytes(model))
    assert 0 < longer < 300


@pytest.fixture(scope="module")
def lenet() -> bytes:
    low = factorize(models.build("LeNet300"), {"classifier.1": 20}).model
    return artifact.to_bytes(low)


def changed(data: bytes, **changes: object) -> bytes:
    """Change what is said of the factored layer, and sign again."""
    outer, ours, tensors = take_apart(data)
    ours["modules"]["classifier.1"] |= changes
    return put_together(outer, ours, tensors)


@pytest.mark.parametrize("altered", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {"rank": 0},
        {"rank": -1},
        {"rank": 301},
        {"rank": 19},
        {"rank": 2**70},
        {"rank": 20.0},
        {"rank": "20"},
        {"rank": [20]},
        {"rank": None},
        {"ranks": [20, 20]},
        {"bias": 1},
        {"bias": False},
        {"device": "cuda"},
        {"kind": "TuckerConv2d"},
        {"kind": "FactoredLayer"},
        {"kind": "LowRankConv2d"},
        {"geometry": {"linear": {"in_features": 784, "out_features": 301}}},
        {"geometry": {"linear": {"in_features": 2**40, "out_features": 2**40}}},
        {"geometry": {"conv2d": {"in_channels": 1}}},
    ],
    ids=str,
)
def test_made_up_chains_are_refused(lenet, changes, altered):
    outer, ours, tensors = take_apart(changed(lenet, **changes))
    ours["altered"] = altered
    refuse(put_together(outer, ours, tensors))


@pytest.mark.parametrize(
    "ranks", [[9], [9, 9, 9], 9, [99, 9], [0, 9], ["a", 1]]
)
def test_made_up_pairs_are_refused(ranks):
    outer, ours, tensors = take_apart(artifact.to_bytes(low_rank_network()))
    ours["modules"]["features.3"]["ranks"] = ranks
    refuse(put_together(outer, ours, tensors), "features.3")


PART = {
    "kind": "Linear",
    "geometry": {"linear": {"in_features": 784, "out_features": 20}},
    "bias": False,
}
CHAIN = {**PART, "kind": "LowRankLinear", "rank": 20}


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("classifier.1.third", PART),
        ("classifier.1.first.first", PART),
        ("classifier.1.first", {**PART, "bias": True}),
        ("classifier.1.first", CHAIN),
        ("classifier.1.first", {"kind": "Identity"}),
        (
            "classifier.1.second",
            {"kind": "BatchNorm1d", "num_features": 300, "eps": 1e-5},
        ),
        (
            "classifier.1.first",
            {
                **PART,
                "geometry": {"linear": {"in_features": 9, "out_features": 9}},
            },
        ),
    ],
)
@pytest.mark.parametrize("altered", [False, True])
def test_made_up_parts_are_refused(lenet, path, part, altered):
    outer, ours, tensors = take_apart(lenet)
    ours["modules"][path] = part
    ours["altered"] = altered
    refuse(put_together(outer, ours, tensors))


def test_a_bias_in_the_middle_is_refused_with_its_tensor_too():
    model = nn.Sequential(nn.Linear(6, 5))
    low = factorize(model, {"0": 2}, input_shape=(6,)).model
    low[0].first.bias = nn.Parameter(torch.zeros(2))
    with pytest.raises(ValueError, match="bias must be that of part 'second'"):
        artifact.to_bytes(low)


def test_parts_that_make_no_layer_are_not_written():
    low = nn.Sequential(LONE["channel"]())
    low[0].second = nn.Conv2d(3, 6, 1, stride=2)
    with pytest.raises(ValueError, match="0: part 'second' must be Conv2dGeom"):
        artifact.to_bytes(low)


def test_parts_behind_a_layer_that_is_replaced_are_gone():
    low = factorize(own_network(), {"4": 3}).model
    data = artifact.to_bytes(own_network())
    outer, ours, tensors = take_apart(data)
    ours["modules"]["4.first"] = PART
    forged = put_together(outer, ours, tensors)
    with pytest.raises(ValueError, match=r"has no '4\.first'"):
        artifact.from_bytes(forged, low)


def test_codes_in_the_parts_are_those_that_were_stored():
    model = quantize_weights(low_rank_network(), bits=4)
    back = artifact.from_bytes(artifact.to_bytes(model))
    assert type(back.features[3]) is TuckerConv2d
    assert type(back.features[3].core) is WeightOnlyLayer
    assert (
        type(
            artifact.from_bytes(artifact.to_bytes(sparse(low_rank_network())))
            .features[9]
            .core
        )
        is SparseLayer
    )
