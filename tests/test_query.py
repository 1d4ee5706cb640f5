from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import polars as pl
import pytest

from processors import check, mask, query, run
from processors.errors import CallError, LakeError
from processors.settings import Settings
from tests import workspaces

LOGINS = (  # user, address, day of August at 09:00 UTC
    ("riya.sharma@example.com", "203.0.113.7", 28),
    ("tom.o+neil@example.com", "203.0.113.77", 29),
    ("mei@example.com", "203.0.11.3", 29),
    ("asha@example.com", "2001:db8:10::5", 30),
    ("RIYA.SHARMA@example.com", "2001:db8:1::5", 30),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    text = workspaces.TEXT.replace("[[sources]]", 'roster = "roster.csv"\n\n[[sources]]')
    settings = workspaces.write(tmp_path_factory.mktemp("workspace"), text=text)
    (settings.root / "roster.csv").write_text("user_name,display_name\nmei@example.com,Zhang Mei\n")
    lines = [
        workspaces.line(datetime(2025, 8, day, 9, tzinfo=UTC), user, "POST /login", status=302, address=address)
        for user, address, day in LOGINS
    ]
    workspaces.land(settings, "access.log", b"".join(lines))
    run.run(settings, as_of=workspaces.AS_OF)
    return settings


def users(rows: pl.LazyFrame) -> list[str]:
    return sorted(rows.collect()["user_name"].str.to_lowercase())


def days(rows: pl.LazyFrame) -> set[date]:
    return set(rows.collect()["login_date"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("203.0.113.", "203.0.113.0/24"),
        ("203.0.113", "203.0.113.0/24"),
        ("10.", "10.0.0.0/8"),
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("198.51.100.64/26", "198.51.100.64/26"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("2001:DB8:10::5", "2001:db8:10::5/128"),
        ("2001:0db8:0010:0:0:0:0:5", "2001:db8:10::5/128"),
        ("2001:db8:", "2001:db8::/32"),
        ("2001:db8:10::/48", "2001:db8:10::/48"),
        ("2001:db8:1:2:3:4:5:", "2001:db8:1:2:3:4:5:0/112"),
    ],
)
def test_a_text_that_can_be_an_address_is_one(text: str, expected: str) -> None:
    assert query.network(text) == ip_network(expected)


@pytest.mark.parametrize("text", ["riya", "10", "300.1.", "203.0.113.7.", "", "face", "10.0.0.0/33", "a.b@example.com"])
def test_any_other_text_is_no_address(text: str) -> None:
    assert query.network(text) is None


def test_the_beginning_of_an_address_ends_on_an_octet(workspace: Settings) -> None:
    assert users(query.sessions(workspace, ip="203.0.11.")) == ["mei@example.com"]
    assert len(users(query.sessions(workspace, ip="203.0.113."))) == 2
    assert users(query.sessions(workspace, ip="203.0.113.7")) == ["riya.sharma@example.com"]


def test_a_network_that_ends_inside_an_octet_is_exact(workspace: Settings) -> None:
    assert users(query.sessions(workspace, ip="203.0.113.64/26")) == ["tom.o+neil@example.com"]
    assert users(query.sessions(workspace, ip="203.0.113.0/26")) == ["riya.sharma@example.com"]


def test_addresses_of_ipv6_are_compared_as_numbers_not_as_text(workspace: Settings) -> None:
    assert users(query.sessions(workspace, ip="2001:db8:1:")) == ["riya.sharma@example.com"]
    assert users(query.sessions(workspace, ip="2001:db8::/42")) == ["asha@example.com", "riya.sharma@example.com"]


def test_no_address_belongs_to_a_network_of_the_other_kind_and_null_to_none() -> None:
    frame = pl.DataFrame({"ip_address": ["203.0.113.7", "2001:db8::1", None, "unix:"]})
    for network in ("0.0.0.0/0", "203.0.113.0/25", "203.0.0.0/16", "203.0.113.7/32"):
        inside = frame.select(query.is_within(pl.col("ip_address"), ip_network(network))).to_series().to_list()
        assert inside == [True, False, False, False], network


def test_what_is_no_address_is_an_error_that_says_how_to_write_one(workspace: Settings) -> None:
    with pytest.raises(CallError, match=r"203\.0\.113\.0/24"):
        query.sessions(workspace, ip="riya")


@pytest.mark.parametrize("text", ["203.0.113.7/99", "300.1.1.1", "203.0.113.7.", "10/8", "2001:db8::1::2", "1.2.3"])
def test_what_is_written_as_an_address_is_never_taken_for_a_name(workspace: Settings, text: str) -> None:
    if query.network(text) is None:
        with pytest.raises(CallError, match="is no address"):
            query.search(workspace, text)
    assert users(query.sessions(workspace, user=text)) == []


def test_a_session_is_found_by_every_address_seen_in_it(tmp_path: Path) -> None:
    settings = workspaces.write(tmp_path)
    at = datetime(2025, 8, 29, 9, tzinfo=UTC)
    login = workspaces.line(at, "riya", "POST /login", status=302, address="203.0.113.7")
    later = workspaces.line(at + timedelta(minutes=1), "riya", address="198.51.100.9")
    workspaces.land(settings, "access.log", login + later)
    run.run(settings, as_of=workspaces.AS_OF)
    for text in ("203.0.113.7", "198.51.100.9", "198.51.100.", "198.51.100.0/28"):
        assert users(query.search(settings, text)) == users(query.inactivity_windows(settings, ip=text)) == ["riya"]
    assert users(query.search(settings, "198.51.100.8")) == []
    found = mask.masked(query.sessions(settings).collect())
    assert found["ip_addresses"].to_list() == [["203.0.113.0/24", "198.51.100.0/24"]]


def test_a_range_that_ends_before_it_begins_is_an_error(workspace: Settings) -> None:
    with pytest.raises(CallError, match="earlier day first"):
        query.sessions(workspace, from_="2025-08-30", to="2025-08-29")


def test_a_user_is_found_by_a_part_of_the_name_in_either_case(workspace: Settings) -> None:
    assert users(query.sessions(workspace, user="rIYA.sh")) == ["riya.sharma@example.com"] * 2


def test_a_part_of_a_name_is_no_pattern(workspace: Settings) -> None:
    assert users(query.sessions(workspace, user="o+neil")) == ["tom.o+neil@example.com"]
    assert users(query.sessions(workspace, user=".*")) == []


def test_a_user_is_found_by_the_display_name_of_the_roster(workspace: Settings) -> None:
    assert users(query.search(workspace, "zhang")) == ["mei@example.com"]


def test_a_search_knows_an_address_from_a_name(workspace: Settings) -> None:
    assert users(query.search(workspace, " 203.0.11.3 ")) == ["mei@example.com"]
    assert users(query.search(workspace, "mei")) == ["mei@example.com"]


def test_a_search_can_be_narrowed(workspace: Settings) -> None:
    assert days(query.search(workspace, "riya", from_="2025-08-29")) == {date(2025, 8, 30)}


def test_both_ends_of_a_range_of_dates_are_included(workspace: Settings) -> None:
    assert days(query.sessions(workspace, from_="2025-08-28", to=date(2025, 8, 29))) == {
        date(2025, 8, 28),
        date(2025, 8, 29),
    }


def test_only_the_files_of_the_dates_asked_for_are_read(workspace: Settings) -> None:
    plan = query.sessions(workspace, from_="2025-08-29", to="2025-08-29", user="mei", ip="203.0.11.3").explain()
    assert (
        "login_date=2025-08-29" in plan and "login_date=2025-08-28" not in plan and "login_date=2025-08-30" not in plan
    )
    above, _, scan = plan.partition("Parquet SCAN")
    assert "FILTER" not in above and "203.0.11.3" in scan


def test_a_filter_on_a_network_is_pushed_down_too(workspace: Settings) -> None:
    plan = query.sessions(workspace, ip="203.0.113.64/26").explain()
    assert "FILTER" not in plan.partition("Parquet SCAN")[0]


def test_dates_without_tables_give_no_rows_and_every_column(workspace: Settings) -> None:
    rows = query.sessions(workspace, from_="2031-01-01").collect()
    assert rows.height == 0 and "login_date" in rows.columns


def test_a_date_that_is_none_is_an_error(workspace: Settings) -> None:
    with pytest.raises(CallError, match="2025-08-29"):
        query.sessions(workspace, to="29/08/2025")


def test_events_are_asked_for_by_workspace_day(tmp_path: Path) -> None:
    settings = workspaces.write(tmp_path)
    midnight = datetime(2025, 8, 28, 18, 30, tzinfo=UTC)  # in Kolkata
    times = [midnight - timedelta(seconds=1), midnight, midnight + timedelta(days=1) - timedelta(seconds=1)]
    workspaces.land(settings, "access.log", b"".join(map(workspaces.line, [*times, midnight + timedelta(days=1)])))
    run.ingest(settings, as_of=workspaces.AS_OF)
    found = query.events(tmp_path, from_="2025-08-29", to="2025-08-29").collect()
    assert found["event_time"].to_list() == times[1:]


def test_windows_are_found_by_the_address_of_their_login(workspace: Settings) -> None:
    assert users(query.inactivity_windows(workspace, ip="203.0.113.7")) == ["riya.sharma@example.com"]
    assert users(query.inactivity_windows(workspace, user="asha", from_="2025-08-30")) == ["asha@example.com"]


def test_a_roster_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = workspaces.TEXT.replace("[[sources]]", 'roster = "people.csv"\n\n[[sources]]')
    with pytest.raises(LakeError, match=r"people\.csv"):
        query.sessions(workspaces.write(tmp_path, text=text), user="mei")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no regular file"),
        (b"user,name\nmei@example.com,Zhang Mei\n", "has no column user_name and display_name"),
        (b"user_name,display_name\n\xff\xfe\n", "is no CSV file"),
    ],
)
def test_what_is_no_roster_is_named_and_nobody_waits_for_it(
    workspace: Settings, tmp_path: Path, content: bytes | None, said: str
) -> None:
    named = workspaces.write(tmp_path, text=workspace.path.read_text())
    if content is None:
        os.mkfifo(tmp_path / "roster.csv")
    else:
        (tmp_path / "roster.csv").write_bytes(content)
    with pytest.raises(LakeError, match=rf"roster\.csv: {said}\. Write a CSV file") as told:
        query.sessions(named, user="mei")
    (finding,) = [one for one in check.check(tmp_path, as_of=lambda _: workspaces.AS_OF) if one.where == "roster"]
    assert finding.kind == "warning" and finding.message == f"{tmp_path / 'roster.csv'} {said}"
    assert "Zhang" not in str(told.value)


