"""Why sessions are what they are, in words: one golden text for each rule that ends one, and what is said when the
tables are older than the events or the settings. The texts are in `golden/explain/`; read what changes in them.
"""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from processors import _calls, _session_events, explain, lake, pending, run
from processors.__main__ import app
from processors.errors import CallError
from processors.settings import Settings
from schemas import Events, Sessions
from tests import workspaces
from tests.oracle import COLUMNS, FIREFOX, MINUTE, Event, at, device_kin, event
from tests.test_sessionize_oracle import ABSOLUTE, MULTIPLE, histories, members_of

GOLDEN = Path(__file__).parent / "golden" / "explain"
ANN = "ann@example.com"
HOME, AWAY, OFFICE = "203.0.113.7", "198.51.100.9", "192.0.2.1"
CHROME_AGENT = workspaces.AGENT
TEXT = workspaces.TEXT + '\n[[sources]]\nname = "okta"\nformat = "okta"\nfiles = "landing/*.json"\n'
NEXT_DAY = at("04:00", day=30)


def okta(time: str | datetime, event_class: str = "login", **fields: Any) -> Event:
    action = {"login": "user.authentication.sso", "logout": "user.session.end", "session_end": "user.session.clear"}
    known = {"source": "okta", "event_action": action.get(event_class), "ip_address": HOME, "file_id": "okta.json"}
    return event(time, event_class, **known | {"user_agent": CHROME_AGENT} | fields)


def panel(time: str | datetime, event_class: str = "activity", path: str = "/orders", **fields: Any) -> Event:
    """A request whose line names nobody."""
    method = "GET" if event_class in ("activity", "background") else "POST"
    request = {"event_action": "request", "http_method": method, "http_path": path, "http_status": 200}
    known = {"user_name": None, "attribution_method": None, "ip_address": HOME, "user_agent": CHROME_AGENT}
    return event(time, event_class, **request | known | fields)


def named(time: str | datetime, event_class: str = "activity", **fields: Any) -> Event:
    return panel(time, event_class, **{"user_name": ANN, "attribution_method": None} | fields)


def unknown(time: str | datetime, event_class: str, **fields: Any) -> Event:
    """A record of a provider that logs no user agent."""
    known = {"source": "keycloak", "file_id": "keycloak.log", "device": "unknown", "event_action": event_class.upper()}
    return event(time, event_class, **known | fields)


SCENARIOS: dict[str, list[Event]] = {
    "logout": [
        okta("10:07:12.250", session_reference="a" * 64),
        panel("10:07:13"),
        panel("10:07:14", "background", "/static/app.css"),
        panel("10:40:00", ip_address=HOME),
        okta("11:02:30.500", "logout", session_reference="a" * 64),
    ],
    "revoked": [
        okta("10:00"),
        panel("10:05"),
        okta("10:20", "session_end", user_agent=None, device="unknown"),
    ],
    "superseded": [okta("10:00"), panel("10:05"), okta("11:00"), panel("11:01")],
    "idle_timeout": [
        okta("10:00", session_reference="b" * 64),
        named("10:00:12", "login", path="/login"),
        panel("10:07:12"),
        panel("11:59:59", "background", "/api/poll"),
        panel("15:30"),
    ],
    "absolute_timeout": [okta(at("01:30")), *(named(at("01:30") + n * timedelta(minutes=100)) for n in range(1, 18))],
    "active": [okta("10:00"), panel("11:30")],
    "implicit": [okta("10:00"), panel("10:30"), okta("11:00", "logout"), panel("11:20"), panel("11:21")],
    "machine": [
        *(named(at("00:00") + n * timedelta(minutes=100)) for n in range(18)),
        named("23:00", "login", path="/login", device=FIREFOX, user_agent="Mozilla/5.0 Firefox/128.0"),
    ],
    "moved": [
        unknown("10:00", "login", ip_address=HOME, session_reference="c" * 64),
        panel("10:05", session_reference="c" * 64),
        panel("10:20:00.5", ip_address=AWAY, session_reference="c" * 64),
        panel("10:21", session_reference=None, device="Edge 139 · Windows 10/11", user_agent="Edg/139"),
        unknown("10:40", "logout", ip_address=AWAY),
    ],
}  # fmt: skip
AS_OF = {"active": at("13:00")}
ZONES = {"moved": "Asia/Kolkata"}


