"""Answers that are written and run in a page, by Python in the browser."""

import importlib

import pytest
from bs4 import BeautifulSoup
from mc_exercises import SCRIPTS

from mini_compress.exercises import (
    find_exercises,
    find_imports,
    needs_numpy_alone,
)
from mini_compress.in_page import Outcome, import_all, show
from tests.checks.answers import RIGHT, WRONG
from tests.support.answers_in_page import call, run, task_of, wait
from tests.support.page_modules import missing_modules
from tests.support.pages import DESKTOP, PHONE, ROOT, open_page, violations

pytestmark = [pytest.mark.xdist_group("answers"), pytest.mark.takes(120)]
CHAPTER = "weight_pruning"
NAME = f"book/{CHAPTER}.html"
FIRST, SECOND, TRIED = "round_amounts", "masked_step", "mask_by_inputs"
LIGHT = 1_000_000  # bytes that a page may have before the first answer is run
BY_WEIGHT = """
def mask_by_inputs(weight, inputs, sparsity):
    return keep_largest(np.abs(weight), sparsity)
"""
SHOW = """async ([task, code]) => {
  const quiet = {print() {}, tell() {}};
  await python.call({call: "answer", ...task}, quiet);
  return python.call({call: "show", code}, quiet);
}"""
LOOP = "while True:\n    pass\n"
WRONG_AMOUNTS = "def amounts(sparsities):\n    return sparsities"
EXERCISES = [
    (path.stem, find_imports(text), exercise)
    for path in sorted((ROOT / "book").glob("*.md"))
    for text in [path.read_text()]
    for exercise in find_exercises(text)
]
SOLUTIONS = {
    one.check: one.solution for name, _, one in EXERCISES if name == CHAPTER
}


def check_of(chapter, exercise):
    module = importlib.import_module(f"mini_compress.checks.{chapter}")
    return getattr(module, exercise.check)


for _chapter in sorted({name for name, *_ in EXERCISES}):
    importlib.import_module(f"tests.checks.answers.{_chapter}")
IN_PAGE = {
    check_of(chapter, exercise): (chapter, imports, exercise)
    for chapter, imports, exercise in EXERCISES
    if needs_numpy_alone(check_of(chapter, exercise))
}


@pytest.fixture(scope="module")
def book(html):
    """The built pages, if Python came with them."""
    if not (html / "_static" / "python.js").exists():
        pytest.skip("needs Pyodide and numpy: see book/_ext/mc_downloads.py")
    return html


@pytest.fixture(scope="module")
def visit(browser, book, timeout):
    """A page from a disk; Python runs in it from the first test on."""
    with browser.new_context(viewport=DESKTOP) as context:
        context.set_default_timeout(timeout)
        yield open_page(context, (book / NAME).as_uri())


@pytest.fixture
def page(visit):
    return visit.page


@pytest.fixture
def open_chapter(open_context, serve, book):
    """A function that opens the page from a server, in a window of its own."""

    def start():
        return open_page(
            open_context(viewport=DESKTOP), f"{serve(book)}/{NAME}"
        )

    return start


def box_of(page, check):
    """Return the editor for the exercise that a check belongs to."""
    labels = {
        one.check: one.label for name, _, one in EXERCISES if name == CHAPTER
    }
    return page.locator(f".answer[data-exercise={labels[check]}]")


def assert_answers_run(visit, base):
    """Run a right answer and a wrong one; nobody is asked for anything."""
    page, workers = visit.page, []
    page.on("worker", lambda worker: workers.append(worker))
    assert not [x for x in visit.requests if "python.js" in x]
    box = box_of(page, FIRST)
    stub = box.locator("textarea").input_value()
    assert "amounts is not written yet" in run(box, stub)
    said = run(box, SOLUTIONS[FIRST])
    assert "failed" not in said and said.endswith("All of it holds.")
    assert said.count("passed: ") >= 3
    said = run(box, WRONG_AMOUNTS)
    assert "failed: " in said and said.endswith("see what failed.")
    run(box_of(page, SECOND), SOLUTIONS[SECOND])
    assert len(workers) == 1  # one Python for both
    own = (base, "data:", "blob:")
    assert not [x for x in visit.requests if not x.startswith(own)]
    assert not visit.problems


