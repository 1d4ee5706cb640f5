"""dataframely, without what it would load for conversions that nobody here asks for: half a second of every command."""

from __future__ import annotations

import sys

# dataframely 3.1 imports these where they are installed, as Airflow has them, and does without where they are not
_UNASKED = {"sqlalchemy", "pydantic", "pydantic_core"} - sys.modules.keys()
for _name in _UNASKED:
    sys.modules[_name] = None  # type: ignore[assignment]  # the documented way to make an import fail

import dataframely as dy  # noqa: E402

for _name in _UNASKED:
    del sys.modules[_name]

__all__ = ["dy"]