def computed(folder: Path, events: list[Event], *, as_of: datetime = NEXT_DAY, zone: str = "UTC") -> Settings:
    """A workspace with the tables of these events."""
    settings = workspaces.write(folder, text=TEXT, zone=zone)
    put(settings, events)
    days = {each["event_time"].astimezone(UTC).date() for each in events}
    run.sessions(settings, {*days, *(day + timedelta(days=1) for day in days)}, as_of=as_of)
    return settings


def put(settings: Settings, events: list[Event]) -> None:
    """Let these be all events of the lake."""
    rows = pl.DataFrame(
        [{**each, "line_number": n} for n, each in enumerate(events, start=1)], schema=COLUMNS
    ).with_columns(pl.col("event_time").dt.date().alias("event_date"))
    for (day,), part in rows.group_by("event_date"):
        lake.replace(settings.lake, Events, day, part.drop("event_date"))


def first(settings: Settings, **which: Any) -> str:
    """The id of the session that began first."""
    rows = lake.scan(settings.lake, Sessions).collect().filter(**which).sort("login_time", "session_id")
    return str(rows["session_id"][0])


def call(settings: Settings, *arguments: object) -> Result:
    words = [str(word) for word in ("explain", *arguments, "-w", settings.root)]
    return CliRunner().invoke(app, words, env={"COLUMNS": "100"})


def said(result: Result) -> str:
    return " ".join(result.stdout.split())


def asked_of(name: str, settings: Settings) -> str:
    """The session that a scenario is about."""
    which = {"implicit": {"login_observed": False}, "machine": {"device": FIREFOX}}.get(name, {})
    return first(settings, **which)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_text_for_each_rule_is_what_it_should_be(tmp_path: Path, name: str) -> None:
    settings = computed(tmp_path, SCENARIOS[name], as_of=AS_OF.get(name, NEXT_DAY), zone=ZONES.get(name, "UTC"))
    result = call(settings, asked_of(name, settings))
    assert result.exit_code == 0, result.output
    assert result.stdout == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_every_golden_text_is_of_a_scenario() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*SCENARIOS, "masked", "out_of_date"}


@pytest.mark.parametrize("name", [*SCENARIOS, "masked", "out_of_date"])
def test_a_ticket_of_a_hundred_columns_breaks_no_line(name: str) -> None:
    lines = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if len(line) > 100 or line != line.rstrip()]


# ---- which session


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return computed(tmp_path_factory.mktemp("moved"), SCENARIOS["moved"], zone=ZONES["moved"])


def test_the_beginning_of_an_id_is_enough_in_capitals_too(moved: Settings) -> None:
    session = first(moved)
    assert call(moved, session[:5].upper()).stdout == call(moved, session).stdout


def test_a_beginning_of_several_ids_names_them_and_nobody(tmp_path: Path) -> None:
    events = [okta(at("10:00") + timedelta(minutes=n), user_name=f"u{n}@example.com") for n in range(17)]
    settings = computed(tmp_path, events)
    ids = lake.scan(settings.lake, Sessions).collect()["session_id"].sort().to_list()
    begun = next(one[0] for one, other in itertools.pairwise(ids) if one[0] == other[0])
    result = call(settings, begun)
    assert result.exit_code == 2 and "Give more of it" in result.stderr and "example.com" not in result.stderr
    assert next(one for one in ids if one.startswith(begun)) in result.stderr


