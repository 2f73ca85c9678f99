"""What `save` writes, `load` reads: networks that are not the book's."""

import copy
import stat

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from mini_compress import artifact, models
from mini_compress.layers import WeightOnlyLayer
from mini_compress.quantization import quantize_weights
from tests.support.signed_files import IMAGES, assert_survives


@pytest.mark.parametrize(
    "layer", [nn.Linear(4, 3), nn.BatchNorm1d(4), nn.Identity()], ids=str
)
def test_a_layer_by_itself(layer):
    x = torch.rand(2, 4)
    assert_survives(layer, x)
    back = artifact.from_bytes(artifact.to_bytes(layer.eval()))  # needs none
    assert torch.equal(back(x), layer(x))


def test_a_quantized_layer_by_itself():
    layer = quantize_weights(nn.Linear(4, 3), bits=4)
    data = artifact.to_bytes(layer)
    x = torch.rand(2, 4)
    for network in (None, nn.Linear(4, 3), nn.Linear, copy.deepcopy(layer)):
        back = artifact.from_bytes(data, network)
        assert type(back) is WeightOnlyLayer
        assert torch.equal(back(x), layer(x))
    with pytest.raises(ValueError, match="must be a WeightOnlyLayer, got Conv"):
        artifact.from_bytes(data, nn.Conv2d(1, 1, 1))


@pytest.mark.parametrize("name", models.NETWORKS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.half])
def test_floats_of_every_type(name, dtype):
    model = models.build(name).to(dtype).eval()
    back = artifact.from_bytes(artifact.to_bytes(model))
    for key, tensor in back.state_dict().items():
        assert tensor.dtype == model.state_dict()[key].dtype
    assert {x.dtype for x in back.parameters()} == {dtype}
    assert torch.equal(back(IMAGES.to(dtype)), model(IMAGES.to(dtype)))


def test_one_network_of_two_types_of_floats():
    model = nn.Sequential(nn.Linear(4, 4).double(), nn.Linear(4, 2).half())
    data = artifact.to_bytes(model)
    back = artifact.from_bytes(
        data, nn.Sequential(*map(nn.Linear, [4] * 2, [4, 2]))
    )
    assert [x.weight.dtype for x in back] == [torch.float64, torch.float16]


class NormAct(nn.BatchNorm2d):
    """A subclass that does more than its base, as timm has it."""

    def forward(self, x):
        return super().forward(x).relu()


class Scaled(nn.Conv2d):
    """A convolution with its weight standardized."""

    def forward(self, x):
        weight = self.weight / self.weight.std()
        return self._conv_forward(x, weight, self.bias)


