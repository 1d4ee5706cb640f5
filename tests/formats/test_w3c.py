"""Lines of the W3C extended format: what they mean says the `#Fields` line above them, wherever a file is cut."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from processors import headers, parse, trial
from processors.formats import aws_cloudfront, iis_w3c
from processors.lines import spans_of
from tests.parsing import KEY, one

MODULES = {"iis_w3c": iis_w3c, "aws_cloudfront": aws_cloudfront}
SHORT = "date time c-ip cs-method cs-uri-stem cs-username sc-status sc-bytes cs(User-Agent)"
LINES = {
    "iis_w3c": [
        *("#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0", "#Date: 2025-08-29 04:37:12"),
        *(f"#Fields: {iis_w3c.SAMPLE_FIELDS}", iis_w3c.SAMPLE, iis_w3c.SAMPLE, f"#Fields: {SHORT}"),
        r"2025-08-29 04:37:12 192.0.2.10 GET /a EXAMPLE\riya 200 5 Mozilla/5.0+(x)",
        "2025-08-29 04:37:13.5 ::1 POST /b tom 401 - -",
    ],
    "aws_cloudfront": [
        *("#Version: 1.0", f"#Fields: {aws_cloudfront.SAMPLE_FIELDS}", aws_cloudfront.SAMPLE, aws_cloudfront.SAMPLE),
        *(f"#Fields: {SHORT}", "2025-08-29 04:37:13 ::1 GET /a riya 200 5 a%20b%2520".replace(" ", "\t")),
        "2025-08-29 04:37:13 ::1 GET /a riya 200 5 a%2520b".replace(" ", "\t"),
    ],
}
SPLICES = [
    *(
        " ",
        "  ",
        "\t",
        "+",
        "-",
        "%20",
        "%2520",
        "%C3%A9",
        "%zz",
        "%",
        '"',
        "\\",
        r"\x41",
        "#",
        "é",
        "\r",
        "\ufeff",
        "",
    ),
    *("#Fields:", "#Fields: date time", "date", "time ", "c-ip ", "200"),
]


def frame(data: bytes, format: str, **options: Any) -> pl.DataFrame:
    """What becomes of a file."""
    return below(data, None, format, parse.Options(reference_key=KEY, **options))


def below(data: bytes, header: str | None, format: str, options: parse.Options) -> pl.DataFrame:
    """What becomes of lines below a header."""
    above = headers.column(headers.runs(data, header))
    text = spans_of(data, len(above)).text
    lines = pl.DataFrame({"line_number": range(1, len(above) + 1), "line": text, "header": above})
    return parse.parse(lines.lazy(), reader=parse.reader(format), source="s", file_id="f", options=options).collect()


def damaged(seed: int, count: int, format: str) -> list[str]:
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        line = rng.choice(LINES[format])
        for _ in range(rng.choice([0, 0, 1, 2, 3])):
            start, end = sorted((rng.randrange(len(line) + 1), rng.randrange(len(line) + 1)))
            match rng.randrange(4):
                case 0:
                    line = line[:start] + rng.choice(SPLICES) + line[start:]
                case 1:
                    line = line[:start] + rng.choice(SPLICES) + line[min(end, start + 3) :]
                case 2:
                    line = line[:start] + line[min(end, start + 9) :]
                case _:
                    line = line[:start] + rng.choice(LINES[format])[start:end] + line[end:]
        found.append(line)
    return found


def expected(line: str, names: list[str] | str, format: str) -> dict[str, Any] | str:
    """What a slow reader says of a line: one split, and each field by itself."""
    if not line.strip(" \t"):
        return "blank"
    line = line.removeprefix("\ufeff")
    if re.match(r"#(Version|Fields|Software|Start-Date|End-Date|Date|Remark):", line):
        return "directive"
    if isinstance(names, str):
        return names
    pieces = line.split("\t" if format == "aws_cloudfront" else " ")
    if len(pieces) != len(names):
        return "malformed_line"
    record = dict(zip(names, pieces, strict=True))
    status, size = record.get("sc-status"), record.get("sc-bytes")
    if status is not None and not re.fullmatch(r"[0-9]{1,3}|-", status):
        return "malformed_line"
    if size is not None and not re.fullmatch(r"[0-9]{1,18}|-", size):
        return "malformed_line"
    clock = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]+)?"
    if not re.fullmatch(r"[1-9][0-9]{3}-[01][0-9]-[0-3][0-9]", record["date"]) or not re.fullmatch(
        clock, record["time"]
    ):
        return "malformed_time"
    try:
        instant = datetime.fromisoformat(f"{record['date']}T{record['time'][:8]}+00:00")
    except ValueError:
        return "malformed_time"
    micro = re.split("[.,]", record["time"])[1:]
    agent = record.get("cs(user-agent)", "-")
    if format == "iis_w3c":
        agent = agent.replace("+", " ")
    else:
        if "%2520" in agent and "%20" not in agent:
            agent = agent.replace("%25", "%")
        agent = re.sub(
            r"(?:%[0-9A-Fa-f]{2})+", lambda m: bytes.fromhex(m[0].replace("%", "")).decode("utf-8", "replace"), agent
        )
    user = record.get("cs-username") if format == "iis_w3c" else None
    return {
        "event_time": instant.replace(microsecond=int((micro or ["0"])[0][:6].ljust(6, "0"))),
        "http_status": None if status in (None, "-") else int(status),
        "response_bytes": None if size is None else int(size.replace("-", "0")),
        "user_agent": None if agent in ("-", "", '""') else agent,
        "user_name": None if user in (None, "-", "", '""') or status == "401" else user,
    }


def names_of(line: str) -> list[str] | str:
    names = line.split(":", 1)[1].lower().split()
    is_bad = len(set(names)) < len(names) or not {"date", "time"} <= {*names} or not line.isascii()
    return "malformed_fields" if is_bad or not line.isprintable() else names


@pytest.mark.parametrize("format", MODULES)
@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_are_what_a_slow_reader_says(format: str, seed: int) -> None:
    lines = damaged(seed, 3_000, format)
    rows = frame("\n".join(lines).encode(), format).rows(named=True)
    names: list[str] | str = "unknown_fields"
    for line, row in zip(lines, rows, strict=True):
        text = line.removesuffix("\r")
        if text.removeprefix("\ufeff").startswith("#Fields:"):
            names = names_of(text.removeprefix("\ufeff").replace("\t", " "))
        wanted = expected(text, names, format)
        got = row["quarantine_reason"] or row["skipped"] or {name: row[name] for name in wanted}
        assert got == wanted, (line, names)


@pytest.mark.parametrize("format", MODULES)
def test_a_file_cut_anywhere_means_the_same(format: str) -> None:
    lines = damaged(5, 60, format)
    data = "\n".join(lines).encode()
    whole = frame(data, format).select("quarantine_reason", "skipped", "event_time").rows()
    ends = [0, *(match.end() for match in re.finditer(b"\n", data)), len(data)]
    pieces = [data[start:end] for start, end in pairwise(ends) if start < end]
    header, found = None, []
    for piece in pieces:
        parsed = below(piece, header, format, parse.Options(reference_key=KEY))
        found += parsed.select("quarantine_reason", "skipped", "event_time").rows()
        header = headers.runs(piece, header)[-1][1]
    assert found == whole


def at(data: bytes) -> list[str | None]:
    return headers.column(headers.runs(data, "before")).to_list()


def test_each_line_is_below_the_last_header_and_a_header_below_itself() -> None:
    assert at(b"") == []
    assert at(b"a") == ["before"]
    assert at(b"a\n#Fields: b\nc\n#Fields: d\r\n#Fields: e\n") == [
        *("before", "#Fields: b", "#Fields: b", "#Fields: d", "#Fields: e")
    ]
    assert at(b"#Fields: b") == ["#Fields: b"]
    assert headers.runs(b"", "before")[-1][1] == "before"


@pytest.mark.parametrize(
    "prefix",
    [
        b"\xef\xbb\xbf",
        b"<134>Aug 29 10:07:12 web1 iis: ",
        b"Aug 29 10:07:12 iis[4]: ",
        b'<134>1 2025-08-29T10:07:12Z web1 iis 1 - [a b="c] d"] \xef\xbb\xbf',
        b"2025-08-29T10:07:12Z web1 iis: ",
    ],
)
def test_a_header_may_come_through_syslog(prefix: bytes) -> None:
    assert at(prefix + b"#Fields: b\nc\n") == ["#Fields: b", "#Fields: b"]


@pytest.mark.parametrize("prefix", [b" ", b"x ", b"2025-08-29 04:37:12 GET /", b"Aug 29 10:07:12 ", b"\xff"])
def test_what_a_client_sends_is_no_header(prefix: bytes) -> None:
    line = prefix + b"#Fields: date time #Fields: date time\n"
    assert at(line * 2) == ["before", "before"]


def test_marks_in_a_long_line_are_looked_at_once() -> None:
    assert at(b"x" + b"#Fields:" * 500_000 + b"\n#Fields: a\n")[1] == "#Fields: a"


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "date",
        "time",
        "date time date",
        "date time c-ip C-IP",
        "date time caf\u00e9",
        "date time \x01x",
        "date time " + "x" * 8192,
        " ".join(["date", "time", *(f"x{n}" for n in range(255))]),
    ],
)
def test_lines_below_a_header_that_cannot_be_read_are_no_events(fields: str) -> None:
    data = f"#Fields: {fields}\n2025-08-29 04:37:12\n#Fields: date time\n2025-08-29 04:37:12\n".encode()
    reasons = frame(data, "iis_w3c")["quarantine_reason"].to_list()
    assert reasons == [None, "malformed_fields", None, None]


def test_a_header_that_is_no_text_hides_the_one_before_it() -> None:
    data = b"#Fields: date time\n#Fields: date time \xff\n2025-08-29 04:37:12\n"
    assert frame(data, "iis_w3c")["quarantine_reason"].to_list() == [None, "invalid_utf8", "malformed_fields"]


def test_the_settings_say_the_fields_of_lines_without_a_header_only() -> None:
    data = b"2025-08-29 04:37:12 riya\n#Fields: date time c-ip\n2025-08-29 04:37:12 192.0.2.10\n"
    rows = frame(data, "iis_w3c", fields="date time cs-username")
    assert rows.select("user_name", "ip_address").rows() == [("riya", None), (None, None), (None, "192.0.2.10")]


def test_many_headers_cost_no_more_than_their_lines() -> None:
    data = b"".join(b"#Fields: date time x%d\n2025-08-29 04:37:12 x\n" % n for n in range(1_000))
    assert frame(data, "iis_w3c")["quarantine_reason"].null_count() == 2_000


@pytest.mark.parametrize("format", MODULES)
def test_any_field_may_name_the_user_or_the_session(format: str) -> None:
    module = MODULES[format]
    options = {"user": "time-taken", "session_reference": "CS-URI-QUERY", "fields": module.SAMPLE_FIELDS}
    row = one(module.SAMPLE, format, **options)
    assert str(row["user_name"]) in ("44", "0.044") and row["session_reference"]
    assert one(module.SAMPLE, format, fields=module.SAMPLE_FIELDS, user="x-user")["user_name"] is None


def test_times_are_utc_whatever_the_source_s_zone() -> None:
    row = one(iis_w3c.SAMPLE, "iis_w3c", fields=iis_w3c.SAMPLE_FIELDS, time_zone="Asia/Kolkata")
    assert row["event_time"] == datetime(2025, 8, 29, 4, 37, 12, tzinfo=UTC)


@pytest.mark.parametrize("slab_bytes", [1, 64, 200, 1 << 20])
def test_slabs_of_any_size_give_the_same(tmp_path: Any, slab_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "u_ex250829.log"
    path.write_text("\n".join(LINES["iis_w3c"] * 20) + "\n")
    monkeypatch.setattr(trial, "SLAB_BYTES", slab_bytes)
    found = trial.read(path, reader=parse.reader("iis_w3c"), options=trial.options())
    assert (found.lines, found.events, found.skipped, found.quarantined) == (180, 80, 100, 0)
