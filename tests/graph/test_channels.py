"""Channels are followed through networks; what cannot be is named."""

import operator

import pytest
import torch
from torch import nn
from torch.nn import functional

from mini_compress import models
from mini_compress.pruning import (
    find_groups,
    mask_channels,
    prune_filters,
    thin,
)
from mini_compress.pruning.channels.groups import Member
from tests.support.live_networks import build
from tests.support.mistakes import assert_refused

IMAGE = (1, 8, 8)


def names(model: nn.Module, **options) -> list[tuple]:
    return [
        (group.channels, group.producers, group.norms, group.consumers)
        for group in find_groups(model, **options)
    ]


def test_a_chain_has_a_group_for_each_hidden_layer():
    assert names(models.LeNet5()) == [
        (20, ("features.0",), (), ("features.3",)),
        (50, ("features.3",), (), ("classifier.1",)),
        (500, ("classifier.1",), (), ("classifier.3",)),
    ]


def test_a_sum_joins_the_channels_of_its_terms():
    stem, first, *_ = names(models.ResNet8())
    assert stem == (
        16,
        ("features.0", "features.3.body.3"),
        ("features.1", "features.3.body.4"),
        ("features.3.body.0", "features.4.body.0", "features.4.skip.0"),
    )
    assert first == (
        16,
        ("features.3.body.0",),
        ("features.3.body.1",),
        ("features.3.body.3",),
    )
    assert [group[0] for group in names(models.ResNet8())] == [
        *(16, 16, 32, 32, 64, 64)
    ]


def test_functions_methods_and_in_place_sums_are_followed():
    joined, hidden = find_groups(build("Mixed"))
    assert joined.members == (
        Member("stem", "outputs", 1, 9 + 1),
        Member("norm", "norm", 1, 0),  # it has no scale and no shift
        Member("body", "inputs", 1, 6 * 9),
        Member("body", "outputs", 1, 6 * 9),
        Member("flat_norm", "norm", 49, 2 * 49),
        Member("hidden", "inputs", 49, 12 * 49),
    )
    assert len(joined.relus) == 3
    assert (hidden.name, hidden.channels) == ("hidden", 12)


def test_flattening_multiplies_positions():
    [_, pooled, _] = find_groups(models.LeNet5())
    assert pooled.members[-1] == Member("classifier.1", "inputs", 16, 500 * 16)


def test_flattening_twice_is_flattening_once():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Flatten(), nn.Linear(4 * 36, 2)
    )
    [group] = find_groups(model, input_shape=IMAGE)
    assert group.members[-1].positions == 36


