"""The roster: whose names the user names of the logs are."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from processors.errors import LakeError

COLUMNS = ("user_name", "display_name")
REMEDY = "Write a CSV file with the columns user_name and display_name, or remove `roster` from the settings"


def read(path: Path) -> pl.DataFrame:
    """The people in the file, every column as text; nobody where it is empty.

    Errors: `LakeError` for a file that is not there, is no regular one, cannot be read, is no CSV file or lacks a
    column.
    """
    try:
        if path.exists() and not path.is_file():  # opening a pipe waits for a writer that may never come
            raise LakeError(path, "is no regular file", REMEDY)
        people = pl.read_csv(path.read_bytes(), infer_schema=False)
    except FileNotFoundError:
        raise LakeError(path, "is not there", REMEDY) from None
    except OSError as problem:
        raise LakeError(path, f"cannot be read ({problem.strerror})", REMEDY) from None
    except pl.exceptions.NoDataError:
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    except pl.exceptions.PolarsError:  # its words hold lines of the file
        raise LakeError(path, "is no CSV file", REMEDY) from None
    missing = [name for name in COLUMNS if name not in people.columns]
    if missing:
        raise LakeError(path, f"has no column {' and '.join(missing)}", REMEDY)
    return people