def test_an_id_with_one_wrong_character_names_the_one_that_is_near(moved: Settings) -> None:
    session = first(moved)
    for wrong in (
        session[:-1] + "xf"[session[-1] != "f"].replace("x", "0"),
        ("0" if session[0] != "0" else "1") + session[1:],
    ):
        result = call(moved, wrong)
        assert result.exit_code == 2 and "is the id of no session" in result.stderr and session in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [("ann@example.com", "is no session id"), ("", "is no session id"), ("0" * 33, "is no session id")],
)
def test_what_is_no_id_is_told_where_ids_are(moved: Settings, text: str, said: str) -> None:
    result = call(moved, text)
    assert result.exit_code == 2 and said in result.stderr and "show" in result.stderr


def test_an_unknown_id_is_told_which_days_are_known(moved: Settings) -> None:
    known = {first(moved)[:3]}
    unknown = next(f"{n:03x}" for n in range(16) if f"{n:03x}" not in known)
    assert "Sessions are known of 2025-08-29 to 2025-08-30" in call(moved, unknown).stderr


def test_without_any_session_the_way_to_some_is_told(tmp_path: Path) -> None:
    workspaces.write(tmp_path)
    with pytest.raises(CallError, match="No session is computed yet"):
        explain.explain(tmp_path, "abc")


# ---- it says what the tables say


@pytest.mark.parametrize("seed", range(2))
def test_every_session_of_a_history_comes_to_what_its_table_says(tmp_path: Path, seed: int) -> None:
    settings = workspaces.write(tmp_path)
    workspaces.land(settings, "access.log", b"".join(workspaces.history(seed, 120)))
    run.run(settings, as_of=workspaces.AS_OF)
    stored = lake.scan(settings.lake, Sessions).collect()
    for session in stored["session_id"]:
        told = explain.explain(settings, session)
        assert told.agreement == explain.Agreement((), (), False, True, True)
        joined = [one for one in told.events if one["membership"] in ("action", "background")]
        assert all(one["joined_by"] in ("same_login", "device", "address") for one in joined)
        assert {one["matched_time"] is None for one in told.events if one["attribution_method"] == "log_user"} <= {True}
        assert {one["matched_time"] is None for one in told.events if one["attribution_method"] != "log_user"} <= {
            False
        }
    assert stored.height > 5


@hypothesis.settings(max_examples=150, deadline=None, derandomize=True)
@hypothesis.given(histories())
def test_what_an_event_is_said_to_have_joined_by_is_so(events: list[Event]) -> None:
    members = members_of(events, MULTIPLE + 100 * ABSOLUTE).collect().drop_nulls("session_id")
    for rows in members.partition_by("session_id", maintain_order=True):
        told = _session_events.told(rows, rows.clear(), absolute_timeout=ABSOLUTE).to_dicts()
        for n, one in enumerate(told):
            before = [other for other in told[:n] if other["membership"] != "closed"]
            device = next((kin for kin in (device_kin(other["device"]) for other in before) if kin), None)
            is_deviceless = device_kin(told[0]["device"]) is None
            if one["membership"] == "closed":
                is_deviceless = device is None or device_kin(one["device"]) is None
            is_of_device = device_kin(one["device"]) == device is not None
            is_so = {
                "opened": n == 0,
                "reference": one["session_reference"] in {other["session_reference"] for other in before} - {None},
                "same_login": is_of_device and one["event_time"] - told[0]["event_time"] <= MINUTE,
                "device": is_of_device,
                "address": is_deviceless and one["ip_address"] in {other["ip_address"] for other in before} - {None},
            }
            assert is_so[one["joined_by"]]


def test_tables_older_than_the_settings_are_told_by_those_of_then_and_it_is_said(tmp_path: Path) -> None:
    settings = computed(tmp_path, SCENARIOS["superseded"][:2])
    changed = workspaces.write(tmp_path, text=TEXT + '\n[sessions]\nidle_timeout = "30m"\n', zone="UTC")
    result = call(changed, first(settings))
    assert "last action 10:05:00 + idle timeout 2 h 00 min = 12:05:00" in said(result) and result.exit_code == 0
    assert "The settings are others since: idle_timeout was 2 h 00 min and is 30 min." in said(result)
    assert "run -w" in said(result) and "--from 2025-08-29 --to 2025-08-29" in said(result)


