"""Who may import whom, held by reading the source; and nothing heavy at import time."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import survrecon

ROOT = Path(survrecon.__file__).parent
# Each line may import from its own and the lines above. A new module takes its place here.
LAYERS = (
    "errors results",
    "published",
    "arm",
    "data",
    "files cells fields tables schema read write scale clean survival group_tests draws reconstruction digitize",
    "reanalysis",
    "counterpart comparison",
    "ensemble sensitivity",
    "_placement _room _lettering plot_ensemble plot plot_digitized outcome checks auditing",
    "pipeline",
    "simulation benchmark coverage figure_styles figure_designs figures figure_scores figure_benchmark plot_benchmark output terminal",
    "cli_options",
    "cli cli_benchmark cli_figures cli_audit cli_digitize cli_import",
    "__main__",
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}
HEAVY = {
    "lifelines": {"reanalysis"},
    "matplotlib": {"figures", "plot", "_lettering", "plot_benchmark", "plot_digitized", "plot_ensemble"},
    "pandas": {"arm", "reanalysis"},
    "jinja2": {"report"},
    "rdata": {"digitize.kmdata"},
}
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def name(path: Path) -> str:
    """Return the module's name within the package: ``reconstruction.guyot``."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each module that a file imports, and whether it does so when it is itself imported."""

    def walk(node: ast.AST, at_once: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, at_once) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}:{child.lineno}: relative import"
                for alias in child.names:
                    full = f"{child.module}.{alias.name}"
                    yield (full if child.module == "survrecon" or (ROOT / f"{alias.name}.py").exists() else child.module or "", at_once)
            elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            else:
                yield from walk(child, at_once and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)))

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), True)


def ours(path: Path) -> set[str]:
    """Return the modules of this package that a file imports anywhere."""
    found = {module.removeprefix("survrecon.") for module, _ in imports(path) if module.startswith("survrecon.")}
    return {module for module in found if module.split(".")[0] in RANK or not module.startswith("__")}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_point_one_way(path):
    own = name(path).split(".")[0]
    assert own in RANK, f"{own} has no place in LAYERS"
    for module in ours(path):
        assert module.split(".")[0] in RANK, f"{name(path)} imports {module}, which has no place in LAYERS"
        assert RANK[module.split(".")[0]] <= RANK[own], f"{name(path)} imports {module}"


def test_errors_and_results_import_nothing_of_ours():
    assert ours(ROOT / "errors.py") == ours(ROOT / "results.py") == set()


def test_no_import_goes_round_in_a_circle():
    TopologicalSorter({name(path): ours(path) - {name(path)} for path in MODULES}).prepare()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_heavy_packages_are_imported_late_and_in_one_place(path):
    for module, at_once in imports(path):
        package = module.split(".")[0]
        if package in HEAVY:
            assert name(path) in HEAVY[package], f"{name(path)} imports {module}"
            assert not at_once, f"{name(path)} imports {module} at the top"


def test_every_layer_exists():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {path.stem for path in ROOT.glob("*.py")} - {"__init__"} | packages == set(RANK)


def test_importing_the_package_loads_nothing_heavy():
    script = "import sys, survrecon; print(sorted({'numpy', 'scipy', 'pandas', 'lifelines', 'matplotlib', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True).stdout == "[]\n"


def test_every_public_name_loads():
    assert all(getattr(survrecon, public) is not None for public in survrecon.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        survrecon.nothing  # noqa: B018
