"""What may import what, and how little `import mini_compress` brings in."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import jedi
import pytest

import mini_compress

PACKAGE = Path(mini_compress.__file__).parent
# The import arrow: a module imports from its own row and from rows above it.
# Private modules at the top (_require, ...) belong to the first row.
ROWS = [
    {"plotting", "writing", "tables"},
    {"kernels", "measuring"},
    {"layers"},
    {"graph", "models", "datasets", "artifact"},
    {"hardware", "training", "zoo", "digits"},
    {"allocation"},
    {"pruning", "quantization", "distillation", "low_rank"},
    {"export"},
    {"pipeline"},
    {"studies", "results", "figures", "widgets", "checks", "cli"},
    {"chapters", "exercises", "in_page"},
    {"__main__"},
]
FAMILIES = ROWS[6]
LEVELS = {name: level for level, row in enumerate(ROWS) for name in row}

# Run before the import under test: only these may be imported after it.
BLOCK = """
import sys

class Block:
    allowed = {*sys.stdlib_module_names, "numpy", "mini_compress"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in self.allowed:
            raise ImportError(f"blocked: {name}")

sys.meta_path.insert(0, Block())
"""


def dotted_name(path: Path) -> str:
    """Name a file from the package down: kernels/affine.py, kernels.affine."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def modules() -> dict[str, Path]:
    """Return every module of the package but its lazy top."""
    named = {dotted_name(path): path for path in PACKAGE.rglob("*.py")}
    del named[""]
    return named


def imports_of(name: str, path: Path) -> set[str]:
    """Return what a module imports, for type checkers too, absolutely named."""
    found = set()
    package = f"mini_compress.{name}".split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            start = ".".join(base) if node.level else ""
            source = ".".join(part for part in (start, node.module) if part)
            found |= {f"{source}.{alias.name}" for alias in node.names}
    return found


def level_of(name: str) -> int | None:
    """Return the row of a module, None if it has no place."""
    top = name.partition(".")[0]
    return LEVELS.get(top, 0 if top.startswith("_") else None)


def own_imports(name: str, path: Path) -> set[str]:
    """Return the modules of this package that a module imports."""
    known = modules()
    own = set()
    for target in imports_of(name, path):
        inner = target.removeprefix("mini_compress.")
        if inner != target:
            # `from .kernels import affine` or `from .kernels.affine import x`
            own.add(inner if inner in known else inner.rpartition(".")[0])
    return own - {"", name}


def run_python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )


def test_every_module_has_a_place_in_the_order():
    homeless = [name for name in modules() if level_of(name) is None]
    assert not homeless, "add the new modules to ROWS"


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_point_one_way(name):
    top = name.partition(".")[0]
    for other in own_imports(name, modules()[name]):
        other_top = other.partition(".")[0]
        assert level_of(other) <= level_of(name), f"{name} imports {other}"
        if top in FAMILIES and other_top in FAMILIES:
            assert top == other_top, f"{name} imports another family, {other}"


def require_no_cycle(imports: dict[str, set[str]]) -> None:
    """Raise CycleError if modules import each other, directly or not."""
    graph = {name: own & imports.keys() for name, own in imports.items()}
    list(graphlib.TopologicalSorter(graph).static_order())


def test_imports_have_no_cycle():
    require_no_cycle(
        {
            name: own_imports(name, path)
            for name, path in modules().items()
            if path.name != "__init__.py"
        }
    )


def test_a_cycle_of_type_checking_imports_would_be_seen(tmp_path):
    path = tmp_path / "explorer.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from .markup import explorer\n"
    )
    own = own_imports("widgets.explorer", path)
    imports = {"widgets.markup": {"widgets.explorer"}, "widgets.explorer": own}
    with pytest.raises(graphlib.CycleError):
        require_no_cycle(imports)


def test_a_backward_import_would_be_seen(tmp_path):
    path = tmp_path / "fake.py"
    path.write_text("from ..quantization import weights\nimport torch\n")
    assert imports_of("kernels.fake", path) == {
        "mini_compress.quantization.weights",
        "torch",
    }


# What an answer that needs numpy alone may use, in a page of the book too
@pytest.mark.parametrize(
    "module",
    [
        "allocation",
        "digits",
        "exercises",
        "in_page",
        "kernels",
        "measuring",
        "tables",
        "widgets",
        "writing",
    ],
)
def test_numpy_alone_is_needed(module):
    done = run_python(BLOCK + f"import mini_compress.{module}")
    assert done.returncode == 0, done.stderr


def test_checks_need_numpy_alone():
    names = [name for name in modules() if name.startswith("checks")]
    assert len(names) > 8
    code = "".join(f"import mini_compress.{name}\n" for name in sorted(names))
    done = run_python(BLOCK + code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["torch", "safetensors", "scipy"])
def test_the_block_blocks(module):
    done = run_python(BLOCK + f"import {module}")
    assert f"blocked: {module}" in done.stderr


def test_an_editor_knows_every_lazy_name():
    source = "import mini_compress as mc\nmc."
    known = {found.name for found in jedi.Script(source).complete()}
    assert set(mini_compress.__all__) - known == set()


def test_an_editor_completes_what_stands_in_a_module():
    source = "import mini_compress as mc\nmc.led"
    found = jedi.Script(source).complete()
    assert [(x.name, x.type) for x in found] == [("ledger", "function")]


def test_package_is_imported_without_torch():
    done = run_python(
        "import sys, mini_compress; sys.exit('torch' in sys.modules)"
    )
    assert done.returncode == 0, done.stderr


def test_what_costs_a_second_is_not_imported_by_the_way():
    done = run_python(
        "import sys\n"
        "from mini_compress import zoo\n"
        "from mini_compress.measuring.seeds import paired_t_interval\n"
        "zoo.load('ConvNet', 'mnist5k')\n"
        "paired_t_interval([0.1, 0.2])\n"
        "slow = {'torch.fx.experimental.symbolic_shapes', 'scipy.stats'}\n"
        "print(sorted(slow & sys.modules.keys()))"
    )
    assert done.stdout == "[]\n", done.stderr
