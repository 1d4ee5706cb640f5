"""Every format reads its golden input to exactly the golden events and rejects. The inputs are files as they arrive."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from processors import _field_table, formats, headers, parse, sign_ins, slabs
from processors._reader import MAPPED
from schemas import Events

GOLDEN = Path(__file__).parent / "golden"
SHOWN = [name for name in Events.column_names() if name not in {"source", "file_id"}]


def folders() -> list[Path]:
    """The golden folder that each module of the registries must have."""
    return [
        GOLDEN / package.__name__.rpartition(".")[2] / module.stem
        for package in (formats, sign_ins)
        for module in sorted(Path(package.__path__[0]).glob("[!_]*.py"))
    ] + [GOLDEN / name.replace(":", "/") for name in MAPPED]


def records(path: Path, reader: parse.Reader | None) -> bytes:
    """The file, cut into records where they may come wrapped."""
    data, pages = path.read_bytes(), reader.pages if reader else None
    if pages is None or not pages.lists:
        return data
    cut = slabs.slabs(iter([data]), at_start=True, is_document=True, pages=pages, is_whole=lambda _: True)
    return b"".join(slab.data for slab in cut)


def as_they_arrive(path: Path, reader: parse.Reader | None = None, find: headers.Runs | None = None) -> pl.LazyFrame:
    lines: list[str | None] = []
    data = records(path, reader)
    for raw in data.removesuffix(b"\n").split(b"\n"):
        try:
            lines.append(raw.removesuffix(b"\r").decode())
        except UnicodeDecodeError:
            lines.append(None)
    rows = pl.LazyFrame({"line_number": range(1, len(lines) + 1), "line": lines}, schema_overrides={"line": pl.String})
    return rows.with_columns(headers.column((find or headers.runs)(data, None)))


def settings(folder: Path) -> dict[str, Any]:
    """What `options.toml` says: options, and the `format` where it is more than a name."""
    path = folder / "options.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def options(folder: Path) -> parse.Options:
    values = {name: value for name, value in settings(folder).items() if name != "format"}
    if "fields" in values:
        values["field_map"] = _field_table.table(values.pop("fields"), folder.name).field_map()
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return parse.Options(reference_key=b"golden", **values | lists)


def outputs(folder: Path) -> dict[str, str]:
    """What the files `events.csv` and `rejects.csv` must hold."""
    reader = parse.reader(settings(folder).get("format", folder.name))
    lines = as_they_arrive(folder / "input.log", reader, headers.finder(reader, options(folder)))
    parsed = parse.parse(lines, reader=reader, source="golden", file_id="golden", options=options(folder)).collect()
    is_event = pl.col("quarantine_reason").is_null() & pl.col("skipped").is_null()
    events = parsed.filter(is_event).drop("file_id", "source")
    Events.validate(events.with_columns(source=pl.lit("golden"), file_id=pl.lit("golden")))
    rejects = parsed.filter(~is_event).select("line_number", "quarantine_reason", "skipped")
    assert parsed["line_number"].to_list() == lines.collect()["line_number"].to_list()
    return {"events.csv": events.select("line_number", *SHOWN[:-1]).write_csv(), "rejects.csv": rejects.write_csv()}


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_golden_input_gives_golden_outputs(folder: Path) -> None:
    assert folder.is_dir(), f"{folder.name} has no golden folder: add input.log, events.csv and rejects.csv"
    for name, text in outputs(folder).items():
        assert text.splitlines() == (folder / name).read_text(encoding="utf-8").splitlines(), name


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_golden_inputs_hold_both_events_and_rejects(folder: Path) -> None:
    for name in ("events.csv", "rejects.csv"):
        assert len((folder / name).read_text(encoding="utf-8").splitlines()) > 1, name


def test_golden_folders_belong_to_a_format() -> None:
    found = {path for kind in ("fields", "formats", "sign_ins") for path in (GOLDEN / kind).iterdir()}
    assert found == set(folders())
