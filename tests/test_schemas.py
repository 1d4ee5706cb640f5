from __future__ import annotations

import pickle
from pathlib import Path

import polars as pl
import pytest

import schemas
from processors import errors
from processors.settings import Retention
from schemas import TABLES, Table

SUFFIXES = {
    "_time": pl.Datetime("us", "UTC"),
    "_date": pl.Date(),
    "_s": pl.Int64(),
    "_count": pl.Int64(),
    "_bytes": None,  # a size, or in quarantine the bytes themselves
}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_name_says_its_type(table: type[Table]) -> None:
    for name, column in table.columns().items():
        suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
        if suffix and SUFFIXES[suffix]:
            assert column.dtype == SUFFIXES[suffix], name
        if isinstance(column.dtype, pl.Boolean):
            assert name.startswith("is_") or name == "login_observed"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_says_what_it_means(table: type[Table]) -> None:
    assert not [name for name, column in table.columns().items() if not column.description]
    assert table.__doc__ and table.primary_key()


def test_one_name_means_one_thing_in_every_table() -> None:
    meanings: dict[str, set[tuple[str, str]]] = {}
    for table in TABLES:
        for name, column in table.columns().items():
            meanings.setdefault(name, set()).add((str(column.dtype), str(column.description)))
    assert not {name: found for name, found in meanings.items() if len(found) > 1}


def test_every_table_has_a_retention_class_that_the_settings_know() -> None:
    assert {table.retention_class for table in TABLES} <= set(Retention.model_fields)


def test_a_table_without_a_retention_class_does_not_import() -> None:
    with pytest.raises(TypeError, match="retention_class"):
        type("Loose", (Table,), {"name": "loose", "grain": "a row", "__module__": __name__})


def test_every_table_is_listed() -> None:
    files = {path.stem for path in Path(schemas.__file__).parent.glob("[a-z]*.py")} - {"columns"}
    assert files == {table.name for table in TABLES}


@pytest.mark.parametrize(
    "error",
    [
        errors.SettingsError(Path("workspace.toml"), (errors.Problem("a.b", "1", "2", "Mend it"),)),
        errors.LandingError(Path("access.log"), "cannot be read", "Check the path"),
        errors.LakeError(Path("lake"), "cannot be written", "Free some space"),
        errors.DataError(Path("lake"), "is empty", "Fill it"),
        errors.CallError("x", "is no source", "Name one"),
    ],
)
def test_an_error_survives_the_way_between_processes(error: errors.RecentActivitiesError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.exit_code) == (type(error), str(error), error.exit_code)