def test_what_is_added_to_the_input_stays():
    class Adds(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.two(self.one(x) + x)

    assert names(Adds(), input_shape=(4,)) == []


def test_input_and_output_are_in_no_group():
    for name in models.NETWORKS:
        for group in find_groups(models.build(name)):
            layers = [name for name, _ in models.build(name).named_modules()]
            assert layers[-1] not in group.producers
    assert find_groups(nn.Linear(3, 2), input_shape=(3,)) == ()
    two_ends = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    assert find_groups(two_ends) == ()


def test_what_is_added_to_the_output_stays():
    class Adds(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(4, 3), nn.Linear(4, 3)
            self.last = nn.Linear(3, 3)

        def forward(self, x):
            hidden = self.one(x)
            return torch.add(self.last(self.two(x)), hidden)

    assert names(Adds(), input_shape=(4,)) == [(3, ("two",), (), ("last",))]


def test_a_group_is_printed_before_it_is_applied():
    _, group, *_ = find_groups(models.LeNet5())
    assert repr(group) == (
        "PruningGroup(50 channels: outputs of features.3; inputs of "
        "classifier.1)"
    )
    assert repr(group.removing(range(10))).splitlines() == [
        "Removing 10 of 50 channels of features.3",
        "layer         what goes  how many   of  parameters",
        "features.3      outputs        10   50       5,010",
        "classifier.1     inputs       160  800      80,000",
    ]


def test_groups_of_equal_networks_are_equal():
    assert find_groups(build("Mixed")) == find_groups(build("Mixed", seed=1))
    assert (
        len({*find_groups(build("Mixed")), *find_groups(build("Mixed"))}) == 2
    )


def test_the_model_stays_as_it_is():
    model = models.build("ResNet8")
    before = {name: x.clone() for name, x in model.state_dict().items()}
    find_groups(model)
    assert model.training
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


class Parts(nn.Module):
    def forward(self, x):
        return x.chunk(2, 1)


class Calls(nn.Module):
    """Two convolutions, and between them whatever a test wants."""

    def __init__(self, between, **modules):
        super().__init__()
        self.one = nn.Conv2d(1, 4, 3, padding=1)
        self.two = nn.Conv2d(4, 4, 3, padding=1)
        self.between = between
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x):
        return self.two(self.between(self, self.one(x)))


@pytest.mark.parametrize(
    ("between", "modules", "message"),
    [
        (
            lambda model, x: model.deep(x),
            {"deep": nn.Conv2d(4, 4, 3, padding=1, groups=2)},
            "channels cannot be followed through Conv2d at 'deep': groups=2",
        ),
        (
            lambda model, x: model.norm(x),
            {"norm": nn.GroupNorm(2, 4)},
            "got GroupNorm at 'norm'",
        ),
        (
            lambda model, x: model.block(x),
            {"block": nn.Sequential(nn.ReLU(), nn.Sigmoid())},
            "got Sigmoid at 'block.1'",
        ),
        (
            lambda model, x: torch.cat([x[:, :2], x[:, 2:]], 1),
            {},
            "got getitem in the model itself",
        ),
        (lambda model, x: torch.cat([x], 1), {}, "got cat in the model"),
        (lambda model, x: functional.gelu(x), {}, "got gelu in the model"),
        (lambda model, x: x * model.one.bias[0], {}, "got mul in the model"),
        (lambda model, x: x + 1.0, {}, "it adds no two tensors of one shape"),
        (
            lambda model, x: x + x.mean((2, 3), keepdim=True),
            {},
            "got mean in the model",
        ),
        (
            lambda model, x: x + functional.adaptive_avg_pool2d(x, 1),
            {},
            "through add in the model itself: it adds no two tensors of one",
        ),
        (
            lambda model, x: x.view(x.size(0), 4, -1)[..., None],
            {},
            "through view in the model itself: it makes (2, 4, 64) of "
            "(2, 4, 8, 8), which is no flattening",
        ),
        (
            lambda model, x: model.rows(x),
            {"rows": nn.Linear(8, 8)},
            "through Linear at 'rows': its input has the shape (2, 4, 8, 8)",
        ),
        (
            lambda model, x: model.pool(x)[0],
            {"pool": nn.MaxPool2d(2, return_indices=True)},
            "through MaxPool2d at 'pool': it returns several tensors",
        ),
        (lambda model, x: torch.cat(x.chunk(2, 1), 1), {}, "got chunk in the"),
        (
            lambda model, x: torch.cat(torch.split(x, 2, 1), 1),
            {},
            "got split in the model",
        ),
        (lambda model, x: x.max(1)[0][:, None].expand(x.shape), {}, "got max"),
        (lambda model, x: torch.max(x, x.relu()), {}, "got max in the model"),
        (lambda model, x: torch.stack(x.unbind(1), 1), {}, "got unbind in the"),
        (lambda model, x: x.topk(4, 1).values, {}, "got topk in the model"),
        (lambda model, x: torch.sort(x, 1)[0], {}, "got sort in the model"),
        (
            lambda model, x: torch.var_mean(x, 0, keepdim=True)[0],
            {},
            "got var_mean in the model",
        ),
        (
            lambda model, x: functional.max_pool2d(x, 2, return_indices=True)[
                0
            ],
            {},
            "got max_pool2d_with_indices in the model",
        ),
        (
            lambda model, x: torch.cat(model.parts(x), 1),
            {"parts": Parts()},
            "got chunk in 'parts'",
        ),
        (lambda model, x: x.mT, {}, "got mT in"),
        (
            lambda model, x: x.view(x.size(0), x.numel() // 2).view(x.shape),
            {},
            "got numel in the model",
        ),
        (
            lambda model, x: x[:, : x.size(1)],
            {},
            "got getitem in the model",
        ),
    ],
)
def test_what_cannot_be_followed_is_named(between, modules, message):
    with pytest.raises(ValueError) as caught:
        find_groups(Calls(between, **modules), input_shape=IMAGE)
    assert message in str(caught.value)
    assert "Traceback" not in str(caught.value)


class Flattens(nn.Module):
    """A convolution, and a flattening in any way before the last layer."""

    def __init__(self, flatten):
        super().__init__()
        self.flatten = flatten
        self.one, self.two = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3)
        self.last = nn.Linear(4 * 16, 3)

    def forward(self, x):
        x = self.one(x)
        return self.last(self.flatten(x, self.two(x)))


@pytest.mark.parametrize(
    "flatten",
    [
        lambda x, y: y.view(y.size(0), -1),
        lambda x, y: y.view((x.shape[0], -1)),
        lambda x, y: y.reshape(y.shape[0], y.shape[1] * 4 * 4),
        lambda x, y: y.view(-1, y.size(1) * y.size(2) * y.size(3)),
        lambda x, y: torch.reshape(y, (y.size()[0], y.size()[1] * 16)),
        lambda x, y: y.view(y.size(dim=0), y.size(dim=1) * 16),
    ],
)
def test_a_view_that_follows_the_channels_is_followed(flatten):
    model = Flattens(flatten).eval()
    groups = find_groups(model, input_shape=IMAGE)
    assert [group.consumers for group in groups] == [("two",), ("last",)]
    kept = {group: [0, 2, 3] for group in groups}
    images = torch.rand(4, *IMAGE)
    torch.testing.assert_close(
        thin(model, kept)(images), mask_channels(model, kept)(images)
    )


@pytest.mark.parametrize(
    "flatten",
    [
        lambda x, y: y.view(-1, 64),
        lambda x, y: y.view(y.size(0), 64),
        lambda x, y: torch.reshape(y, shape=(-1, 4 * 4 * 4)),
        lambda x, y: y.view([y.size(0), 4 * y.size(2) * y.size(3)]),
        lambda x, y: y.view(y.size(0), x.size(1) * 16),  # another's channels
    ],
)
def test_a_view_that_keeps_the_number_of_channels_is_refused(flatten):
    assert_refused(
        lambda: prune_filters(Flattens(flatten), 0.5, input_shape=IMAGE),
        "channels cannot be followed through "
        f"{'reshape' if 'reshape' in flatten.__code__.co_names else 'view'} "
        "in the model itself: keeps 64 typed in; write x.flatten(1)",
    )


def test_what_holds_for_the_input_may_be_typed_in():
    class Typed(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(64, 6), nn.Linear(6, 3)

        def forward(self, x):
            torch._assert(x.shape[1] == 1, "gray images alone")
            return self.two(self.one(x.view(-1, 64)))

    [group] = find_groups(Typed(), input_shape=IMAGE)
    assert (group.producers, group.consumers) == (("one",), ("two",))


@pytest.mark.parametrize(
    ("reads", "message"),
    [
        (
            lambda x, y: y.view(y.size(0), y.size(1) // 2 * 32),
            "floordiv in the model itself: it computes with a number of chan",
        ),
        (
            lambda x, y: functional.avg_pool2d(y, y.size(1) // 4).flatten(1),
            "avg_pool2d in the model itself: it is given a number of channels",
        ),
    ],
)
def test_computing_with_a_number_of_channels_is_refused(reads, message):
    model = Flattens(reads)
    with pytest.raises(ValueError, match=message):
        find_groups(model, input_shape=IMAGE)


def test_what_a_smaller_network_breaks_is_not_blamed_on_the_input():
    """A hook is nobody's to see; that it stops the network is."""
    model = Flattens(lambda x, y: y.flatten(1))
    model.one.register_forward_hook(lambda _, x, y: y * torch.ones(4, 1, 1))
    with pytest.raises(ValueError, match="must run with fewer channels"):
        prune_filters(model, 0.5, input_shape=IMAGE)


class Option(nn.Module):
    """Arguments that a plain call leaves at their defaults."""

    def __init__(self, forward):
        super().__init__()
        self.one, self.two = nn.Linear(4, 6), nn.Linear(6, 2)
        self.run = forward


class Flag(Option):
    def forward(self, x, embed=False, *, scale=None, **rest):
        x = self.one(x) if scale is None else self.one(x) * scale
        return x if embed or rest else self.two(x)


class Several(Option):
    def forward(self, *inputs, skip=None):
        x = self.one(inputs[0])
        if skip is not None:
            x = x + skip
        return self.two(x if len(inputs) == 1 else x + inputs[1])


@pytest.mark.parametrize("kind", [Flag, Several])
def test_arguments_keep_the_defaults_of_a_plain_call(kind):
    [group] = find_groups(kind(None), input_shape=(4,))
    assert (group.producers, group.consumers) == (("one",), ("two",))


def test_a_second_input_is_refused_by_name():
    class Two(nn.Module):
        def forward(self, x, other):
            return x + other

    assert_refused(
        lambda: find_groups(Two(), input_shape=(4,)),
        "forward of the model must take one input and have defaults for all "
        "other arguments, got x, other",
    )


@pytest.mark.parametrize(
    "mistake", [lambda x: {}[3], lambda x: x + "a", lambda x: x.nowhere]
)
def test_whatever_the_models_code_raises_is_one_error(mistake):
    model = nn.Sequential(nn.Linear(4, 4), Calling(mistake))
    with pytest.raises(ValueError, match=r"must (run the same|fit)"):
        find_groups(model, input_shape=(4,))


class Calling(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def test_a_normalization_that_runs_twice_is_refused():
    norm = nn.BatchNorm2d(4, affine=False, track_running_stats=False)
    model = Calls(lambda m, x: m.norm(m.norm(x)), norm=norm)
    with pytest.raises(ValueError, match="one weight for 'norm' and 'norm'"):
        find_groups(model, input_shape=IMAGE)


def test_a_layer_that_runs_twice_is_refused():
    def twice(model, x):
        return model.two(x)

    assert_refused(
        lambda: find_groups(Calls(twice), input_shape=IMAGE),
        "every layer must run once, with a weight of its own, got one weight "
        "for 'two' and 'two'",
    )


def test_tied_weights_are_refused():
    model = Calls(lambda model, x: model.tied(x), tied=nn.Conv2d(4, 4, 3))
    model.tied.weight = model.two.weight
    with pytest.raises(ValueError, match="one weight for 'tied' and 'two'"):
        find_groups(model, input_shape=IMAGE)


class Decides(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


def test_control_flow_is_refused_by_the_name_of_its_module():
    inner = nn.Sequential(nn.ReLU(), Decides())
    with pytest.raises(ValueError, match=r"got Decides at 'inner\.1': symbol"):
        find_groups(Calls(lambda m, x: m.inner(x), inner=inner))


@pytest.mark.parametrize(
    ("model", "options", "error", "message"),
    [
        ("ConvNet", {}, TypeError, "model must be a torch.nn.Module, got str"),
        (
            models.ConvNet(),
            {"input_shape": (3, 28, 28)},
            ValueError,
            r"input_shape must fit the model, got \(3, 28, 28\): Given groups",
        ),
        (
            models.LeNet300(),
            {"input_shape": (0,)},
            ValueError,
            r"each size in input_shape must be >= 1, got 0",
        ),
        (nn.GRU(4, 4), {"input_shape": (4,)}, ValueError, "got GRU at"),
    ],
)
def test_bad_requests(model, options, error, message):
    with pytest.raises(error, match=message):
        find_groups(model, **options)


@pytest.mark.parametrize(
    ("channels", "error", "message"),
    [
        ([], ValueError, "removed channels of 'classifier.1' must be at least"),
        (range(300), ValueError, "kept channels of 'classifier.1' must be at"),
        ([300], ValueError, r"must be in \[0, 299\], got 300"),
        ([-1], ValueError, r"must be in \[0, 299\], got -1"),
        ([3, 3], ValueError, r"must be different, got \[3, 3\]"),
        ([True, False], TypeError, "must be a whole number, got bool"),
        (torch.tensor([0.5]), TypeError, "must be a whole number, got float"),
    ],
)
def test_channels_that_a_group_does_not_have(channels, error, message):
    group, _ = find_groups(models.LeNet300())
    with pytest.raises(error, match=message):
        group.removing(channels)


@pytest.mark.parametrize(
    "add",
    [
        operator.add,
        torch.add,
        lambda x, y: torch.add(x, other=y),
        lambda x, y: x.add(y),
    ],
)
def test_addition_is_followed_however_it_is_written(add):
    model = Calls(lambda m, x: add(m.side(x), x), side=nn.Conv2d(4, 4, 1))
    [group] = find_groups(model, input_shape=IMAGE)
    assert group.producers == ("one", "side")