def test_a_table_that_lacks_events_is_said_to_be_out_of_date_with_every_difference(tmp_path: Path) -> None:
    settings = computed(tmp_path, SCENARIOS["superseded"][:2])
    put(settings, [*SCENARIOS["superseded"][:2], panel("10:35", ip_address=HOME)])
    pending.add(settings.lake, [date(2025, 8, 29)], "batch")
    result = call(settings, first(settings))
    assert result.exit_code == 1
    expected = (GOLDEN / "out_of_date.txt").read_text(encoding="utf-8")
    typed = _calls.program() + " run"
    assert result.stdout.replace(f" -w {settings.root}", "").replace(typed, "recent-activities run") == expected


def test_a_session_that_the_events_no_longer_make_is_told_from_its_table(tmp_path: Path) -> None:
    settings = computed(tmp_path, SCENARIOS["superseded"][:2])
    put(settings, [okta("09:59"), *SCENARIOS["superseded"][1:2]])
    result = call(settings, first(settings))
    assert result.exit_code == 1 and "no longer make this session" in said(result)
    assert "last action 10:05:00 + idle timeout 2 h 00 min = 12:05:00" in said(result)


def test_a_session_whose_events_are_purged_is_told_from_its_table(tmp_path: Path) -> None:
    settings = computed(tmp_path, SCENARIOS["logout"])
    for day in lake.partitions(settings.lake, Events):
        lake.delete(lake.file_of(settings.lake, Events, day))
    result = call(settings, first(settings))
    assert "are kept no longer" in said(result) and "End 11:02:30.500 (logout)" in said(result)
    assert "The logout at 11:02:30.500 closed it." in said(result)
    assert result.exit_code == 0


# ---- what is shown of people


