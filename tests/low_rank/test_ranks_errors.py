"""What the rules for ranks refuse, and with which words."""

import pytest

import mini_compress as mc
from mini_compress import low_rank
from mini_compress.layers import LinearGeometry
from mini_compress.low_rank import break_even
from tests.support.mistakes import assert_refused

LENET = mc.zoo.load("LeNet300", "mnist5k")
FEW = mc.datasets.load("mnist5k").validation.take(20)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: low_rank.scan_ranks(LENET, FEW, (0.5, 0.1, 0.5)),
            "shares must differ from each other, got [0.5, 0.1, 0.5]",
        ),
        (
            lambda: low_rank.scan_ranks(LENET, FEW, ()),
            "shares must not be empty, got none",
        ),
        (
            lambda: low_rank.scan_ranks(LENET, FEW, (0.5, 2.0)),
            "each of shares must be in (0, 1), got 2.0",
        ),
        (
            lambda: low_rank.energy_ranks(LENET, float("nan")),
            "share must be in (0, 1], got nan",
        ),
        (
            lambda: low_rank.share_ranks(LENET, 0),
            "share must be in (0, 1), got 0",
        ),
        (
            lambda: low_rank.share_ranks(LENET, 1.0),
            "share must be in (0, 1), got 1.0",
        ),
        (
            lambda: low_rank.share_ranks(LENET, 0.5, method="svd"),
            "method must be one of channel, spatial, tucker; got 'svd'",
        ),
        (
            lambda: low_rank.energy_ranks(LENET, 1.5),
            "share must be in (0, 1], got 1.5",
        ),
        (
            lambda: low_rank.evbmf_ranks(LENET, floor=0),
            "floor must be >= 1, got 0",
        ),
        (
            lambda: low_rank.budget_ranks(LENET, 1000),
            "budget must allow the cheapest options, 1594 together, got 1000",
        ),
        (
            lambda: low_rank.budget_ranks(LENET, 1000, unit="parameters"),
            "unit must be one of weights, macs, bytes; got 'parameters'",
        ),
        (
            lambda: low_rank.budget_ranks(LENET, 1000, unit="bytes"),
            "budget must allow the cheapest options, 9416 together, got 1000",
        ),
        (
            lambda: low_rank.budget_ranks(LENET, float("nan")),
            "budget must be in [0, inf), got nan",
        ),
        (
            lambda: break_even(LinearGeometry(3, 2), "cp"),
            "method must be one of svd, channel, spatial, tucker; got 'cp'",
        ),
    ],
)
def test_wrong_settings(call, message):
    assert_refused(call, message)


def test_one_share_is_no_list_of_shares():
    for shares in (0.5, "0.5"):
        with pytest.raises(TypeError, match="shares must be a list of numbers"):
            low_rank.scan_ranks(LENET, FEW, shares)


def test_a_method_for_another_kind_of_layer():
    with pytest.raises(TypeError, match="must be a Conv2dGeometry, got Linear"):
        break_even(LinearGeometry(3, 2), "tucker")
