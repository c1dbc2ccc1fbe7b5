"""Docstrings follow numpydoc, and the README says what is true."""

from __future__ import annotations

import inspect
import re
import subprocess
import tomllib
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import click
import pytest
from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate

import survrecon
from survrecon.cli import main
from survrecon.terminal import number

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHECKS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["numpydoc_validation"]["checks"])
MODULES = [
    module.name
    for module in walk_packages(survrecon.__path__, "survrecon.")
    if not module.name.startswith(("survrecon.__main__", "survrecon.cli"))
]


def public(module_name: str) -> dict[str, object]:
    """Return a module, its public functions and classes, and their public methods, by full name."""
    module = import_module(module_name)
    found: dict[str, object] = {module_name: module}
    for name, item in vars(module).items():
        if (
            name.startswith("_")
            or getattr(item, "__module__", None) != module_name
            or not (inspect.isfunction(item) or inspect.isclass(item))
        ):
            continue
        found[f"{module_name}.{name}"] = item
        if inspect.isclass(item):
            methods = {member: value for member, value in vars(item).items() if inspect.isfunction(value) or isinstance(value, classmethod)}
            found |= {f"{module_name}.{name}.{member}": value for member, value in methods.items() if not member.startswith("_")}
    return found


def problems(name: str, item: object) -> list[str]:
    """Return what numpydoc finds wrong; the fields of a value object are documented as its attributes, not as parameters."""
    if inspect.ismodule(item):
        return [] if item.__doc__ else ["no docstring"]
    value_object = inspect.isclass(item) and (is_dataclass(item) or hasattr(item, "model_fields"))
    found = [text for code, text in validate(name)["errors"] if code in CHECKS and not (value_object and code == "PR01")]
    if inspect.isclass(item) and is_dataclass(item):
        documented = {each.strip() for attribute in ClassDoc(item)["Attributes"] for each in attribute.name.split(",")}
        found += [f"field {field.name} is not documented" for field in fields(item) if field.name not in documented]
    return found


@pytest.mark.parametrize("module", [name for name in MODULES if "._" not in name])
def test_docstrings(module):
    assert {name: found for name, item in public(module).items() if (found := problems(name, item))} == {}


def test_readme_has_two_setup_commands():
    block = re.search(r"```sh\n(make .*?)```", README, re.DOTALL)
    assert block is not None
    commands = [line.split("#")[0].strip() for line in block[1].splitlines()]
    assert commands == ["make verify", "make test"]
    for line in commands:
        subprocess.run([*line.split(), "--dry-run"], cwd=ROOT, capture_output=True, check=True, timeout=60)


def test_commands_and_options_in_the_readme_exist():
    shown = re.findall(r"^(survrecon [a-z].*?)(?: +#.*)?$", README.replace("\\\n", " "), re.MULTILINE)
    assert len(shown) >= 4
    for line in shown:
        command = main.commands[line.split()[1]]
        if isinstance(command, click.Group):  # survrecon import: of files, where no command is named
            command = command.commands.get(line.split()[2], command.commands["files"])
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<= )--[a-z-]+", line)) <= options, line


def test_files_named_in_the_readme_exist():
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_public_names_in_the_readme_exist():
    names = set(re.findall(r"survrecon\.([A-Za-z_]+)\(", README))
    assert names
    assert names <= set(survrecon.__all__)


def test_numbers_in_the_readme_are_what_verify_prints():
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in README.splitlines() if line.startswith("|")]
    rows = [tuple(line) for line in lines if (ROOT / "digitized" / line[0] / "study.toml").exists()]
    assert len(rows) >= 9
    printed = set()
    for name in {row[0] for row in rows}:
        for check in survrecon.run(survrecon.read_study(ROOT / "digitized" / name)).checks:
            quantity = f"median, {check.arm}" if check.quantity == "median" else check.quantity
            printed.add((name, quantity, check.published, number(check.value), check.verdict))
    assert [row for row in rows if row not in printed] == []