def test_masked_the_text_is_what_it_should_be(moved: Settings) -> None:
    result = call(moved, first(moved), "--masked")
    assert result.stdout == (GOLDEN / "masked.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCENARIOS)
def test_masked_output_has_no_raw_e_mail_or_address(tmp_path: Path, name: str) -> None:
    hostile = [panel("12:01", path=f"/users/{ANN}/{HOME}"), panel("12:02", ip_address="2001:db8::7")]
    settings = computed(tmp_path, SCENARIOS[name] + hostile, as_of=AS_OF.get(name, NEXT_DAY))
    sessions = lake.scan(settings.lake, Sessions).collect()["session_id"]
    for session, more in itertools.product(sessions, ((), ("--json",), ("--all",))):
        output = call(settings, session, "--masked", *more).stdout
        assert output and not re.search(r"ann|example\.com/|203\.0\.113\.7|198\.51\.100\.9|2001:db8::7|Mozilla", output)
        assert "a***@example.com" in output and "203.0.113.0/24" in output


def test_a_name_from_a_log_reaches_the_terminal_as_it_is_written_out(tmp_path: Path) -> None:
    hostile = "=cmd\x1b[31m[bold]\u202e@example.com"
    events = [okta("10:00", user_name=hostile), panel("10:05", path="/\x1b[2J\u202e")]
    settings = computed(tmp_path, events)
    for more in ((), ("--json",)):
        output = call(settings, first(settings), *more).stdout
        assert output and "\x1b" not in output and "\u202e" not in output
    assert r"=cmd\x1b[31m[bold]\u202e@example.com" in call(settings, first(settings)).stdout


# ---- for programs, and for many events


def test_json_has_every_event_with_what_it_went_by_and_the_words(moved: Settings) -> None:
    found = json.loads(call(moved, first(moved), "--json").stdout)
    assert [one["joined_by"] for one in found["events"]] == ["opened", "reference", "reference", "address", "address"]
    assert [one["matched_number"] for one in found["events"]] == [None, 1, 1, 1, None]
    assert found["agreement"]["is_same"] and found["settings"]["idle_timeout"] == 7200.0
    assert found["session"]["end_reason"] == "logout" and "Why it ended: logout" in found["words"]


def test_stretches_of_a_long_session_are_a_line_each_unless_all_is_asked_for(tmp_path: Path) -> None:
    events = [okta("10:00"), *(panel(at("10:01") + timedelta(seconds=n)) for n in range(40)), panel("10:30")]
    settings = computed(tmp_path, events)
    output = call(settings, first(settings)).stdout
    assert "2-41  10:01:00-10:01:39  panel   40 activity" in output and len(output.splitlines()) < 60
    every = call(settings, first(settings), "--all").stdout
    assert "     41  10:01:39  panel   activity: GET 200 /orders" in every and "40 activity" not in every


def test_whoever_changes_address_with_every_request_is_told_in_few_lines(tmp_path: Path) -> None:
    reference = "d" * 64
    moving = [
        event(at("10:00") + timedelta(seconds=n), "activity", ip_address=f"198.51.100.{n}", session_reference=reference)
        for n in range(1, 200)
    ]
    others = [okta(at("09:00") + timedelta(seconds=n), ip_address=f"198.51.100.{n}") for n in range(1, 200)]
    unnamed = [{**one, "user_name": None, "session_reference": None, "user_agent": CHROME_AGENT} for one in moving]
    settings = computed(tmp_path, [*others, *unnamed])
    last = str(lake.scan(settings.lake, Sessions).collect().sort("login_time")["session_id"][-1])
    output = call(settings, last).stdout
    assert len(output.splitlines()) < 160 and "more ways: --all names them" in output and "198.51.100.9, …" in output
    assert "several" in output and "more ways" not in call(settings, last, "--all").stdout


def test_where_the_clocks_change_every_time_has_its_offset(tmp_path: Path) -> None:
    night = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)  # 02:30 for the first time; an hour later for the second
    events = [okta(night), named(night + timedelta(hours=1))]
    settings = computed(tmp_path, events, as_of=night + timedelta(days=1), zone="Europe/Berlin")
    text = said(call(settings, first(settings)))
    assert "where the clocks change meanwhile: its offset stands beside each" in text
    assert "1. 02:30:00 UTC+02:00 to 02:30:00 UTC+01:00: 1 h 00 min" in text


def test_what_is_known_long_after_the_clocks_changed_has_its_own_offset(tmp_path: Path) -> None:
    settings = computed(tmp_path, [okta("10:00")], as_of=datetime(2025, 12, 1, tzinfo=UTC), zone="Europe/Berlin")
    text = said(call(settings, first(settings)))
    assert "Europe/Berlin, UTC+02:00. A time without" in text and "known at 2025-12-01 01:00:00 UTC+01:00." in text
    assert "no event of the user followed by 2025-08-31 00:00:00, which is later" in text


def test_the_paths_and_lines_of_the_events_are_named(tmp_path: Path) -> None:
    settings = workspaces.write(tmp_path)
    lines = [workspaces.line(at("10:00"), "ann", "POST /login", status=302), workspaces.line(at("10:05"), "ann")]
    workspaces.land(settings, "panel/access.log", b"noise\n" + b"".join(lines))
    run.run(settings, as_of=workspaces.AS_OF)
    output = call(settings, first(settings)).stdout
    assert "  landing/panel/access.log: lines 2-3 (events 1-2)\n" in output
    assert "access.log" not in call(settings, first(settings), "--masked").stdout


def test_the_help_says_what_it_takes() -> None:
    text = " ".join(CliRunner().invoke(app, ["explain", "--help"], env={"COLUMNS": "100"}).stdout.split())
    assert "SESSION_ID" in text and "--masked" in text and "recent-activities explain 3f92651f" in text
