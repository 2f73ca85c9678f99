"""Exercises that run in the page: what each page carries for them.

Before a solution stands an empty box, which exercises.js makes an editor, or
a line that the exercise needs PyTorch. The stubs, and what Python must be told
to check an answer, travel as JSON.
"""

import hashlib
import importlib
import json
from pathlib import Path

from docutils import nodes
from mc_lessons import address_of_lesson
from mc_python import files
from sphinx_exercise.nodes import solution_node

import mini_compress
from mini_compress.exercises import (
    find_exercises,
    find_imports,
    needs_numpy_alone,
)

SCRIPTS = ["prism.js", "python_in_page.js", "editor.js", "exercises.js"]
BOX = '<div class="answer" data-exercise="{label}"></div>'
ELSEWHERE = (
    '<p class="answer-elsewhere">This one needs PyTorch, which a page does not '
    'have: <a href="{address}" download>download the lesson</a>.</p>'
)


def find_outdated(app, env, added, changed, removed):
    """Return the pages to write anew: what they may offer has changed."""
    checks = Path(mini_compress.__file__).parent / "checks"
    known = hashlib.sha256(str(bool(files())).encode())
    for path in sorted(checks.rglob("*.py")):
        known.update(path.read_bytes())
    before, env.mc_answers = getattr(env, "mc_answers", ""), known.hexdigest()
    if before == env.mc_answers:
        return []
    sources = {name: Path(env.doc2path(name)) for name in env.found_docs}
    return [
        name
        for name, path in sources.items()
        if find_exercises(path.read_text(encoding="utf-8"))
    ]


def offer_answers(app, doctree, docname):
    """Put a place for an answer before each solution that asks for code."""
    if not files():
        return
    source = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
    exercises = {one.label: one for one in find_exercises(source)}
    if not exercises:
        return
    chapter = Path(docname).name
    checks = importlib.import_module(f"mini_compress.checks.{chapter}")
    here = {
        label: one
        for label, one in exercises.items()
        if needs_numpy_alone(getattr(checks, one.check))
    }
    for solution in list(doctree.findall(solution_node)):
        label = solution["target_label"]
        if label in exercises:  # others ask for words
            form = BOX if label in here else ELSEWHERE
            html = form.format(label=label, address=address_of_lesson(docname))
            place = solution.parent.index(solution)
            solution.parent.insert(place, nodes.raw("", html, format="html"))
    if here:
        data = {
            "chapter": chapter,
            "imports": find_imports(source),
            "scripts": list_scripts(app, needs_digits(checks, here)),
            "exercises": {label: write(one) for label, one in here.items()},
        }
        doctree.append(nodes.raw("", embed(data), format="html"))


def needs_digits(checks, exercises):
    """Return whether a check or a widget of a page reads LeNet300's digits."""
    has_widget = any(one.widget for one in exercises.values())
    return has_widget or "load_digits" in vars(checks)


def list_scripts(app, with_digits):
    """Return which scripts hold a page's Python, and their bytes."""
    names = ["python.js", "digits.js"][: 1 + with_digits]
    static = Path(app.outdir) / "_static"
    return {name: (static / name).stat().st_size for name in names}


def write(exercise):
    """Return what the page must know of an exercise."""
    return {
        "stub": exercise.stub,
        "check": exercise.check,
        "function": exercise.function,
        "widget": exercise.widget,
    }


def embed(data):
    """Return data as an element of the page, which exercises.js reads."""
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="asked-here">{text}</script>'


def load_editor(app, pagename, templatename, context, doctree):
    """Load the editor in the pages that have a place for it."""
    if 'id="asked-here"' in context.get("body", ""):
        for name in SCRIPTS:
            app.add_js_file(name, loading_method="defer")
