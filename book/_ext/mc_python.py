"""Python for the pages: scripts that hold all of it.

From a disk a page may fetch nothing, but it may load a script. So what Pyodide
asks for travels in one, compressed and as text; python_worker.js answers from
there. Without Pyodide and numpy the pages have no editors.
"""

import base64
import gzip
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from mc_downloads import find_all

import mini_compress
from mini_compress._files import write_beside
from mini_compress.digits import write_digits
from mini_compress.exercises import find_exercises

PACKAGE = Path(mini_compress.__file__).parent
WORKER = Path(__file__).parents[1] / "assets" / "python_worker.js"
NOTICE = PACKAGE.parent / "NOTICE"
CODE = ("pyodide.asm.js", "pyodide.js")
PRISM = ("prism-core.min.js", "prism-python.min.js")
MANUAL = "window.Prism = { manual: true };\n"  # colors nothing by itself
# prints the modules of the package that can be imported with numpy alone
ALONE = """
import importlib, pkgutil, sys
import numpy

class Others:
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names | {"mini_compress", "numpy"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Others)
import mini_compress
def skip(name):  # a package that cannot be imported
    pass

parts = pkgutil.walk_packages(mini_compress.__path__, "mini_compress.", skip)
for part in parts:
    if not part.name.endswith("__main__"):
        try:
            print(importlib.import_module(part.name).__file__)
        except ModuleNotFoundError:
            pass
"""


@cache
def files():
    """Return what is carried, by its name; nothing if some of it lacks."""
    return find_all()


def write_python(app, env):
    """Write the scripts that a page loads when the first answer is run."""
    sources = (Path(env.doc2path(name)) for name in env.found_docs)
    if (
        not any(find_exercises(x.read_text(encoding="utf-8")) for x in sources)
        or not files()
    ):
        return
    static = Path(app.outdir) / "_static"
    parts = {
        name: path.read_bytes()
        for name, path in files().items()
        if name not in PRISM
    }
    code = [parts.pop(name) for name in CODE]
    parts["mini_compress.zip"] = pack_package()
    python = {"code": code, "worker": WORKER.read_text(), "files": parts}
    write_script(static / "python.js", python)
    write_script(static / "digits.js", {"digits": pack_digits()})
    shutil.copyfile(NOTICE, static / "NOTICE.txt")
    colors = (files()[name].read_text() for name in PRISM)
    (static / "prism.js").write_text(MANUAL + "\n".join(colors))


def write_script(path, values):
    """Write a script that adds values to `miniCompress`, unless it is there.

    Bytes are compressed, as text in base 64; to write 12 MB takes seconds.
    """
    digest = hashlib.sha256(repr(values).encode()).hexdigest()
    head = f"/* {digest} */\n"
    if path.exists():
        with path.open() as script:
            if script.read(len(head)) == head:
                return
    text = json.dumps(values, default=encode)
    with write_beside(path) as unfinished:
        unfinished.write_text(
            f"{head}window.miniCompress ??= {{}};\n"
            f"Object.assign(miniCompress, {text});\n"
        )


def encode(content):
    """Return bytes as text."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def pack_package():
    """Return an archive of all modules that need numpy alone."""
    command = [sys.executable, "-c", ALONE]
    printed = subprocess.run(
        command,
        cwd=PACKAGE.parent,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    modules = [Path(line) for line in printed.stdout.splitlines()]
    widgets = PACKAGE / "widgets"
    others = [*widgets.glob("*.css"), *widgets.glob("*.js")]
    found = [PACKAGE / "__init__.py", *modules, *others]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(found):
            # without the time of the file: the same modules, the same bytes
            entry = zipfile.ZipInfo(path.relative_to(PACKAGE.parent).as_posix())
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def pack_digits():
    """Return LeNet300 and its images as `load_digits` reads them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "digits.npz")
        write_digits(path)
        return path.read_bytes()
