"""The widgets in a small book of their own, built as the real one is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.support.pages import (
    DESKTOP,
    PHONE,
    faint_texts,
    open_page,
    violations,
)
from tests.support.widget_cells import (
    CHOICE,
    DEVICES,
    EXPLORER,
    LIVE,
    PREDICT,
    SETUP,
)

pytestmark = [pytest.mark.xdist_group("widgets"), pytest.mark.takes(60)]
ROOT = Path(__file__).resolve().parents[2]
HEAD = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Widgets

Text, to be read with the widgets.
"""
# on a page the live form shows every setting, so its function must not fail
WORKING = LIVE.replace("bits == 3", "False")
CELLS = [SETUP, EXPLORER, DEVICES, WORKING, PREDICT, CHOICE, EXPLORER]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The folder of a built book of one page, `index.html`."""
    folder = tmp_path_factory.mktemp("book")
    shutil.copy(ROOT / "_config.yml", folder)
    for name in ["_ext", "assets"]:
        shutil.copytree(ROOT / "book" / name, folder / "book" / name)
    for name in ["kernel.env", "references.bib"]:
        shutil.copy(ROOT / "book" / name, folder / "book")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    cells = (f"```{{code-cell}} ipython3\n{cell}\n```\n" for cell in CELLS)
    (folder / "index.md").write_text("\n".join([HEAD, *cells]))
    # the build itself says that the view is static
    environment = {**os.environ, "MINI_COMPRESS_VIEW": ""}
    command = Path(sys.executable).with_name("jupyter-book")
    options = ["-q", "-W", "-n", "--keep-going"]
    subprocess.run(
        [command, "build", folder, *options], env=environment, check=True
    )
    html = folder / "_build" / "html"
    text = (html / "index.html").read_text()
    assert text.count('<form class="mcx') == len(CELLS) - 1
    return html


@pytest.fixture(scope="module")
def address(book, serve):
    return f"{serve(book)}/index.html"


@pytest.fixture
def show(open_context, address):
    """A function that opens the page in a window of its own."""

    def start(**options):
        context = open_context(**{"viewport": DESKTOP, **options})
        return open_page(context, address).page

    return start


def figures(form):
    return form.locator(".mcx-figure b").all_text_contents()


def current_row(form):
    """Return the texts of the table's row of the setting that is shown."""
    rows = form.locator("tr[aria-current=true]")
    assert rows.count() == 1
    return rows.locator("th, td").all_text_contents()


def unfold_tables(page):
    for summary in page.get_by_text("All values", exact=True).all():
        summary.click()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_page_works_without_a_network(open_context, book, address, scheme):
    url = address if scheme == "http" else (book / "index.html").as_uri()
    context = open_context(viewport=DESKTOP)
    visit = open_page(context, url)
    page = visit.page
    page.locator(".mcx input[type=range]").first.press("End")
    assert figures(page.locator(".mcx").first) == ["81.0\xa0%", "108\xa0KB"]
    base = url.removesuffix("index.html")
    assert not [x for x in visit.requests if not x.startswith((base, "data:"))]
    assert not visit.problems


def test_no_state_of_ipywidgets_is_on_the_page(book):
    text = (book / "index.html").read_text()
    assert "Your own function" in text
    assert "widget-state" not in text and "widget-view" not in text


def test_keys_move_a_slider(show):
    page = show()
    form = page.locator(".mcx").first
    slider = form.locator("input[type=range]")
    slider.focus()
    seen = []
    for key in ["Home", "ArrowRight", "ArrowUp", "ArrowLeft", "End"]:
        press(page, key)
        seen.append(current_row(form)[0])
        assert slider.get_attribute("aria-valuetext") == seen[-1]
        own = form.locator(".mcx-knob:has(input[type=range]) b")
        assert own.text_content() == seen[-1]
    assert seen == ["8", "6", "4", "6", "2"]


