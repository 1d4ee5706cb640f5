from __future__ import annotations

import polars as pl

from processors import changes

OLD = pl.DataFrame(
    {"session_id": ["gone", "same", "other", "third"], "end_time": ["1", None, None, None], "device": "x"}
)


def test_sessions_that_came_went_and_changed_are_named_with_their_columns() -> None:
    new = pl.DataFrame(
        {
            "session_id": ["new", "same", "third", "other"],
            "end_time": ["9", None, "3", "2"],
            "device": ["x", "x", "y", "x"],
        }
    )
    assert changes.of_sessions(OLD, new) == {
        "sessions_added": 1,
        "sessions_removed": 1,
        "sessions_changed": 2,
        "sessions_places_changed": 0,
        "columns_changed": {"end_time": 2, "device": 1},
        "session_ids": {"added": ["new"], "removed": ["gone"], "changed": ["third", "other"], "places_changed": []},
    }


def test_the_same_sessions_in_another_order_and_with_a_new_column_are_no_change() -> None:
    found = changes.of_sessions(OLD, OLD.reverse().with_columns(ip_count=pl.lit("1")))
    assert found["sessions_changed"] == 0 and found["columns_changed"] == {}


def test_a_session_whose_place_is_another_is_named_and_the_date_of_a_database_is_no_change() -> None:
    old = OLD.with_columns(city_name=pl.lit("Delhi"), location_database_date=pl.lit("2025-08-20"))
    new = old.with_columns(
        city_name=pl.when(session_id="third").then(pl.lit("Noida")).otherwise("city_name"),
        location_database_date=pl.lit("2025-08-27"),
    )
    found = changes.of_sessions(old, new)
    assert (found["sessions_changed"], found["sessions_places_changed"]) == (1, 1)
    assert found["session_ids"]["places_changed"] == found["session_ids"]["changed"] == ["third"]
    assert found["columns_changed"] == {"city_name": 1, "location_database_date": 4}


def test_other_location_databases_are_named() -> None:
    old, new = (
        {
            "completeness": {"reasons": []},
            "settings_digest": "a",
            "location_databases": [{"name": "DBIP-City-Lite", "build_date": date}],
        }
        for date in ("2025-08-01", "2025-09-01")
    )
    assert changes.of_manifests(old, new)["location_databases"] == {
        "before": ["DBIP-City-Lite of 2025-08-01"],
        "after": ["DBIP-City-Lite of 2025-09-01"],
    }
    assert changes.of_manifests(old, old)["location_databases"] is None


def test_of_nothing_everything_is_new() -> None:
    found = changes.of_sessions(OLD.clear(), OLD)
    assert (found["sessions_added"], found["sessions_removed"], found["sessions_changed"]) == (4, 0, 0)
    assert changes.of_sessions(OLD, OLD.clear())["sessions_removed"] == 4


def test_no_more_sessions_are_named_than_somebody_reads_and_all_are_counted() -> None:
    many = pl.DataFrame({"session_id": [f"{n:04}" for n in range(250)]})
    found = changes.of_sessions(many.clear(), many)
    assert found["sessions_added"] == 250 and len(found["session_ids"]["added"]) == changes.MOST_NAMED


def test_a_row_that_changed_came_and_went() -> None:
    new = OLD.with_columns(end_time=pl.when(session_id="other").then(pl.lit("2")).otherwise("end_time"))
    assert changes.of_rows(OLD, new) == {"rows_added": 1, "rows_removed": 1}


def test_reasons_that_came_and_went_are_named_and_other_settings_are_said() -> None:
    old = {"completeness": {"reasons": ["okta: no events"]}, "settings_digest": "a"}
    new = {"completeness": {"reasons": ["panel: no events"]}, "settings_digest": "b"}
    assert changes.of_manifests(old, new) == {
        "reasons_added": ["panel: no events"],
        "reasons_removed": ["okta: no events"],
        "settings_changed": True,
        "location_databases": None,
    }