def test_answers_run_in_a_page_from_a_disk(visit, book):
    assert_answers_run(visit, book.as_uri())


def test_answers_run_in_a_page_from_a_server_until_a_limit(open_chapter):
    visit = open_chapter()
    assert_answers_run(visit, visit.page.url.removesuffix(f"/{NAME}"))
    box = box_of(visit.page, FIRST)
    visit.page.clock.install()
    box.locator("textarea").fill(LOOP)
    box.locator("textarea").press("Control+Enter")
    box.get_by_text("Python: running").wait_for()
    visit.page.clock.fast_forward(61_000)
    assert wait(box) == "Stopped: it ran for 60 seconds."


def task_of_exercise(chapter, imports, exercise):
    """Return what runs the book's solution in a page."""
    return {
        "chapter": chapter,
        "imports": imports,
        "code": exercise.solution,
        "check": exercise.check,
        "name": exercise.function,
    }


def write_widget(html):
    """Return what a widget says: its table, and what its pictures show."""
    soup = BeautifulSoup(html, "html.parser")
    return soup.find("table").get_text("|"), [
        picture["alt"] for picture in soup.find_all("img")
    ]


def test_a_page_is_light_until_an_answer_is_run(book):
    static = book / "_static"
    scripts = sum((static / name).stat().st_size for name in SCRIPTS)
    for name in {name for name, *_ in EXERCISES}:
        page = book / "book" / f"{name}.html"
        assert page.stat().st_size + scripts < LIGHT


def test_solutions_pass_in_the_page(page):
    tasks = [task_of_exercise(*one) for one in IN_PAGE.values()]
    said = call(page, tasks)
    failed = [
        (task["check"], one.text)
        for task, one in zip(tasks, said, strict=True)
        if one.status != "passed"
    ]
    assert not failed


def test_four_of_five_exercises_run_in_the_page():
    assert len(IN_PAGE) >= 0.8 * len(EXERCISES)


def test_known_answers_are_judged_in_the_page_as_elsewhere(page):
    known = [*((check, answer, "") for check, answer in RIGHT), *WRONG]
    expected = [
        (check, answer, lacks)
        for check, answer, lacks in known
        if check in IN_PAGE and not missing_modules(answer)
    ]
    said = call(page, [task_of(*one[:2]) for one in expected])
    differ = [
        (answer.__qualname__, lacks, one.text)
        for (_, answer, lacks), one in zip(expected, said, strict=True)
        if one.status != ("failed" if lacks else "passed")
        or (lacks and f"failed: {lacks}\n" not in one.text)
    ]
    assert not differ


def test_widgets_show_what_they_show_elsewhere(page):
    tried = [one for one in IN_PAGE.values() if one[2].widget]
    assert len(tried) >= 3
    for chapter, imports, exercise in tried:
        names = import_all(imports)
        exec(exercise.solution, names)
        native = show(exercise.widget, Outcome("passed", "", names))
        task = task_of_exercise(chapter, imports, exercise)
        in_page = page.evaluate(SHOW, [task, exercise.widget])
        assert write_widget(in_page) == write_widget(native)


def test_a_widget_shows_the_readers_function(page):
    box = box_of(page, TRIED)
    cell = page.locator(".cell.tag_try-it")
    row = cell.locator("tr[aria-current=true]")
    ours = row.text_content()
    assert (
        cell.get_attribute("data-whose")
        == "With our answer, until yours has run"
    )
    run(box, SOLUTIONS[TRIED])
    assert row.text_content() == ours
    assert cell.get_attribute("data-whose") == "With your answer"
    cell.locator("input[type=range]").press("End")
    last = row.text_content()
    assert last != ours
    said = run(box, BY_WEIGHT)
    assert "failed: " in said
    assert row.text_content() != last


def test_much_that_is_printed_hides_no_verdict(page):
    code = "print('x' * 30_000)\nfor i in range(9_000):\n    print(i)\n"
    said = run(box_of(page, FIRST), code + WRONG_AMOUNTS)
    assert "... and more" in said and len(said) < 25_000
    assert "failed: " in said and "got" in said