def test_an_empty_roster_names_nobody(workspace: Settings, tmp_path: Path) -> None:
    named = workspaces.write(tmp_path, text=workspace.path.read_text())
    (tmp_path / "roster.csv").touch()
    assert query.sessions(named, user="mei").collect().is_empty()
    found = check.check(tmp_path, as_of=lambda _: workspaces.AS_OF)
    assert "names nobody" in next(one.message for one in found if one.where == "roster")


def test_masked_users_keep_a_letter_and_a_domain_masked_addresses_a_network() -> None:
    rows = pl.DataFrame(
        {
            "user_name": ["riya.sharma@example.com", "tom", "a@b@example.com", "root@203.0.113.77", "x@2001:db8::7"],
            "ip_address": ["203.0.113.77", "2001:db8:10:20::5", "unix:", None, None],
            "user_agent": ["riya.sharma@example.com", "203.0.113.77", None, None, None],
        }
    )
    assert mask.masked(rows).rows() == [
        ("r***@example.com", "203.0.113.0/24", None),
        ("t***", "2001:db8:10::/48", None),
        ("a***@example.com", None, None),
        ("r***", None, None),
        ("x***", None, None),
    ]
    assert mask.masked(pl.DataFrame({"user_name": [None]}, schema={"user_name": pl.String})).item() is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [("x@ 198.51.100.9 a", "x***"), ("a@b riya.sharma", "a***"), ("a@mail.example.com", "a***@mail.example.com")],
)
def test_only_what_is_shaped_like_a_domain_stays_of_a_masked_user(name: str, shown: str) -> None:
    assert mask.masked(pl.DataFrame({"user_name": [name]})).item() == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Panel", "Panel"),
        ("s3:GetObject", "s3:GetObject"),
        ('{"p":"anna@example.com"}', '{"p":"***"}'),
        ("vpn 203.0.113.7", "vpn ***"),
        ("2001:db8::7", "***"),
        (None, None),
    ],
)
def test_names_that_a_log_writes_are_masked_where_they_hold_a_person(name: str | None, shown: str | None) -> None:
    rows = pl.DataFrame({"application": [name], "event_action": [name]}, schema=dict.fromkeys(mask.NAMED, pl.String))
    assert mask.masked(rows).row(0) == (shown, shown)
