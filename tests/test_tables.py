"""Tables: what they show, and the values that they keep."""

import csv
import io
import pickle

import pandas as pd
from markdown_it import MarkdownIt

from mini_compress import models
from mini_compress.allocation import scan_layers
from mini_compress.datasets import load
from mini_compress.hardware import compare, layer_costs, ledger
from mini_compress.tables import Cell, Table

TABLE = Table(
    "a | b",
    ("name", "KB", "ms"),
    (
        ("x, y", Cell(1234.56, "1,234.6"), Cell(None, "-")),
        ("z", Cell.of(7), Cell(1.25, "1.2", interval=(1.0, 1.5))),
    ),
)


def read_csv(table):
    return list(csv.DictReader(io.StringIO(table.csv())))


def test_records_hold_the_values_and_not_the_texts():
    assert TABLE.records() == [
        {"name": "x, y", "KB": 1234.56, "ms": None},
        {"name": "z", "KB": 7, "ms": 1.25, "ms low": 1.0, "ms high": 1.5},
    ]
    assert TABLE.rows[0] == ("x, y", "1,234.6", "-")


def test_csv_is_read_back_with_every_digit():
    first, second = read_csv(TABLE)
    assert first["name"] == "x, y" and first["ms"] == ""
    assert float(first["KB"]) == 1234.56
    assert [second[x] for x in ("KB", "ms", "ms low")] == ["7", "1.25", "1.0"]
    assert read_csv(Table("none", ("a", "b"), ())) == []
    assert Table("none", ("a", "b"), ()).csv() == "a,b\n"


def test_records_make_a_data_frame():
    frame = pd.DataFrame(TABLE.records())
    assert frame["KB"].sum() == 1241.56
    assert frame["ms"].isna().tolist() == [True, False]


def test_a_cell_keeps_its_value_when_it_is_pickled():
    cell = pickle.loads(pickle.dumps(TABLE.rows[1][2]))
    assert (cell, cell.value, cell.interval) == ("1.2", 1.25, (1.0, 1.5))


def test_markdown_shows_hostile_texts_as_they_are():
    texts = [
        "<script>alert(1)</script>",
        "[x](http://y)",
        "two\nlines",
        "`a|b`",
    ]
    table = Table(texts[0], tuple(texts), (tuple(texts),))
    shown = MarkdownIt().enable("table").render(table.markdown())
    assert "<script>" not in shown and "<a " not in shown
    assert "<code>" not in shown
    assert shown.count("<td") == shown.count("<th ") == len(texts)
    assert "two lines" in shown and "`a|b`" in shown


def test_what_a_network_costs_can_be_read_as_numbers():
    model = models.LeNet300()
    costs = ledger(model, baseline=model, devices=["stm32h743"])
    real, modelled, _ = (table.records() for table in costs.tables())
    assert real[3] == {"cost": "file", "LeNet300": costs.num_bytes}
    assert real[4]["LeNet300"] == 1.0
    assert modelled[0]["file fits"] is costs.modelled[0].fits
    assert costs.modelled[0].time_ms in modelled[0].values()
    [both, *_] = compare({"a": costs, "b": costs}).tables()
    assert [x["MACs"] for x in both.records()] == [costs.macs] * 2
    [layers] = layer_costs(model).tables()
    assert layers.records()[-1]["MACs"] == costs.macs


def test_a_scan_of_layers_can_be_read_as_numbers():
    split = load("mnist5k").validation
    found = scan_layers(
        models.LeNet300(), split, [0, 0.5], lambda model, *_: model
    )
    record = found.tables()[0].records()[0]
    [layer, *_] = found.scores
    assert record["weights"] == found.num_weights[layer]
    assert record["0.5"] == found.scores[layer][1].accuracy
