"""What the pages need from Sphinx beyond its options.

1. Every kernel that the build starts gets the variables in `kernel.env`.
2. The colors of `mini_compress.plotting` become CSS variables, so pages and
   widgets use the same ones as the figures.
3. Docstrings are set as `mc_docstrings` describes.
4. Scripts of sphinx-thebe are dropped: unused, and loaded twice.
5. Tables can be focused: on a phone they scroll, and keys must reach that.
6. A number and its unit stay on one line.
7. Chapters offer their lessons, see `mc_lessons`.
8. MathJax is one file of an installed package, not of another host.
9. Figures are drawn in the page, see `mc_figures`.
10. The marks around a solution, which tools read, are not shown.
11. The search quotes what it found from a disk too, see `mc_search`.
12. Exercises run in the page, see `mc_exercises` and `mc_python`.
13. A page says in its head what it is about, for previews of links.
14. A build does not look for what it cannot find, or found before.
"""

import gc
import importlib.util
import os
import re
import shutil
import textwrap
from html import escape
from pathlib import Path

from docutils import nodes
from mc_colors import on_dark
from mc_docstrings import typeset
from mc_exercises import find_outdated, load_editor, offer_answers
from mc_figures import draw_in_page
from mc_lessons import copy_lessons, offer_lesson
from mc_python import write_python
from mc_search import (
    drop_texts,
    keep_texts,
    load_texts,
    merge_texts,
    write_texts,
)
from pybtex.plugin import find_plugin, register_plugin

from mini_compress.plotting import COLORS

LASTING = 200_000  # objects; a page has about as many, and none is garbage
BOOK = Path(__file__).resolve().parent.parent
PALETTE = "palette.css"
MATHJAX = "mathjax/tex-svg.js"  # as in _config.yml
TABLE = re.compile(r'<table class="([^"]*\btable\b)')
BEFORE_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|pp|x|[num\u00b5]s|[KMG]i?B|[\u00b5u]J)(?!\w))"
)
MARK = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
LONGEST = 200  # characters of a description
NOT_PROSE = (nodes.literal, nodes.literal_block, nodes.math, nodes.raw)


def save_time(app):
    """Look for garbage more seldom, and for the writer of citations once.

    Python would look through all pages again and again, and pybtex, for each
    citation, through all packages.
    """
    gc.set_threshold(LASTING)
    writer = ("pybtex.backends", "plaintext")
    register_plugin(*writer, find_plugin(*writer), force=True)


def set_kernel_environment(app):
    """Give what is in kernel.env to this process and to its kernels."""
    for line in (BOOK / "kernel.env").read_text().split():
        name, value = line.split("=")
        os.environ[name] = value


def write_palette(app):
    """Write one CSS variable per family of methods, and its dark form."""
    light, dark = [], []
    for family, color in COLORS.items():
        name = f"--mc-{family.replace('_', '-')}"
        light.append(f"  {name}: {color};")
        dark.append(f"  {name}: {on_dark(color)};")
    blocks = {":root": light, 'html[data-theme="dark"]': dark}
    css = [
        f"{selector} {{\n" + "\n".join(lines) + "\n}\n"
        for selector, lines in blocks.items()
    ]
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PALETTE).write_text("".join(css))
    app.add_css_file(PALETTE)


def copy_mathjax(app):
    """Put MathJax beside the pages; the package that has it is a folder."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    source = Path(package.submodule_search_locations[0]) / "static" / MATHJAX
    target = Path(app.outdir) / "_static" / MATHJAX
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def typeset_docstring(app, what, name, obj, options, lines):
    """Set a docstring, in place."""
    lines[:] = typeset(lines)


def drop_thebe(app, pagename, templatename, context, doctree):
    """Keep sphinx-thebe's scripts off the page."""
    scripts = context.get("script_files", [])
    context["script_files"] = [
        script
        for script in scripts
        if "thebe" not in f"{script.filename} {script.attributes}".lower()
    ]


def make_tables_focusable(app, pagename, templatename, context, doctree):
    """Let the keyboard scroll a table wider than a phone."""
    if "body" in context:
        table = r'<table tabindex="0" class="\1'
        context["body"] = TABLE.sub(table, context["body"])


def keep_units(app, doctree, docname):
    """Put a no-break space between a number and the unit after it."""
    for text in list(doctree.findall(nodes.Text)):
        glued = BEFORE_UNIT.sub("\u00a0", text)
        if glued != text and not isinstance(text.parent, NOT_PROSE):
            text.parent.replace(text, nodes.Text(glued))


def drop_marks(app, doctree, docname):
    """Take the lines from code that say where a solution begins and ends."""
    for block in list(doctree.findall(nodes.literal_block)):
        code = MARK.sub("", block.astext())
        if code != block.astext():
            block.rawsource = code  # as of code that is to be highlighted
            block.children = [nodes.Text(code)]


def describe_page(app, pagename, templatename, context, doctree):
    """Put a page's first paragraph into its head."""
    first = next(doctree.findall(nodes.paragraph), None) if doctree else None
    if first is not None:
        about = escape(
            textwrap.shorten(first.astext(), LONGEST, placeholder=" ...")
        )
        title = escape(context["title"])
        context["metatags"] += (
            f'<meta name="description" content="{about}">\n'
            f'<meta property="og:title" content="{title}">\n'
            f'<meta property="og:description" content="{about}">\n'
        )


def setup(app):
    """Connect the functions above to the events of a build."""
    app.connect("builder-inited", save_time)
    app.connect("builder-inited", set_kernel_environment)
    app.connect("builder-inited", write_palette)
    app.connect("builder-inited", copy_mathjax)
    app.connect("autodoc-process-docstring", typeset_docstring)
    app.connect("env-get-outdated", find_outdated)
    app.connect("env-updated", write_python)
    app.connect("doctree-read", keep_texts)
    app.connect("env-purge-doc", drop_texts)
    app.connect("env-merge-info", merge_texts)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", make_tables_focusable)
    app.connect("html-page-context", load_texts)
    app.connect("html-page-context", describe_page)
    app.connect("html-page-context", load_editor)
    app.connect("doctree-resolved", keep_units)
    app.connect("doctree-resolved", drop_marks)
    app.connect("doctree-resolved", offer_lesson)
    app.connect("doctree-resolved", draw_in_page)
    app.connect("doctree-resolved", offer_answers)
    app.connect("build-finished", copy_lessons)
    app.connect("build-finished", write_texts)
    return {
        "env_version": 1,  # raised when pages must be read again: see mc_search
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
