"""Networks that learn with rounded numbers, and the integers they become."""

import pytest
import torch
from torch import nn

from mini_compress import training, zoo
from mini_compress.quantization import (
    prepare,
    quantize_network,
    simulate,
    to_integer,
    train_quantized,
)
from mini_compress.quantization.trained import METHODS
from tests.support.trained_networks import (
    BITS,
    DATA,
    IMAGES,
    assert_same,
    learned,
    prepared,
)


@pytest.mark.parametrize("name", ["LeNet300", "ConvNet", "ResNet8"])
@pytest.mark.parametrize("method", METHODS)
def test_integers_keep_what_the_trained_network_showed(method, name):
    network = learned(prepared(zoo.load(name, "mnist5k"), method))
    assert_same(network, to_integer(network))


def test_each_code_that_differs_is_a_tie():
    """Simulated on real numbers, the integers' own grids give its outputs."""
    network = learned(prepared(zoo.load("ConvNet", "mnist5k"), "lsq"))
    integer, images = to_integer(network), DATA.test.take(200).images
    with torch.no_grad():
        outputs = network(images)
    torch.testing.assert_close(simulate(integer)(images), outputs)
    given = dict(integer.run(integer.quantize(images)))
    grids, names = integer.grids(), [step.name for step in integer.steps]
    for step in integer.steps[1:]:
        reads = [names[i] for i in step.reads]
        real = step.operation.compute_real(
            *(
                (given[x].float() - int(grids[x].zero_point))
                * float(grids[x].scale)
                for x in reads
            )
        )
        quotient = real / float(grids[step.name].scale)
        zero = int(grids[step.name].zero_point)
        last = grids[step.name].quant_max
        codes = (quotient.round() + zero).clamp(0, last)
        differs = codes != given[step.name]
        apart = (quotient - quotient.floor() - 0.5).abs()
        assert (apart[differs] < 1e-4).all()


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_on_the_grid_that_was_asked_for(method):
    network = learned(prepared(zoo.load("LeNet300", "mnist5k"), method))
    bits = BITS.get(method, 3)
    for layer in network.layers().values():
        levels = layer.levels()
        rows = levels.codes.flatten(1)
        assert (rows == rows.round()).all()
        counts = {len(row.unique()) for row in rows}
        assert max(counts) <= (3 if method == "ternary" else 2**bits)
        with torch.no_grad():
            weight, _ = layer.rounding(layer.layer.weight)
        torch.testing.assert_close(weight, levels.weight(), rtol=0, atol=1e-7)


def test_the_bias_is_rounded_as_the_integers_have_it():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    network = prepare(model, IMAGES, weight_bits=2, activation_bits=2).eval()
    [layer] = network.layers().values()
    images = torch.zeros(1, 1, 28, 28)
    with torch.no_grad():
        before = layer(images.flatten(1))
    steps = layer.reads.step() * layer.levels().scale
    codes = (before / steps)[0]
    torch.testing.assert_close(codes, codes.round(), rtol=0, atol=1e-3)
    integer = to_integer(network)
    bias = integer.get_submodule("1").bias
    assert torch.equal(codes.round().int(), bias)


def test_a_network_before_learning_is_the_one_of_quantize_network():
    """Moving ranges start where post-training ranges are."""
    model = zoo.load("ResNet8", "mnist5k")
    network = prepare(
        model, IMAGES, method="moving_range", weight_bits=5, activation_bits=6
    )
    expected = quantize_network(model, IMAGES, weight_bits=5, activation_bits=6)
    got = to_integer(network)
    assert [x.name for x in got.steps] == [x.name for x in expected.steps]
    state = expected.state_dict()
    for name, value in got.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_everything_learns_and_the_source_stays():
    model = zoo.load("ResNet8", "mnist5k")
    before = {name: x.clone() for name, x in model.state_dict().items()}
    network = prepared(model, "lsq")
    start = {name: x.clone() for name, x in network.named_parameters()}
    learned(network)
    still = [
        name
        for name, x in network.named_parameters()
        if torch.equal(x, start[name])
    ]
    assert not still
    after = model.state_dict()
    assert all(torch.equal(x, after[name]) for name, x in before.items())


def test_a_relu_that_is_left_out_was_not_needed():
    """With the ReLU put back before each rounding, nothing changes."""
    network = prepared(zoo.load("ConvNet", "mnist5k"), "lsq")
    images = DATA.test.take(50).images
    kinds = [type(x) for x in network.modules()]
    assert "ReLU" not in str(network.graph.code)
    assert nn.Linear in kinds
    results = []
    for relu in (False, True):
        if relu:
            for rounding in network.outputs().values():
                if rounding.zero_point == 0:
                    rounding.register_forward_pre_hook(
                        lambda _, given: (given[0].relu(),)
                    )
        network.zero_grad()
        logits = network(images)
        logits.square().sum().backward()
        grads = [x.grad.clone() for x in network.parameters()]
        results.append([logits.detach(), *grads])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("granularity", ["tensor", "channel"])
def test_training_gains_what_rounding_lost(granularity):
    model = zoo.load("LeNet300", "mnist5k")
    rounded = quantize_network(
        model,
        IMAGES,
        weight_bits=2,
        activation_bits=2,
        granularity=granularity,
    )
    tuned = train_quantized(
        model,
        DATA,
        weight_bits=2,
        activation_bits=2,
        granularity=granularity,
        epochs=2,
        progress=False,
    )
    before = training.evaluate(rounded, DATA.test).accuracy
    after = training.evaluate(tuned.model, DATA.test)
    assert after.accuracy > before + 2
    trained = training.evaluate(tuned.trained, DATA.test)
    assert abs(after.accuracy - trained.accuracy) <= 0.1  # of 1,000 images
    assert tuned.model.trained_on == "mnist5k"


def test_training_the_same_again_gives_the_same():
    model = zoo.load("LeNet300", "mnist5k")
    first, second = (
        train_quantized(model, DATA, epochs=1, progress=False) for _ in range(2)
    )
    state = second.model.state_dict()
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, state[name])
