"""The parts of an Explorer: metrics, scales, pictures."""

import io
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt

from mini_compress.plotting import use_book_style
from mini_compress.widgets import Metric, Picture, rug, spectrum
from mini_compress.widgets.bars import write_number
from mini_compress.widgets.metric import Reading
from mini_compress.widgets.scale import Scale, choose_scale
from mini_compress.widgets.settings import choose_axis, is_ordered, write_values
from mini_compress.widgets.ticks import choose_ticks
from mini_compress.writing import in_words

SVG = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
ALT = "A picture without anything in it"


def test_a_figure_becomes_a_picture_the_same_twice():
    def draw():
        with plt.rc_context():
            use_book_style()
            figure, axes = plt.subplots()
            axes.plot([1, 2], [3, 4])
            return Picture.draw(figure, alt=ALT)

    assert draw() == draw()
    assert draw().uri.startswith("data:image/svg+xml,")
    assert not plt.get_fignums()


def test_a_spectrum_is_as_high_as_its_values_and_dark_where_kept():
    values = np.array([9.0, 6.0, 2.0, 0.0])
    drawn = spectrum(values, high=10, kept=2, rows=10, width=3)
    assert drawn.shape == (10, 12)
    bars = drawn.reshape(10, 4, 3)
    assert (bars == bars[:, :, :1]).all()
    assert ((bars[:, :, 0] < 1).sum(axis=0) == values).all()
    assert (bars[-1, :, 0] == [0.2, 0.2, 0.8, 1.0]).all()
    assert ((spectrum(values, high=10) == 0.2).sum(axis=0) == 7 * values).all()
    lined = spectrum(values, high=10, kept=2, rows=10, width=3, line=7)
    changed = (lined != drawn).all(axis=1)
    assert changed.tolist() == [False, False, True] + 7 * [False]


@pytest.mark.parametrize("wrong", [{"kept": 5}, {"rows": 0}, {"width": 0}])
def test_a_spectrum_that_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        spectrum([4, 3, 2, 1], high=4, **wrong)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9),
    st.sampled_from(["plain", "log", "lower", "pp", "margin"]),
    st.booleans(),
)
def test_places_keep_the_order_and_stay_on_the_scale(values, kind, bars):
    values = sorted(abs(x) + 1e-3 if kind == "log" else x for x in values)
    metric = {
        "plain": Metric("m"),
        "log": Metric("m", log=True),
        "lower": Metric("m", better="lower"),
        "pp": Metric("m", "pp", better="lower"),
        "margin": Metric("m", "%", better="higher", margin=0.5),
    }[kind]
    readings = [Reading(x, x, x) for x in values]
    scale = choose_scale(metric, readings, bars=bars)
    places = [scale.place(x) for x in values]
    assert places == sorted(places)
    assert 0 <= places[0] and places[-1] <= 100
    assert scale.has_bars or kind == "log" or not bars
    ticks = choose_ticks(scale, 15)
    assert ticks and all(0 <= scale.place(x) <= 100 for x in ticks)


@pytest.mark.parametrize(
    "metric, values, scale",
    [
        (Metric("m"), [3, 8], Scale(0, 8)),
        (Metric("m"), [-3, 8], Scale(-3, 8)),
        (Metric("m", "%"), [3, 8], Scale(0, 100)),
        (Metric("m", "%"), [30, 180], Scale(0, 180)),
        (Metric("m", baseline=9), [3], Scale(0, 9)),
        (Metric("m", limits=(2, 4)), [3], Scale(2, 4)),
        (Metric("m", log=True), [3, 80], Scale(2, 100, log=True)),
        (Metric("m", log=True), [10], Scale(10, 100, log=True)),
        (Metric("m"), [0], Scale(0, 1)),
        (Metric("m"), [], Scale(0, 1)),
    ],
)
def test_scales_of_bars_hold_zero_and_what_is_shown(metric, values, scale):
    readings = [None, *(metric.read("m", value) for value in values)]
    assert choose_scale(metric, readings, bars=True) == scale


