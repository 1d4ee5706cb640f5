"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("processors/**/*.py"), *ROOT.glob("schemas/**/*.py")])
KERNELS = (
    "attribute",
    "clock_skew",
    "continuation",
    "device",
    "inactivity",
    "locate",
    "overruns",
    "parse",
    "report",
    "sessionize",
)
COMMAND_LINE = {"__main__", "_arguments", "_console", "_done", "_geo_commands"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [(ast.unparse(node.func), node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_imports_go_in_one_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(config_filename="pyproject.toml", no_cache=True) == 0


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_clock_is_read_on_the_command_line_only(path: Path) -> None:
    if path.stem in COMMAND_LINE:
        return
    read = [
        (call, line)
        for call, line in calls(path)
        if call.rpartition(".")[2] in CLOCKS and call.partition(".")[0] in {"datetime", "date", "time"}
    ]
    assert not read


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_the_environment_is_read_in_settings_only(path: Path) -> None:
    if path.stem in ("settings", "__main__", "_geo_commands"):
        return
    assert not re.search(r"\bos\.environ\b|\bgetenv\b", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_reads_and_writes_nothing(kernel: str) -> None:
    path = ROOT / "processors" / f"{kernel}.py"
    forbidden = re.compile(r"(^|\.)(open|scan_\w+|read_\w+|write_\w+|sink_\w+|random|urandom)$")
    assert not [(call, line) for call, line in calls(path) if forbidden.search(call)]


@pytest.mark.parametrize("path", [*MODULES, *sorted(ROOT.glob("dags/*.py"))], ids=name)
def test_nothing_is_swallowed(path: Path) -> None:
    handlers = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ExceptHandler)
    ]
    assert not [handler.lineno for handler in handlers if handler.type is None]
    assert not [
        handler.lineno
        for handler in handlers
        if handler.type and ast.unparse(handler.type) in ("Exception", "BaseException")
    ]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_location_databases_are_read_in_one_module(path: Path) -> None:
    imported = re.search(r"^\s*(?:import|from) (?:geoip2|maxminddb)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert not imported or name(path) == "processors/location_database.py"


@pytest.mark.parametrize("path", sorted(ROOT.glob("dags/*.py")), ids=name)
def test_a_dag_imports_nothing_heavy_at_the_top(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    imported |= {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert not [one for one in imported if one.split(".")[0] in {"polars", "processors", "schemas", "pyarrow"}]


def test_there_are_no_rooms_without_a_purpose() -> None:
    allowed = {"bench", "dags", "deploy", "docs", "processors", "schemas", "tests", "plugins"}
    tracked = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/*.py")}
    assert tracked <= allowed
