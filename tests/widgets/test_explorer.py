"""The widgets as objects: what they hold, what they write, what they refuse."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from mini_compress.plotting import COLORS
from mini_compress.widgets import Explorer, Metric, Picture, Predict
from mini_compress.widgets.markup import asset
from mini_compress.widgets.scale import Scale

SVG = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
ALT = "A picture without anything in it"
NASTY = "</script><b>\"q\" & 'p'</b> <!-- é 量 \u2028"
BITS, STEPS = [8, 4, 2], ["tensor", "channel"]
ACCURACY = Metric("accuracy", "%", better="higher", baseline=98.9)
FILE = Metric("file", "KB", better="lower", baseline=1724.6)
VALUES = {
    (bits, steps): {
        "accuracy": (90 + bits + i / 10, 89.0 + bits, 91.25 + bits),
        "file": 54 * bits + 7 * i,
    }
    for bits in BITS
    for i, steps in enumerate(STEPS)
}


def explorer(**changes):
    arguments = {
        "title": "How many bits?",
        "knobs": {"bits": BITS, "steps": STEPS},
        "metrics": [ACCURACY, FILE],
        "values": VALUES,
        "default": (4, "channel"),
        "baseline": "float32",
        "family": "quantization",
    }
    return Explorer(**{**arguments, **changes})


def parse(shown):
    return BeautifulSoup(shown._repr_html_(), "html.parser")


def data_of(soup):
    return json.loads(soup.find("script", type="application/json").string)


def test_the_same_cell_writes_the_same_text_in_every_process():
    code = (
        "from mini_compress.widgets import Explorer, Metric, Picture\n"
        f"picture = Picture({SVG!r}, alt={ALT!r})\n"
        "shown = Explorer('t', knobs={'k': ['a', 'b']}, metrics=[Metric('m')],"
        "values={'a': {'m': 1}, 'b': {'m': 2}}, pictures={'a': picture},"
        "family='pruning')\n"
    )
    names: dict = {}
    exec(code, names)
    html = names["shown"]._repr_html_()
    assert html == names["shown"]._repr_html_()
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print(shown._repr_html_(), end='')"],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == html


def test_output_needs_nothing_from_elsewhere_and_has_no_ids():
    pictures = {key: Picture(PNG, alt=ALT) for key in VALUES}
    for shown in [explorer(pictures=pictures), predict()]:
        for tag in parse(shown).find_all(True):
            assert "id" not in tag.attrs
            assert not [name for name in tag.attrs if name.startswith("on")]
            assert tag.get("src", "data:").startswith("data:")
            assert tag.get("href") is None
        assert "url(" not in asset("widgets.css") + asset("live.css")


def test_the_script_is_small():
    code = parse(explorer()).find_all("script")[-1].string
    assert len(code.encode()) <= 5_000
    assert parse(predict()).find_all("script")[-1].string == code


def test_the_bundle_has_three_forms():
    bundle = explorer()._repr_mimebundle_()
    assert list(bundle) == ["text/html", "text/markdown", "text/plain"]
    assert bundle["text/plain"].splitlines()[-1].split() == [
        *["float32", "98.9", "1,724.6"]
    ]
    rows = bundle["text/markdown"].splitlines()[2:]
    assert len(rows) == 2 + len(VALUES) + 1
    assert {row.count("|") for row in rows} == {5}


def test_the_note_is_in_every_form():
    bundle = explorer(note="From study x & y.")._repr_mimebundle_()
    assert "From study x &amp; y." in bundle["text/html"]
    assert bundle["text/markdown"].endswith("From study x & y.")
    assert bundle["text/plain"].endswith("From study x & y.")


def test_the_table_holds_every_value():
    rows = parse(explorer()).select("tbody tr")
    cells = [[cell.text for cell in row.select("th, td")] for row in rows]
    for (setting, values), row in zip(VALUES.items(), cells, strict=False):
        assert row[:2] == list(map(str, setting))
        numbers = re.findall(r"[\d.]+", row[2].replace(",", ""))
        assert list(map(float, numbers)) == [
            pytest.approx(value, abs=0.05) for value in values["accuracy"]
        ]
        assert float(row[3]) == values["file"]
    assert cells[-1] == ["float32", "", "98.9", "1,724.6"]


def test_the_script_gets_every_setting_in_the_order_of_the_table():
    soup = parse(explorer())
    data = data_of(soup)
    assert data["knobs"] == [["8", "4", "2"], STEPS]
    rows = soup.select("tbody tr")
    for (_, accuracy, file), row in zip(data["settings"], rows, strict=False):
        cells = row.select("td")
        assert accuracy[0].split()[0] == cells[1].text.split()[0]
        assert file[0].split()[0] == cells[2].text
        assert file[1] == "" and file[3] is None


def test_the_default_is_drawn_without_the_script():
    soup = parse(explorer())
    shown = [b.text for b in soup.select(".mcx-figure b")]
    assert shown == ["94.1\xa0%", "223.0\xa0KB"]
    scale = explorer().scales[0]  # of accuracy
    down = [f"{100 - scale.place(x):g}%" for x in (94.1, 93, 95.25, 98.9)]
    marker, interval, baseline = (
        soup.select(f".mcx-metrics .mcx-{name}")[0]
        for name in ("marker", "interval", "baseline")
    )
    assert (marker["y1"], marker["y2"]) == (down[0], down[0])
    assert (interval["y1"], interval["y2"]) == (down[1], down[2])
    assert (baseline["y1"], baseline["y2"]) == (down[3], down[3])
    assert {x["x"] for x in soup.select(".mcx-now")} == {"50%"}
    assert soup.find("input", type="range")["value"] == "1"
    assert soup.select("input[checked]")[0]["value"] == "1"
    assert all(tag.has_attr("disabled") for tag in soup.select("input"))


@pytest.mark.parametrize(
    "knob, control",
    [([1, 2.5], "range"), (["a", "b"], "radio"), (list("abcdef"), "select")],
)
def test_the_control_fits_the_knob(knob, control):
    shown = explorer(
        knobs={"k": knob},
        metrics=[FILE],
        values={value: {"file": 1} for value in knob},
        default=None,
    )
    soup = parse(shown)
    found = soup.select(".mcx-knob :is(select, input)")
    assert {tag.get("type", tag.name) for tag in found} == {control}
    assert shown.default == (knob[0],)


def test_long_sliders_name_the_ends_and_what_has_room():
    values = {i: {"file": i} for i in range(30)}
    shown = explorer(
        knobs={"k": range(30)}, metrics=[FILE], values=values, default=None
    )
    ticks = [tag.text for tag in parse(shown).select(".mcx-ticks span")]
    assert (ticks[0], ticks[-1], len(ticks)) == ("0", "29", 30)
    assert 5 < len([text for text in ticks if text]) < 15


def test_texts_cannot_break_out():
    shown = explorer(
        title=NASTY,
        knobs={NASTY: ["x", NASTY]},
        metrics=[Metric(NASTY, NASTY)],
        values={key: {NASTY: 1} for key in ["x", NASTY]},
        pictures={"x": Picture(SVG, alt=NASTY)},
        default=NASTY,
        baseline=NASTY,
        note=NASTY,
    )
    soup = parse(shown)
    assert len(soup.find_all("script")) == 2
    assert soup.find("form")["aria-label"] == NASTY
    assert soup.select_one(".mcx-title").text == NASTY
    assert soup.select_one(".mcx-note").text.endswith(NASTY)
    assert data_of(soup)["knobs"] == [["x", NASTY]]
    assert soup.find("img")["alt"] == NASTY
    assert [tag.name for tag in soup.find_all("b")] == ["b"] * 2


def test_texts_are_no_markup_in_markdown():
    shown = explorer(title=NASTY, note="a [b](c)\n<i>")
    for form in (shown, predict(question=NASTY, reveal="<b>\n\n[b](c)")):
        html = MarkdownIt().enable("table").render(form._repr_markdown_())
        soup = BeautifulSoup(html, "html.parser")
        assert not soup.find_all(["script", "b", "i", "a"])
        assert "\"q\" & 'p'" in soup.text and "[b](c)" in soup.text


def test_the_table_keeps_the_values():
    first, *_, last = explorer().table().records()
    assert first == {
        "bits": 8,
        "steps": "tensor",
        "accuracy (%)": 98.0,
        "accuracy (%) low": 97.0,
        "accuracy (%) high": 99.25,
        "file (KB)": 432.0,
    }
    assert last["steps"] is None and last["file (KB)"] == 1724.6


def test_settings_that_were_never_run_are_left_out():
    values = {**VALUES, (2, "channel"): None}
    values[2, "tensor"] = {"accuracy": 92.0, "file": None}
    shown = explorer(values=values)
    soup = parse(shown)
    rows = soup.select("tbody tr")
    assert len(rows) == len(shown.table().rows) == len(VALUES) - 1 + 1
    cells = [c.text for c in rows[-2].select("td")]
    assert cells == ["tensor", "92.0", "-"]
    *_, before, last = data_of(soup)["settings"]
    assert before[2] == ["-", "", None, None] and last is None


def places_of(path):
    """Return the points of a path: x and y, of 100."""
    return [
        tuple(map(float, point.split()))
        for point in re.findall(r"[\d.]+ [\d.]+", path["d"])
    ]


def test_curves_are_of_the_setting_and_of_those_beside_it():
    shown = explorer(values={**VALUES, (8, "channel"): None})
    scale = shown.scales[0]

    def curve(steps, bits=(8, 4, 2)):
        return [
            (50.0 * BITS.index(b), 100 - scale.place(VALUES[b, steps][name][0]))
            for name in ["accuracy"]
            for b in bits
        ]

    others, own, points = parse(shown).select(".mcx-lead path")
    assert places_of(others) == pytest.approx(curve("tensor"))
    assert places_of(own) == pytest.approx(curve("channel", (4, 2)))
    assert places_of(points) == places_of(own)
    assert own["d"].count("L") == 1 and points["d"].count("M") == 2


def test_names_are_dots_without_a_line():
    values = {(x, y): {"file": 1} for x in "ab" for y in "cde"}
    knobs = {"x": ["a", "b"], "y": ["c", "d", "e"]}
    soup = parse(
        explorer(knobs=knobs, metrics=[FILE], values=values, default=("b", "d"))
    )
    assert [len(places_of(x)) for x in soup.select("path")] == [4, 2, 2]
    assert "L" not in "".join(x["d"] for x in soup.select("path"))
    assert soup.select_one(".mcx-here").text == "b"


@pytest.mark.parametrize(
    "metrics, bars",
    [
        ([Metric(str(i)) for i in range(6)], False),
        ([Metric(str(i)) for i in range(7)], True),
        ([Metric(str(i), limits=(0, 9)) for i in range(3)], False),
        ([Metric(str(i), limits=(0, 9)) for i in range(4)], True),
        ([Metric(str(i), limits=(0, 9 + i)) for i in range(4)], False),
    ],
)
def test_many_metrics_of_one_scale_are_bars(metrics, bars):
    values = {k: {x.name: 3 * k for x in metrics} for k in (1, 2)}
    shown = explorer(
        knobs={"k": [1, 2]}, metrics=metrics, values=values, default=2
    )
    soup = parse(shown)
    assert len(soup.select(".mcx-bar")) == bars * len(metrics)
    assert len(soup.select(".mcx-lead")) == (not bars)
    for bar, scale in zip(soup.select(".mcx-bar"), shown.scales, strict=False):
        assert (bar["x1"], bar["x2"]) == ("0%", f"{scale.place(6):g}%")


def test_the_margin_is_marked():
    drop = Metric("drop", "pp", better="lower", margin=0.5)
    right = Metric("right", "%", better="higher", baseline=97, margin=2)
    assert (drop.line, right.line, FILE.line) == (0.5, 95, None)
    values = {k: {"drop": 3 * k, "right": 97 - 3 * k} for k in (0, 1)}
    soup = parse(
        explorer(
            knobs={"k": [0, 1]},
            metrics=[drop, right],
            values=values,
            default=None,
        )
    )
    lines = [x["y1"] for x in soup.select(".mcx-metric .mcx-margin")]
    scales = [Scale(0, 3), Scale(94, 97)]
    assert lines == [
        f"{100 - scale.place(line):g}%"
        for scale, line in zip(scales, (0.5, 95), strict=True)
    ]
    assert "margin 2\xa0pp" in soup.select_one(".mcx-note").text


def test_pictures_are_shared_and_follow_the_setting():
    one, two = Picture(SVG, alt=ALT), Picture(PNG, alt=f"{ALT}, once more")
    pictures = {key: one if key[0] == 8 else two for key in list(VALUES)[:4]}
    soup = parse(explorer(pictures=pictures))
    images = soup.find_all("img")
    assert [image["src"] for image in images] == [one.uri, two.uri]
    assert [image.has_attr("hidden") for image in images] == [True, False]
    at = [setting[0] for setting in data_of(soup)["settings"]]
    assert at == [0, 0, 1, 1, -1, -1]


def test_every_family_has_its_color():
    for family, color in COLORS.items():
        assert color in explorer(family=family)._repr_html_()


KNOBS = {"bits": BITS, "steps": STEPS}
WRONG = [
    ({"title": ""}, ValueError, "title must not be empty, got ''"),
    ({"title": 3}, TypeError, "title must be a string, got int"),
    ({"knobs": {}}, ValueError, "knobs must be 1 to 3, got 0"),
    ({"knobs": dict.fromkeys("abcd", BITS)}, ValueError, "1 to 3, got 4"),
    ({"knobs": [BITS]}, TypeError, "knobs must be a dict"),
    ({"knobs": {"bits": "842"}}, TypeError, "bits must be a list, got str"),
    ({"knobs": {"bits": [8]}}, ValueError, "must be 2 or more, got"),
    ({"knobs": {"bits": [8, 8]}}, ValueError, "bits must differ, got"),
    ({"knobs": {"bits": [8, 8.0]}}, ValueError, "bits must differ, got"),
    ({"knobs": {"bits": [8, None]}}, TypeError, "a number, got NoneType"),
    ({"knobs": {"bits": [8, np.nan]}}, ValueError, "finite, got NaN"),
    ({"metrics": []}, ValueError, "metrics must be 1 or more, got none"),
    ({"metrics": [FILE, FILE]}, ValueError, "different names, got"),
    ({"metrics": ["file"]}, TypeError, "of type Metric, got str"),
    ({"metrics": [FILE]}, ValueError, r"metrics of values.* must be \['file'"),
    ({"values": {}}, ValueError, r"missing \(8, 'tensor'\).* and 2 more"),
    ({"values": {**VALUES, 3: None}}, ValueError, "must be a setting.*got 3"),
    ({"values": dict.fromkeys(VALUES)}, ValueError, "one number or more"),
    ({"values": dict.fromkeys(VALUES, 1)}, TypeError, "must be a dict of"),
    ({"default": (4, "group")}, ValueError, "default must be a setting"),
    ({"default": 4}, ValueError, r"default must be a setting \(bits, steps\)"),
    ({"family": "magic"}, ValueError, "family must be one of float, .*'magic'"),
    ({"baseline": " "}, ValueError, "baseline must not be empty"),
    ({"pictures": {(8, "x"): Picture(SVG, ALT)}}, ValueError, "of pictures"),
    ({"pictures": {(8, "tensor"): SVG}}, TypeError, "of type Picture, got str"),
]


@pytest.mark.parametrize("change, error, message", WRONG)
def test_wrong_arguments_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        explorer(**change)


@pytest.mark.parametrize(
    "value, error, message",
    [
        (np.nan, ValueError, "accuracy of values.* must be finite, got NaN"),
        (np.inf, ValueError, "must be finite, got infinity"),
        ("98", ValueError, "a number or .value, low, high."),
        ("987", TypeError, "must be a number, got str"),
        ((1, 2), ValueError, "a number or .value, low, high."),
        ((1, 2, 3), ValueError, "with low <= value <= high, got"),
        (True, TypeError, "must be a number, got bool"),
        (np.zeros(3), TypeError, "must be a number, got ndarray"),
    ],
)
def test_wrong_values_are_refused(value, error, message):
    values = {**VALUES, (8, "tensor"): {"accuracy": value, "file": 1}}
    with pytest.raises(error, match=message):
        explorer(values=values)


def test_a_default_without_values_and_a_key_twice_are_refused():
    with pytest.raises(ValueError, match=r"default must be .* with values"):
        explorer(values={**VALUES, (4, "channel"): None})
    with pytest.raises(ValueError, match="each setting once"):
        Explorer(
            "t",
            knobs={"k": [1, 2]},
            metrics=[Metric("m")],
            values={1: None, (1,): None, 2: {"m": 1}},
        )


def predict(**changes):
    arguments = {
        "question": "How many?",
        "choices": ["one", "two"],
        "answer": "two",
        "reveal": "Because.\n\nIndeed.",
    }
    return Predict(**{**arguments, **changes})


def test_a_prediction_has_three_forms_and_hides_its_answer():
    bundle = predict()._repr_mimebundle_()
    soup = BeautifulSoup(bundle["text/html"], "html.parser")
    assert [label.text for label in soup.find_all("label")] == ["one", "two"]
    assert soup.summary.text == "Answer" and soup.details.get("open") is None
    assert [p.text for p in soup.details.find_all("p")] == [
        *["two", "Because.", "Indeed."]
    ]
    for form in ["text/markdown", "text/plain"]:
        assert "How many?" in bundle[form] and "two. Because." in bundle[form]
    assert parse(predict(question=NASTY)).legend.text == NASTY


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"question": ""}, ValueError, "question must not be empty"),
        ({"choices": "ab"}, TypeError, "a list of strings, got str"),
        ({"choices": ["two"]}, ValueError, "2 or more that differ, got"),
        ({"choices": ["two", "two"]}, ValueError, "2 or more that differ"),
        ({"choices": ["two", 3]}, TypeError, "choice must be a string, got"),
        ({"answer": "three"}, ValueError, "answer must be one of one, two"),
        ({"reveal": " "}, ValueError, "reveal must not be empty"),
    ],
)
def test_wrong_predictions_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        predict(**change)
