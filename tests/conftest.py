"""What must stand before the first import of Airflow: a home and a database of its own; no workspace of the user."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_HOME = tempfile.mkdtemp(prefix="recent-activities-airflow-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": _HOME,
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME}/airflow.db",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
}
os.environ.pop("RECENT_ACTIVITIES_WORKSPACE", None)