def test_keys_choose_a_name_and_reach_every_knob(show):
    page = show()
    forms = page.locator(".mcx")
    forms.nth(0).get_by_label("channel").focus()
    press(page, "ArrowRight")
    assert current_row(forms.nth(0))[:2] == ["4", "group"]
    press(page, "Tab", "ArrowLeft")
    assert current_row(forms.nth(0))[:2] == ["6", "group"]
    press(page, "Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    press(page, "Enter")
    assert forms.nth(0).locator("table").is_visible()
    forms.nth(1).locator("select").focus()
    press(page, "ArrowDown")
    assert current_row(forms.nth(1))[:2] == ["0", "phone"]


def test_every_setting_shows_the_figures_of_its_row(show):
    page = show()
    form = page.locator(".mcx").first
    seen = set()
    for bits in range(5):
        for radio in form.locator("input[type=radio]").all():
            radio.check(force=True)  # it lies transparent over its label
            form.locator("input[type=range]").fill(str(bits))
            row = current_row(form)
            seen.add(tuple(row[:2]))
            numbers = [text.split()[0] for text in figures(form)]
            assert numbers == [cell.split()[0] for cell in row[2:]]
            ends = form.locator(".mcx-figure small").first.text_content()
            interval = row[2].partition(" ")[2].strip("[]")
            assert ends.replace(" to ", ", ") == interval
    assert len(seen) == 14  # one was never run


DRAWN = """form => [
    ...form.querySelectorAll(".mcx-metrics :is(path, .mcx-now, .mcx-now *)")
].map(one => [...one.attributes].map(({name, value}) => `${name}=${value}`)
    .filter(text => !text.startsWith("style=")).join(" "))"""


def draw(cell, setting):
    """Return what Python draws for a setting, as attributes of its marks."""
    names: dict = {}
    code = cell.replace("Explorer(\n", "shown = Explorer(\n", 1)
    exec(f"{SETUP}{code}", names)
    shown = names["shown"]
    shown.default = setting
    soup = BeautifulSoup(shown._repr_html_(), "html.parser")
    marks = soup.select(".mcx-metrics :is(path, .mcx-now, .mcx-now *)")
    return [
        " ".join(
            f"{name}={' '.join(value) if name == 'class' else value}"
            for name, value in mark.attrs.items()
            if name != "style"
        )
        for mark in marks
    ]


@pytest.mark.parametrize(
    ("number", "cell", "setting"),
    [
        (0, EXPLORER, (4, "channel")),
        (0, EXPLORER, (8, "group")),
        (0, EXPLORER, (2, "tensor")),
        (1, DEVICES, (95, "laptop")),
    ],
)
def test_the_script_draws_what_python_draws(show, number, cell, setting):
    form = show().locator(".mcx").nth(number)
    value, name = setting
    values = [8, 6, 4, 3, 2] if number == 0 else [0, 50, 80, 90, 95]
    form.locator("input[type=range]").fill(str(values.index(value)))
    if number == 0:
        form.get_by_label(name).check(force=True)
    else:
        form.locator("select").select_option(name)
    assert form.evaluate(DRAWN) == draw(cell, setting)


def test_the_marker_walks_along_the_curve_above_the_thumb(show):
    form = show().locator(".mcx").first
    slider = form.locator("input[type=range]")
    middle = "one => { const {x, width} = one.getBoundingClientRect();"
    middle += " return x + width / 2 }"
    track, seen = slider.bounding_box(), []
    for value in range(5):
        slider.fill(str(value))
        markers = [
            x.evaluate(middle) for x in form.locator(".mcx-marker").all()
        ]
        thumb = track["x"] + 11 + (track["width"] - 22) * value / 4
        assert markers == pytest.approx([thumb] * 2, abs=1)
        down = form.locator(".mcx-marker").first.get_attribute("y1")
        seen.append(float(down.rstrip("%")))
    assert seen == sorted(seen) and seen[0] < seen[-1] - 30  # it falls


def test_pictures_follow_the_setting(show):
    page = show()
    form = page.locator(".mcx").first
    shown = form.locator("img:visible")
    slider = form.locator("input[type=range]")
    assert shown.get_attribute("alt") == "A bar that stands for 4 bits"
    slider.fill("0")
    assert shown.get_attribute("alt") == "A bar that stands for 8 bits"
    assert shown.evaluate("image => image.naturalWidth") == 160
    slider.fill("3")
    assert shown.count() == 0


def test_what_was_never_run_is_not_offered(show):
    page = show()
    form = page.locator(".mcx").first
    slider, group = (
        form.locator("input[type=range]"),
        form.get_by_label("group"),
    )
    ticks = form.locator(".mcx-ticks span")
    slider.fill("4")
    assert form.locator("label.mcx-unrun").all_inner_texts() == ["group"]
    group.check(force=True)  # the nearest that was run
    assert current_row(form)[:2] == ["3", "group"]
    assert form.locator("output").text_content().startswith("3; accuracy")
    assert ticks.locator("visible=true").all_inner_texts() == list("8643")
    press(page, "Tab", "ArrowRight")
    assert current_row(form)[:2] == ["3", "group"]
    form.get_by_label("tensor").check(force=True)
    slider.press("End")
    assert current_row(form)[:2] == ["2", "tensor"]
    assert "-" not in figures(form)


def test_widgets_do_not_disturb_each_other(show):
    page = show()
    forms = page.locator(".mcx")
    before = [figures(form) for form in forms.all()]
    assert before[0] == before[-1]  # the same cell twice
    forms.first.locator("input[type=range]").fill("0")
    forms.first.get_by_label("tensor").check(force=True)
    after = [figures(form) for form in forms.all()]
    assert after[0] != before[0] and after[1:] == before[1:]


def test_a_change_is_spoken_and_the_first_setting_is_not(show):
    page = show()
    said = page.locator(".mcx output").first
    assert said.text_content() == ""
    page.locator(".mcx input[type=range]").first.press("ArrowLeft")
    assert said.text_content() == (
        "accuracy 96.0\xa0% 94.5 to 97.0; file 324\xa0KB "
    )
    assert said.get_attribute("aria-live") == "polite"


def test_a_prediction_is_kept_until_the_page_is_left(show):
    page = show()
    form = page.locator(".mcx[data-answer]")
    button, answer = form.locator("button"), form.locator("details")
    assert button.is_disabled() and answer.is_hidden()
    form.locator("input").first.focus()
    press(page, "Space", "ArrowDown", "Tab")
    assert answer.is_hidden()
    press(page, "Enter")
    assert form.locator("output").text_content() == (
        "Your prediction does not hold."
    )
    assert "With 4 bits, 94 % are right." in answer.inner_text()
    assert form.locator("input:enabled").count() == 0
    assert form.locator(".mcx-answer").text_content() == "28 of 32"
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.reload()
    assert answer.is_hidden() and form.locator(":checked").count() == 0


def test_a_prediction_can_hold(show):
    form = show().locator(".mcx[data-answer]")
    form.get_by_label("28 of 32").check()
    form.locator("button").click()
    assert form.locator("output").text_content() == "Your prediction holds."


# axe takes seconds for the colors of hundreds of cells: two plain rows a table
PLAIN_ROWS = ".mcx tr:not([aria-current], .mcx-out):nth-child(n + 3)"
EACH_KIND = {"include": [[".mcx"]], "exclude": [[PLAIN_ROWS]]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_widgets_have_no_barrier(show, scheme, size):
    page = show(color_scheme=scheme, viewport=size)
    form = page.locator(".mcx[data-answer]")
    form.locator("input").first.check()
    assert violations(page, ".mcx", colors=False) == []
    assert faint_texts(page) == []
    form.locator("button").click()
    page.locator(".mcx input[type=range]").first.press("End")
    unfold_tables(page)
    assert violations(page, ".mcx", colors=False) == []
    assert violations(page, EACH_KIND) == []
    assert faint_texts(page) == []


def test_a_barrier_would_be_seen(show):
    page = show()
    page.add_style_tag(content=".mcx small { color: #bbb !important; }")
    assert [name for name, _ in violations(page, ".mcx")] == ["color-contrast"]
    assert faint_texts(page)


def test_print_shows_the_setting_and_all_values(show):
    page = show()
    page.emulate_media(media="print")
    form = page.locator(".mcx").first
    assert form.locator("input, summary").locator("visible=true").count() == 0
    assert form.locator(".mcx-knob b").all_inner_texts() == ["channel", "4"]
    last = form.locator("tbody tr").last.bounding_box()
    assert last["height"] > 0
    assert last["y"] < form.bounding_box()["y"] + form.bounding_box()["height"]
    answer = page.locator(".mcx[data-answer] details p").first
    assert answer.inner_text() == "28 of 32" and answer.bounding_box()


def test_the_page_reads_without_scripts(show):
    page = show(java_script_enabled=False)
    form, question = page.locator(".mcx").first, page.locator("[data-answer]")
    assert figures(form) == ["93.0\xa0%", "216\xa0KB"]
    assert form.locator("img").locator("visible=true").count() == 1
    assert form.locator("input:enabled").count() == 0
    form.locator("summary").click()
    assert form.locator("table").is_visible()
    assert question.locator("button").is_hidden()
    question.locator("summary").click()
    assert "28 of 32" in question.locator("details").inner_text()


def test_a_phone_scrolls_the_table_alone(show):
    page = show(viewport=PHONE)
    unfold_tables(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == PHONE["width"]
    table = page.locator(".mcx-table").nth(1)
    assert table.evaluate("box => box.scrollWidth > box.clientWidth")
    for part in page.locator(".mcx :is(svg, b, .mcx-slider)").all():
        if box := part.bounding_box():
            assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]


def heights(form):
    """Return where a form begins and where its last figure ends."""
    top, last = form.bounding_box()["y"], form.locator(".mcx-metrics")
    box = last.bounding_box()
    return box["y"] + box["height"] - top


def test_on_a_phone_knobs_picture_and_results_are_in_one_view(show):
    page = show(viewport=PHONE, has_touch=True, is_mobile=True)
    for number in (0, 1):
        form = page.locator(".mcx").nth(number)
        assert 300 < heights(form) < PHONE["height"] - 100  # bars of browsers


def test_what_is_touched_is_large_enough(show):
    page = show(viewport=PHONE, has_touch=True, is_mobile=True)
    touched = "input[type=range], .mcx-buttons label, select, summary, "
    touched += "fieldset label"
    boxes = [
        one.bounding_box()
        for one in page.locator(".mcx").locator(touched).all()
        if one.is_visible()
    ]
    assert len(boxes) > 20
    assert min(min(box["width"], box["height"]) for box in boxes) >= 44


TEXTS = ".mcx-name, .mcx-figure > *, .mcx-tick, .mcx-here, .mcx-ticks span"
# two texts may touch, by as much as their lines are higher than their letters
OVERLAPS = """(form, texts) => {
  const boxes = [...form.querySelectorAll(texts)]
    .filter(one => one.textContent.trim() && one.checkVisibility())
    .map(one => [one, one.getBoundingClientRect()]);
  const meet = (a, b, one, other, room) =>
    a[one] < b[other] - room && b[one] < a[other] - room;
  return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(
    ([other, b]) => !one.contains(other)
      && meet(a, b, "left", "right", 1) && meet(a, b, "top", "bottom", 4)
  ).map(([other]) => `${one.textContent} / ${other.textContent}`));
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_texts_do_not_run_into_each_other(show, size):
    page = show(viewport=size)
    for form in page.locator(".mcx:has(.mcx-metric)").all():
        assert form.evaluate(OVERLAPS, TEXTS) == []


def test_print_cuts_no_column(show):
    page = show(viewport={"width": 640, "height": 900})
    page.emulate_media(media="print")
    for box in page.locator(".mcx-table").all():
        assert box.evaluate("one => one.scrollWidth <= one.clientWidth")


def choose(form, knob, place):
    """Choose a value of a knob by the keyboard: the first has the focus."""
    row = form.locator(".mcx-knob").nth(knob)
    row.locator("input").first.focus()
    press(form.page, *["ArrowRight"] * place)


@pytest.mark.parametrize(
    ("kb", "accuracy"), [(0, 0), (1, 0), (2, 0), (2, 1), (1, 2), (0, 1)]
)
def test_a_choice_sorts_as_python_does(show, kb, accuracy):
    from mini_compress.studies import fronts

    boards = ["stm32h743", "raspberry_pi_5"]
    points = fronts.undominated(
        fronts.collect("ConvNet", "fashion_mnist"), boards
    )
    wanted = fronts.Constraints(
        max_kb=(None, 50, 20)[kb], min_accuracy=(None, 91, 90)[accuracy]
    )
    found = fronts.choose(points, wanted, device=boards[0])
    form = show().locator(".mcx").nth(4)
    for knob, place in ((1, kb), (4, accuracy)):
        choose(form, knob, place)
    names = form.locator("tbody th").all_text_contents()
    said = form.locator("output").text_content()
    assert names[0] == found.closest.point.name
    fits = [x.point.name for x in found.fitting]
    assert sorted(names[: len(fits)]) == sorted(fits)
    assert said.startswith(f"{len(fits)} of {len(points)} fit. Best: ")
    out = form.locator("tbody tr.mcx-out").count()
    assert out == len(points) - len(fits)


def test_a_choice_that_nothing_meets_says_the_closest(show):
    form = show().locator(".mcx").nth(4)
    for knob, place in ((1, 2), (2, 3), (4, 1)):  # file, time, accuracy
        choose(form, knob, place)
    assert form.locator("output").text_content().startswith("Nothing fits.")
    first = form.locator("tbody tr").first
    assert first.locator("td").first.text_content()  # what it fails