def test_names_of_the_chapter_are_told(page):
    said = run(box_of(page, FIRST), "print(network)")
    assert "In line 1: print(network)" in said
    assert "what its chapter imports, not its cells: " in said
    assert "np" in said and "torch" not in said
    said = run(box_of(page, FIRST), "import torch")
    assert "the lesson has the rest" in said
    said = run(box_of(page, FIRST), "def mine():\n    input()")
    assert "looks for a function amounts; you have: mine." in said


def test_a_loop_without_an_end_is_stopped(page):
    box = box_of(page, FIRST)
    box.locator("textarea").fill(LOOP)
    box.locator("textarea").press("Control+Enter")
    other = box_of(page, SECOND)
    other.get_by_role("button", name="Run").click()
    assert "Another answer runs" in other.locator("[role=status]").inner_text()
    box.get_by_role("button", name="Stop").click()
    assert wait(box) == "Stopped."
    # another one starts; to stop that is to wait for it no longer
    box.get_by_role("button", name="Run").click()
    box.get_by_role("button", name="Stop").click()
    assert wait(box) == "Stopped."
    other.get_by_role("button", name="Run").click()
    assert wait(other)
    assert box.locator("[role=status]").inner_text() == "Stopped."
    assert run(box, SOLUTIONS[FIRST]).endswith("All of it holds.")


def test_a_start_that_fails_says_why(open_chapter):
    page = open_chapter().page
    page.route("**/python.js", lambda route: route.abort())
    said = run(box_of(page, FIRST), SOLUTIONS[FIRST])
    assert "python.js cannot be loaded" in said
    assert "download the lesson" in said


def test_what_was_written_stays_until_reset(open_chapter):
    page = open_chapter().page
    area = box_of(page, FIRST).locator("textarea")
    stub = area.input_value()
    assert "raise NotImplementedError" in stub
    area.fill("x = 1")
    page.reload()
    assert area.input_value() == "x = 1"
    reset = box_of(page, FIRST).get_by_role("button", name="Reset")
    reset.click()
    assert area.input_value() == stub
    page.keyboard.press("Control+z")
    assert area.input_value() == "x = 1"
    reset.click()
    assert area.input_value() == stub
    page.get_by_role("button", name="Undo reset").click()
    assert area.input_value() == "x = 1"
    reset.click()
    page.reload()
    assert area.input_value() == stub


def test_a_long_line_scrolls_with_its_colors(open_chapter):
    page = open_chapter().page
    page.set_viewport_size(PHONE)
    box = box_of(page, FIRST)
    box.locator("textarea").fill("")
    page.keyboard.type("x = 1  # " + "long " * 30)
    assert box.locator("textarea").evaluate("area => area.scrollLeft") == 0
    frame = box.locator(".answer-code")
    assert frame.evaluate("frame => frame.scrollLeft") > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_keys_write_python_and_leave(open_chapter):
    page = open_chapter().page
    area = box_of(page, FIRST).locator("textarea")
    area.fill("")
    page.keyboard.type("def f():\nreturn 1\n")
    page.keyboard.press("Tab")
    page.keyboard.type("x")
    assert area.input_value() == "def f():\n    return 1\n        x"
    for key in ["Shift+Tab", "Home", "ArrowRight", "Backspace"]:
        page.keyboard.press(key)
    assert area.input_value() == "def f():\n    return 1\n   x"
    area.fill("a\nb")
    page.keyboard.press("Control+a")
    page.keyboard.press("Tab")
    assert area.input_value() == "    a\n    b"
    page.keyboard.press("Shift+Tab")
    assert area.input_value() == "a\nb"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    focused = page.locator("button:focus")
    assert focused.inner_text() == "Run and check"
    page.keyboard.press("Shift+Tab")
    assert area.evaluate("area => area === document.activeElement")


def test_an_answer_has_no_barrier_and_fits_a_phone(page):
    box = box_of(page, FIRST)
    run(box, f"{SOLUTIONS[FIRST]}  # {'long ' * 30}")
    page.set_viewport_size(PHONE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not violations(page, ".answer")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in box.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44


def test_others_say_what_they_need(page):
    elsewhere = page.locator(".answer-elsewhere")
    mine = [one for name, _, one in EXERCISES if name == CHAPTER]
    here = page.locator(".answer").count()
    assert here + elsewhere.count() == len(mine)
