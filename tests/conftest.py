"""What must stand before the first import of Airflow: a home and a database of its own; no workspace of the user.

And the order of the files: with `--dist loadfile` a worker takes a file whole, so the longest come first.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import pytest

LONGEST_FIRST = ("end_to_end", "deliveries", "rereading", "laws", "s3_lake", "sessionize_oracle", "main", "sample")

_HOME = tempfile.mkdtemp(prefix="recent-activities-airflow-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": _HOME,
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME}/airflow.db",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
}
for name in ("RECENT_ACTIVITIES_WORKSPACE", "COLUMNS", "LINES"):  # readline exports the last two to pytest's workers
    os.environ.pop(name, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort them."""
    ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))