DROP = Metric("m", "pp", better="lower", margin=0.5)
RIGHT = Metric("m", "%", better="higher")
COST = Metric("m", "KB", better="lower")


@pytest.mark.parametrize(
    "metric, values, scale",
    [
        (Metric("m"), [3, 8], Scale(2, 8)),
        (Metric("m"), [0.31, 0.37], Scale(0.3, 0.38)),
        (Metric("m"), [5], Scale(4.5, 5.5)),
        (Metric("m", baseline=9), [3], Scale(2, 10)),
        (Metric("m", limits=(2, 4)), [3], Scale(2, 4)),
        (Metric("m", log=True), [30, 80], Scale(20, 100, log=True)),
        (COST, [40, 300], Scale(0, 300)),
        (COST, [30, 400], Scale(20, 500, log=True)),
        (COST, [0, 400], Scale(0, 400)),
        (RIGHT, [93, 96], Scale(93, 96)),
        (RIGHT, [97.8, 98.2], Scale(96, 98.5)),
        (RIGHT, [10, 40, 90], Scale(0, 100)),
        (RIGHT, [10, 97, 97.5, 98], Scale(0, 98, near=98, room=0.88)),
        (DROP, [0.1, 3], Scale(0, 3)),
        (DROP, [-0.02, 0.1, 88], Scale(-0.2, 100, near=0, room=0.5)),
    ],
)
def test_scales_show_how_values_differ(metric, values, scale):
    readings = [None, *(metric.read("m", value) for value in values)]
    found = choose_scale(metric, readings)
    assert (found.low, found.high) == pytest.approx((scale.low, scale.high))
    assert (found.log, found.near) == (scale.log, scale.near)
    assert found.room == pytest.approx(scale.room)


def test_what_is_close_to_the_baseline_has_the_most_room():
    scale = choose_scale(DROP, [Reading(x, x, x) for x in (0, 0.5, 90)])
    assert scale.place(0.5) - scale.place(0) > 10
    assert scale.place(0.5) - scale.place(0) > (
        scale.place(90) - scale.place(60)
    )


@pytest.mark.parametrize(
    "scale, gap, ticks",
    [
        (Scale(0, 100), 15, [0, 20, 40, 60, 80, 100]),
        (Scale(0, 100), 60, [0, 100]),
        (Scale(2, 8), 60, [2, 8]),
        (Scale(1, 1000, log=True), 15, [1, 10, 100, 1000]),
        (Scale(0, 98.2, near=98, room=0.5), 15, [0, 80, 95, 97, 98]),
        (Scale(-0.2, 100, near=0, room=0.5), 60, [-0.2, 100]),
    ],
)
def test_ticks_are_round_and_keep_their_distance(scale, gap, ticks):
    assert choose_ticks(scale, gap) == pytest.approx(ticks)


@pytest.mark.parametrize(
    "values, ordered",
    [
        ([8, 4.5], True),
        (["8 bits", "4 bits"], True),
        (["1/2", "1/16"], True),
        (["1,000", "20,000", "300,000"], True),
        (["2 of 4", "1 of 4"], True),
        (["3 bits", "8 bits", "4 bits"], False),
        (["LeNet5, 8 bits", "LeNet5, 4 bits"], False),
        (["10 logits", "3 of them"], False),
        (["8 bits", 4], False),
        (["1/0", "1/2"], False),
        (["1/2/3", "2/2/3"], False),
        ("ab", False),
    ],
)
def test_names_that_count_are_ordered(values, ordered):
    assert is_ordered(values) is ordered


@pytest.mark.parametrize(
    "knobs, axis",
    [
        ({"a": "xy", "b": [1, 2], "c": [1, 2, 3]}, 2),
        ({"a": "xy", "b": [1, 2], "c": "xyz"}, 1),
        ({"a": "xy", "b": "xyz"}, 0),
    ],
)
def test_curves_go_over_the_knob_that_slides(knobs, axis):
    assert choose_axis(knobs) == axis


