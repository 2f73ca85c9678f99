"""Outputs are captured as they are, with their gradients, or refused."""

import pytest
import torch
from torch import nn

from mini_compress import models, training
from mini_compress.graph import capture_outputs
from tests.support.mistakes import assert_refused

X = torch.rand(4, 1, 28, 28)


def num_hooks(model: nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks)
        for module in model.modules()
    )


def test_outputs_are_those_of_the_modules_run_one_by_one():
    model = models.build("ConvNet").eval()
    names = ["features", "features.2", "classifier.1", ""]
    with capture_outputs(model, names) as outputs:
        logits = model(X)
    assert outputs.keys() == set(names)
    assert torch.equal(outputs["features.2"], model.features[:3](X))
    assert torch.equal(outputs["features"], model.features(X))
    assert outputs[""] is logits
    assert num_hooks(model) == 0


def test_gradients_flow_through_what_is_captured():
    model = models.vision_transformer()
    name = "blocks.0.attention.softmax"
    with capture_outputs(model, [name]) as outputs:
        model(X)
    outputs[name].square().sum().backward()
    assert model.positions.weight.grad.abs().sum() > 0
    assert model.blocks[1].mlp[0].weight.grad is None  # it comes later


def test_each_pass_begins_anew():
    model = models.build("LeNet300")
    with capture_outputs(model, ["classifier.2"]) as outputs:
        model(X)
        first = outputs["classifier.2"]
        model(X[:2])
        assert outputs["classifier.2"].shape == (2, 300)
    assert first.shape == (4, 300)
    model(X[:1])
    assert outputs["classifier.2"].shape == (2, 300)  # the last one inside


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Identity(), nn.Identity()
        self.both = Both()

    def forward(self, x, twice=False):
        self.both(x)
        return self.one(self.one(x)) if twice else self.one(x)


class Both(nn.Module):
    def forward(self, x):
        return x, x


def test_a_module_that_runs_twice_is_refused():
    model = Pair()
    with capture_outputs(model, ["one"]) as outputs:
        assert_refused(
            lambda: model(X, twice=True),
            "module 'one' must run once in a pass for its output to be "
            "captured, got a second run",
        )
        assert model(X) is outputs["one"]  # as if nothing had been
    assert num_hooks(model) == 0


def test_a_shared_layer_is_seen_under_both_names():
    layer = nn.Linear(3, 3)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    with capture_outputs(model, ["2"]):
        with pytest.raises(ValueError, match="module '2' must run once"):
            model(torch.rand(2, 3))


def test_what_has_not_run_is_not_there():
    model = Pair()
    with capture_outputs(model, ["one", "two"]) as outputs:
        model(X)
        with pytest.raises(ValueError, match=r"output of 'two' .* got 'one':"):
            _ = outputs["two"]
        with pytest.raises(ValueError, match="output of 'three' must be"):
            _ = outputs["three"]
    with capture_outputs(model, ["one"]) as outputs:
        with pytest.raises(ValueError, match="got none: it was not asked"):
            _ = outputs["one"]


def test_an_output_of_several_tensors_is_refused():
    with capture_outputs(Pair(), ["both"]):
        pass  # only once it runs
    model = Pair()
    with pytest.raises(TypeError, match="output of 'both' must be one tensor"):
        with capture_outputs(model, ["both"]):
            model(X)
    assert num_hooks(model) == 0


def test_hooks_are_gone_after_an_error():
    model = models.build("LeNet5")
    with pytest.raises(RuntimeError, match="stop"):
        with capture_outputs(model, ["features"]):
            raise RuntimeError("stop")
    assert num_hooks(model) == 0


def test_unknown_names_are_told_the_known_ones():
    model = models.build("ConvNet")
    assert_refused(
        lambda: capture_outputs(model, ["features", "tail", "x"]).__enter__(),
        "names must be those of modules: features, features.0, features.1, "
        "features.2, features.3, features.4, features.5, features.6, "
        "features.7, features.8 and 7 more; got 'tail', 'x'",
    )
    assert num_hooks(model) == 0
    with pytest.raises(TypeError, match="several strings, got 'features'"):
        capture_outputs(model, "features").__enter__()
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module"):
        capture_outputs("net", []).__enter__()


def test_a_loss_may_look_inside_while_a_network_learns(small):
    """Hidden neurons that cost something are used less."""

    def sparse(model, batch):
        with capture_outputs(model, ["classifier.4"]) as outputs:
            model(batch.images)
        return outputs["classifier.4"].mean()

    model = models.build("LeNet300")
    options = {"epochs": 1, "progress": False, "loss": sparse}
    trained = training.train(model, small, **options).model
    active = [net.classifier[:5](X).mean() for net in (model, trained)]
    assert active[1] < active[0] / 2
    assert num_hooks(trained) == 0
