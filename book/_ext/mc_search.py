"""Excerpts of search results, also where the book is read from a disk.

The search page fetches each page that it found, to quote it. From file:// a
browser refuses that, so the texts come along as a script, which only the
search page loads.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import desc_signature

LONGEST = 400  # characters of a definition; a quote is shorter
TEXTS = "texts.js"
READER = "search_from_disk.js"  # in book/assets


def sections_of(doctree):
    """Return id and text of what a search finds on a page, in order.

    Those are its sections, and then terms of a glossary and signatures, whose
    texts are their definitions.
    """
    found = [
        [section["ids"][0], text_of(section)]
        for section in doctree.findall(nodes.section)
        if section["ids"]
    ]
    for kind in (nodes.term, desc_signature):
        for name in doctree.findall(kind):
            text = " ".join(name.parent.astext().split())
            found += [[one, text[:LONGEST]] for one in name["ids"]]
    return found


def text_of(section):
    """Return what a section says outside of the sections within it."""
    parts = [
        words_of(part)
        for part in section.children
        if not isinstance(part, nodes.section | nodes.comment)
    ]
    return " ".join(" ".join(parts).split())


def words_of(node):
    """Return the text of a part of a page, without the HTML of widgets."""
    if isinstance(node, nodes.raw):
        return ""
    if next(node.findall(nodes.raw), None) is None:
        return node.astext()
    return node.child_text_separator.join(map(words_of, node.children))


def keep_texts(app, doctree):
    """Keep the texts of a page, with all else that is known of it."""
    texts_of(app.env)[app.env.docname] = sections_of(doctree)


def drop_texts(app, env, name):
    """Forget a page that is read again, or that is gone."""
    texts_of(env).pop(name, None)


def merge_texts(app, env, names, other):
    """Take over the pages that another process has read."""
    texts_of(env).update({name: texts_of(other)[name] for name in names})


def texts_of(env):
    """Return the texts of the pages that were read, in this build or before."""
    if not hasattr(env, "mc_texts"):
        env.mc_texts = {}
    return env.mc_texts


def write_texts(app, exception):
    """Write the texts of all pages as a script."""
    if exception is None and app.builder.format == "html":
        texts = {
            name: texts_of(app.env)[name] for name in sorted(app.env.found_docs)
        }
        path = Path(app.outdir) / "_static" / TEXTS
        path.write_text(f"const PAGE_TEXTS = {json.dumps(texts)};\n")


def load_texts(app, pagename, templatename, context, doctree):
    """Let the search page load them, before the script that searches."""
    if pagename == "search":
        for name in (TEXTS, READER):
            app.add_js_file(name, priority=100)