@pytest.mark.parametrize(
    "metric, value, text",
    [
        (Metric("m", "KB"), 1234.56, "1,234.6\xa0KB"),
        (Metric("m", digits=0), 2.5, "2"),
        (Metric("m", "pp", digits=2), -0.125, "\N{MINUS SIGN}0.12\xa0pp"),
        (Metric("m"), -0.04, "0.0"),
        (Metric("m", digits=None), 0.00123456, "0.00123"),
        (Metric("m"), np.float32(1.5), "1.5"),
    ],
)
def test_figures_are_written_with_their_unit(metric, value, text):
    assert metric.write(metric.read("m", value).value) == text


@pytest.mark.parametrize(
    "value, text",
    [(1e8, "10⁸"), (2e-5, "2·10⁻⁵"), (1e4, "10,000"), (0, "0")],
)
def test_far_values_of_a_scale_are_powers(value, text):
    assert write_number(value) == text


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"name": ""}, ValueError, "name of a metric must not be empty"),
        ({"better": "more"}, ValueError, "better must be one of higher, lower"),
        ({"digits": -1}, ValueError, r"digits must be in \[0, 9\], got -1"),
        ({"baseline": np.nan}, ValueError, "baseline of m must be finite"),
        ({"limits": (3, 3)}, ValueError, "limits of m must rise, got"),
        ({"limits": (0, 3), "log": True}, ValueError, "rise from above 0"),
        ({"log": True, "baseline": 0}, ValueError, "above 0 on a logarithmic"),
        ({"margin": 0.5}, ValueError, "margin must be above 0, of a metric"),
        ({"margin": 0, "better": "lower"}, ValueError, "above 0.* got 0 and"),
        ({"margin": "x", "better": "lower"}, TypeError, "margin must be a num"),
    ],
)
def test_wrong_metrics_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Metric(**{"name": "m", **arguments})


def test_pixels_are_gray_squares():
    picture = Picture.pixels([[0, 5], [10, 20]], high=10, size=2, alt=ALT)
    drawn = plt.imread(io.BytesIO(picture.image))
    assert drawn.shape == (4, 4)
    assert drawn[::2, ::2].tolist() == [
        [0, pytest.approx(0.5, abs=0.01)],
        [1, 1],
    ]
    assert (drawn == np.kron(drawn[::2, ::2], np.ones((2, 2)))).all()


def test_pixels_are_those_of_matplotlib_which_is_not_needed(monkeypatch):
    values = np.random.default_rng(0).uniform(-1, 4, (30, 7))
    values[0, :3] = 0, 3, 1.5
    plt.imsave(stream := io.BytesIO(), values, cmap="gray", vmin=0, vmax=3)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    picture = Picture.pixels(values, high=3, size=1, alt=ALT)
    monkeypatch.undo()
    expected = plt.imread(io.BytesIO(stream.getvalue()))[..., 0]
    shown = plt.imread(io.BytesIO(picture.image))
    # matplotlib's table of grays is one shade too dark at some places
    np.testing.assert_allclose(shown, expected, atol=1.01 / 255)


def test_values_outside_the_limits_are_refused():
    metric = Metric("m", limits=(0, 1))
    with pytest.raises(ValueError, match=r"must hold every value.* and 2\.0"):
        choose_scale(metric, [Reading(2.0, 2.0, 2.0)])


@pytest.mark.parametrize(
    "values, texts",
    [
        (np.arange(0, 1, 0.1), [f"{i / 10}" for i in range(10)]),
        (np.linspace(-1, 1, 21)[9:12], ["-0.1", "0.0", "0.1"]),
        (np.arange(3, dtype=np.float32) / 10, ["0.0", "0.1", "0.2"]),
        ([0.9, 0.9000001], ["0.9", "0.9000001"]),
        ([1, 1000, 1000000], ["1", "1,000", "1,000,000"]),
        ([0.25, "all"], ["0.25", "all"]),
        ([1e-9, 1.0], ["1e-09", "1.0"]),
    ],
)
def test_knobs_are_written_as_short_as_tells_them_apart(values, texts):
    found = write_values(list(values))
    assert list(found) == list(values)
    assert list(found.values()) == texts