class Around(nn.Module):
    """Attention, subclasses, masks: kept as they are, and only filled."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(Scaled(1, 4, 3), NormAct(4, momentum=0.01))
        self.reflect = nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")
        self.same = nn.Conv2d(4, 8, 2, padding="same")
        self.encoder = nn.TransformerEncoderLayer(
            8, 2, 16, dropout=0, batch_first=True
        )
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 3)
        future = torch.full((36, 36), -torch.inf).triu(1)
        self.register_buffer("future", future)
        self.register_buffer("unsaved", torch.ones(1), persistent=False)
        self.token = nn.Parameter(torch.rand(1, 1, 8))

    def forward(self, x):
        x = self.same(self.reflect(self.conv(x))).flatten(2).transpose(1, 2)
        x = self.encoder(x + self.token * self.unsaved)
        return self.head(self.attention(x, x, x, attn_mask=self.future)[0])


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_what_cannot_be_described_is_as_the_given_network_has_it():
    x = torch.rand(2, 1, 8, 8)
    torch.manual_seed(0)
    model = Around()
    model.unsaved.fill_(2)
    back = assert_survives(model, x)
    assert back.conv[1].momentum == 0.01
    assert back.reflect.padding_mode == "reflect"
    assert back.same.padding == "same"
    fresh = artifact.from_bytes(artifact.to_bytes(model), Around)
    assert fresh.unsaved == 1
    assert torch.equal(
        fresh.encoder.linear1.weight, model.encoder.linear1.weight
    )


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_its_layers_can_be_compressed():
    model = quantize_weights(Around().eval(), layers=["head"])
    x = torch.rand(2, 1, 8, 8)
    back = assert_survives(model, x, network=Around())
    assert type(back.head) is WeightOnlyLayer


def test_padding_of_every_kind_is_stored_with_a_layer_alone():
    for options in (
        {"padding": 1, "padding_mode": "circular"},
        {"padding": "same", "dilation": 2},
        {"padding": "valid", "groups": 2, "bias": False},
    ):
        layer = nn.Conv2d(2, 4, 3, **options)
        back = artifact.from_bytes(artifact.to_bytes(layer))
        assert repr(back) == repr(layer)
        x = torch.rand(1, 2, 8, 8)
        assert torch.equal(back(x), layer(x))


def test_norms_keep_their_momentum():
    for momentum in (0.1, 0.01, None):
        model = nn.Sequential(
            nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=momentum)
        )
        given = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        back = artifact.from_bytes(artifact.to_bytes(model), given)
        assert back[1].momentum == momentum


def test_counters_of_training_start_anew():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    model(torch.rand(5, 3))
    assert model[1].num_batches_tracked == 1
    back = artifact.from_bytes(artifact.to_bytes(model), model)
    assert back[1].num_batches_tracked == 0
    assert model[1].num_batches_tracked == 1


def test_versions_of_modules_reach_the_module_that_asks_for_them():
    class Versioned(nn.Module):
        _version = 2
        seen = ()

        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(x)

        def _load_from_state_dict(self, state, prefix, metadata, *rest):
            Versioned.seen += (metadata.get("version"),)
            super()._load_from_state_dict(state, prefix, metadata, *rest)

    data = artifact.to_bytes(Versioned())
    artifact.from_bytes(data, Versioned)
    Versioned._version = 3  # the class has moved on: the file is still of 2
    artifact.from_bytes(data, Versioned())
    assert Versioned.seen == (2, 2)


def test_a_class_of_the_same_name_is_not_ours():
    class ConvNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(x)

    data = artifact.to_bytes(ConvNet())
    with pytest.raises(ValueError, match="pass one as `network`"):
        artifact.from_bytes(data)
    assert type(artifact.from_bytes(data, ConvNet)) is ConvNet
    ours = artifact.to_bytes(models.build("ConvNet"))
    with pytest.raises(ValueError, match=r"of mini_compress\.models, got that"):
        artifact.from_bytes(ours, ConvNet())


def test_one_of_ours_with_another_stride_is_marked_and_read():
    model = models.build("ConvNet")
    model.features[0] = nn.Conv2d(1, 16, 5, padding=2)
    data = artifact.to_bytes(model.eval())
    assert b"altered" in data
    back = artifact.from_bytes(data)
    assert torch.equal(back(IMAGES), model(IMAGES))


def test_numpys_numbers_are_numbers():
    model = quantize_weights(
        models.build("LeNet300"),
        bits=np.int64(4),
        granularity="group",
        group_size=np.int64(16),
    )
    assert torch.equal(
        artifact.from_bytes(artifact.to_bytes(model))(IMAGES), model(IMAGES)
    )


def test_a_class_that_needs_arguments_is_named():
    class Sized(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.fc = nn.Linear(size, 2)

    data = artifact.to_bytes(Sized(3))
    with pytest.raises(ValueError, match="a class that needs no arguments"):
        artifact.from_bytes(data, Sized)
    back = artifact.from_bytes(data, Sized(4))  # sizes are those of the file
    assert back.fc.weight.shape == (2, 3)
    with pytest.raises(TypeError, match=r"must be a torch\.nn\.Module, got"):
        artifact.from_bytes(data, dict)


def spoiled(value: float) -> nn.Module:
    model = nn.Sequential(nn.Linear(2, 2))
    model[0].weight.data[0, 0] = value
    return model


def with_buffer(tensor: torch.Tensor) -> nn.Module:
    model = nn.Sequential()
    model.register_buffer("x", tensor)
    return model


def with_convolution() -> nn.Module:
    model = models.build("LeNet300")
    model.classifier[3] = nn.Conv2d(1, 1, 1)
    return model


def with_many_tensors() -> nn.Module:
    return nn.ParameterDict({f"{x:0100}": torch.zeros(1) for x in range(8000)})


def pruned_by_torch() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 4))
    prune.l1_unstructured(model[0], "weight", 0.5)
    return model


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (spoiled(float("nan")), "0.weight must be finite, got NaN"),
        (spoiled(float("inf")), "0.weight must be finite, got infinity"),
        (nn.Sequential(nn.LazyLinear(3)), "'0.weight' must have numbers"),
        (pruned_by_torch(), "computes weight of '0'"),
        (
            nn.Sequential(parametrizations.weight_norm(nn.Linear(2, 2))),
            "computes weight of '0'",
        ),
        (
            with_buffer(torch.zeros(2, dtype=torch.complex64)),
            "'x' must be dense",
        ),
        (with_buffer(torch.eye(2).to_sparse()), "'x' must be dense and one of"),
        (with_convolution(), "Conv2d cannot stand in the place of a Linear"),
        (with_many_tensors(), "header must have at most 1,000,000 bytes"),
        (type("no name", (nn.Sequential,), {})(), "the name of a class"),
        (nn.Linear(2, 2).to("meta"), "'weight' must have numbers"),
        (nn.Sequential(nn.Conv2d(1, 1, 1, padding=9)), "layer '0': padding"),
    ],
)
def test_what_could_not_be_read_is_not_written(model, says):
    with pytest.raises(ValueError, match=r"must|cannot") as caught:
        artifact.to_bytes(model)
    assert says in str(caught.value)


def test_who_may_read_a_file_stays_as_it_was(tmp_path):
    path = tmp_path / "model.safetensors"
    artifact.save(nn.Linear(2, 2), path)
    path.chmod(0o600)
    artifact.save(nn.Linear(3, 2), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert artifact.load(path).in_features == 3
