"""Pairs of methods beside each alone, and the tables of points."""

import numpy as np
import pytest

from mini_compress import studies
from mini_compress.studies import fronts

BOARDS = ("stm32h743", "a100_40gb")


@pytest.fixture(scope="module")
def points():
    return fronts.collect("ConvNet", "fashion_mnist")


@pytest.fixture(scope="module")
def study():
    return studies.load("combinations")


def lines(table):
    """Return the cells of a pipe table, without its header."""
    rows = [x.strip("|").split("|") for x in table.splitlines()[2:]]
    return [[cell.strip() for cell in row] for row in rows]


def test_both_parts_have_the_seeds_and_epochs_of_a_pair(study):
    pairs = fronts.pairs_of(study)
    assert len(pairs) == len({pair.name for pair in pairs})
    for pair in pairs:
        for part in (pair.one, pair.other):
            assert part.seeds == pair.both.seeds
            assert part.settings.get("epochs", 2) == 2
            starts = zip(part.baselines, pair.both.baselines, strict=True)
            assert all(one.wrong == other.wrong for one, other in starts)


def test_excess_is_what_images_say(study):
    """Image by image: right alone twice, less right whole and right in both."""
    for pair in fronts.pairs_of(study):
        for i, value in enumerate(pair.excess):
            whole, both, one, other = (
                ~rows[i].unpack()
                for rows in (
                    pair.both.baselines,
                    pair.both.rows,
                    pair.one.rows,
                    pair.other.rows,
                )
            )
            each = one * 1.0 + other - whole - both
            assert value == pytest.approx(100 * each.mean(), abs=1e-9)


def test_a_pair_that_stores_zeros_is_as_long_as_without(study):
    """Codes of integers are dense: removing weights first saves nothing."""
    pairs = {pair.name: pair for pair in fronts.pairs_of(study)}
    zeros = pairs["weights + int8"]
    assert zeros.both.num_bytes.mean == zeros.other.num_bytes.mean
    assert zeros.both.compression_ratio.mean < zeros.product / 2
    filters = pairs["filters + int8"]
    assert filters.both.num_bytes.mean < filters.other.num_bytes.mean / 2


def test_a_row_for_each_pair(study):
    pairs = fronts.pairs_of(study)
    rows = lines(fronts.pair_table(pairs))
    assert [row[0] for row in rows] == [pair.name for pair in pairs]


def test_a_table_of_fronts_is_sorted_by_training_and_size(points):
    rows = lines(fronts.front_table(points, least=90))
    for training in ("none", "a few epochs", "a whole training"):
        own = [row for row in rows if row[0] == training]
        sizes = [float(row[3]) for row in own]
        assert own and sizes == sorted(sizes)
    assert all(float(row[2].split(" ")[0]) >= 90 for row in rows)


def test_winners_are_the_shortest_of_what_may_be_lost(points):
    rows = lines(fronts.winner_table(points, BOARDS, losses=(0.5, 2)))
    assert len(rows) == 4
    for row, (board, loss) in zip(
        rows, [(b, x) for b in BOARDS for x in (0.5, 2)], strict=True
    ):
        allowed = [
            fronts.costs(x, board).ms
            for x in points
            if x.accuracy.mean >= points[0].accuracy.mean - loss
        ]
        least = min(x for x in allowed if x)
        assert float(row[3]) == pytest.approx(least, rel=0.01)


def test_efforts_rise_from_simple_to_complex(points):
    rows = lines(fronts.effort_table(points))
    assert len(rows) >= 5
    counts = [int(row[5].replace(",", "")) for row in rows]
    assert counts[0] == min(counts)
    own = {"one": ({"method": "adaround", "bits": 4}, ["kernels.grids"])}
    [row] = lines(fronts.effort_table(points, own))
    assert int(row[5]) > 20


def test_shares_of_a_step_are_of_the_first(points):
    times = studies.load("training_timing")
    rows = lines(fronts.step_table(times, {"float": "a", "thinned": "b"}))
    assert rows[0][2:] == ["1.00", "1.00"]
    found = {x.method: x for x in times.rows}
    ratio = found["thinned"].min_ms / found["float"].min_ms
    assert np.isclose(float(rows[1][2]), ratio, atol=0.006)