@pytest.mark.parametrize("value", [1e301, -1e301, 10**400])
def test_values_that_no_scale_holds_are_refused(value):
    with pytest.raises(ValueError, match=r"m must be (at most|finite)"):
        Metric("m").read("m", value)
    with pytest.raises(ValueError, match="limits of m must be"):
        Metric("m", limits=(min(0, value), max(0, value)))


@pytest.mark.parametrize("log", [False, True])
def test_the_largest_and_the_smallest_values_have_a_place(log):
    low, high = (1e-300, 1e300) if log else (-1e300, 1e300)
    scale = choose_scale(Metric("m", log=log), [Reading(low, low, high)])
    assert (scale.place(low), scale.place(high)) == (0, 100)


@pytest.mark.parametrize(
    "image, alt, error, message",
    [
        ("<p>", ALT, ValueError, "an SVG's text or a PNG's bytes, got text"),
        (b"GIF", ALT, ValueError, "got bytes that start with b'GIF'"),
        (3, ALT, TypeError, "a string .SVG. or bytes .PNG., got int"),
        (SVG, "weights", ValueError, "alt must say what the picture shows"),
    ],
)
def test_wrong_pictures_are_refused(image, alt, error, message):
    with pytest.raises(error, match=message):
        Picture(image, alt=alt)


def test_a_rug_shades_bars_by_their_level_and_marks_the_levels():
    values, levels = np.array([0.0, 0.0, 0.4, 1.0]), [0.0, 0.5, 1.0, 9.0]
    drawn = rug(values, levels, limits=(0, 1), rows=4, columns=5)
    assert drawn.shape == (4 + 14, 5)
    heights = (drawn[:4] < 1).sum(axis=0)
    assert heights.tolist() == [4, 0, 2, 0, 2]
    assert drawn[3].tolist() == [0.35, 1.0, 0.65, 1.0, 0.35]
    assert drawn[-1].tolist() == [0.0, 1.0, 0.0, 1.0, 0.0]  # not that of 9
    assert (drawn[4:6] == 1).all()


@pytest.mark.parametrize("count", [33, 34, 256])
def test_many_levels_are_no_slab(count):
    levels = np.linspace(-1, 1, count)
    drawn = rug([0.0], levels, limits=(-1, 1), rows=4, columns=600)
    marks = drawn[6:]  # below the histogram and the paper
    marked = np.flatnonzero(marks[0] < 1)
    assert (np.diff(marked) >= 4).all() and len(marked) <= count
    assert len(marked) > 30
    if count > 33:
        assert (marks[5:] == 1).all() and marks.min() > 0.5
    else:
        assert (marks[:, marked] == 0).all() and len(marked) == count


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"limits": (1, 1)}, "limits"),
        ({"rows": 0}, "rows"),
        ({"columns": 1}, "columns"),
        ({"levels": [[0.0]]}, "axes of levels"),
        ({"levels": [1.0, 0.0]}, "sorted"),
    ],
)
def test_a_rug_that_cannot_be_drawn_is_refused(wrong, names):
    with pytest.raises(ValueError, match=names):
        rug(**{"values": [0.0], "levels": [0.0], "limits": (0, 1), **wrong})


def test_names_of_the_code_are_written_in_words():
    found = write_values(["mnist", "bn_scale", "q4_k", "my_own"])
    words = ["MNIST", "batch-norm scale", "Q4_K", "my_own"]
    assert list(found.values()) == words


def test_every_name_that_chapters_choose_from_has_words():
    from mini_compress.kernels.block_formats import FORMATS
    from mini_compress.pruning.channels.criteria import CRITERIA

    names = {*FORMATS, *CRITERIA, "mnist", "mnist5k", "fashion_mnist"}
    assert {x for x in names if in_words(x) == x} == {"random"}
    assert not [x for x in map(in_words, names) if x.islower() and "_" in x]
