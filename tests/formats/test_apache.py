"""The LogFormat of httpd.conf, as its users write it."""

from __future__ import annotations

import polars as pl
import pytest

from processors import parse
from processors._feeds import feeds
from processors._web_line import BadFormat
from processors.formats import apache
from tests.parsing import KEY, one
from tests.test_golden_formats import GOLDEN, as_they_arrive

COMBINED = apache.FORMAT
AS_CONFIGURED = '"{}"'.format(COMBINED.replace('"', r"\""))
VHOST = r'"%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""'


def fields(written: str) -> dict[str, str]:
    """The columns that each token feeds."""
    return {feed.token: str(feed) for feed in feeds(apache.compiled(written))}


def bad(written: str) -> BadFormat:
    with pytest.raises(BadFormat) as caught:
        apache.compiled(written)
    return caught.value


def time_of(written: str, value: str, **options: object) -> str:
    row = one(f"{value} 192.0.2.10", f"apache:{written} %h", **options)
    return str(row["event_time"] or row["quarantine_reason"])


@pytest.mark.parametrize("name", ["common", "combined", "vhost_combined"])
@pytest.mark.parametrize(
    ("written", "named", "before"),
    [(COMBINED, "combined", ""), (VHOST, "vhost_combined", "panel.example.com:443 ")],
)
def test_the_usual_strings_read_what_the_named_formats_read(name: str, written: str, named: str, before: str) -> None:
    lines = as_they_arrive(GOLDEN / "formats" / name / "input.log").with_columns(line=pl.lit(before) + pl.col("line"))
    options = parse.Options(reference_key=KEY, login_requests=("POST /login",))
    found, by_name = (
        parse.parse(lines, reader=parse.reader(format), source="s", file_id="f", options=options).collect()
        for format in (f"apache:{written}", named)
    )
    assert found.equals(by_name)


@pytest.mark.parametrize(
    "written",
    [
        COMBINED,
        COMBINED.replace('"', r"\""),
        AS_CONFIGURED,
        f"LogFormat {AS_CONFIGURED} combined",
        f"LogFormat {AS_CONFIGURED}\n",
        f"\nlogformat  {AS_CONFIGURED}   combined \n",
        f'CustomLog "logs/access log" {AS_CONFIGURED} env=!quiet',
        f"LogFormat '{COMBINED}' combined",
        "LogFormat {} combined".format(AS_CONFIGURED.replace(" %u", " \\\n%u")),
    ],
)
def test_the_string_may_stand_as_it_does_in_the_configuration(written: str) -> None:
    assert apache.compiled(written).template == apache.compiled(COMBINED).template


def test_a_line_that_begins_with_a_quote_is_no_string_of_the_configuration() -> None:
    assert apache.compiled('"%h" "%t"').template[0] == '"'


@pytest.mark.parametrize(
    ("written", "token", "problem", "remedy"),
    [
        ("%h %t %Z", "%Z", "no directive %Z", ""),
        ("%h %t %{X-Id}z", "%{X-Id}z", "no directive", ""),
        ("%h %t %i", "%i", "no directive %i", "%{Name}i"),
        ("%h %t %", "%", "no directive %", "%%"),
        ("%h %t %{X-Id}", "%{X-Id}", "no directive", "letter"),
        ("%h %t %{X-Id", "%{X-Id", "no second one", "%{Name}i"),
        ("%h %t %{User-agent}i %{Referer}i", "%{Referer}i", "may hold a space", '"%{Referer}i"'),
        ("%h %t %r%{Referer}i", "%{Referer}i", "Nothing stands between", "a quote or a space"),
        ("%h %200t", "%200t", "leaves the others without", "Leave the statuses out"),
        ("%h %{%d/%b/%Y %Q}t", "%Q", "%Q is no directive of strftime", "%t"),
        ("%h %{%d/%n}t", "%n", "%n is no directive of strftime", "%t"),
        ("%h %{}t %u", "", "when a request was made", "%t"),
        ("%h %{%Y-%m-%d}t", "", "when a request was made", "%t"),
        ("%h %{%H:%M}t", "", "when a request was made", "%t"),
        ("%h %{end:}t", "%{end:}t", "says nothing", "strftime"),
        ("LogFormat %h", "%h", "No string in quotes", "whole of it"),
        (r"%h\n%t", "\\", "line end", "one line"),
    ],
)
def test_what_cannot_be_read_back_is_named_at_its_place(written: str, token: str, problem: str, remedy: str) -> None:
    if "{}t" in written:
        assert apache.compiled(written)  # Apache takes empty braces for none
        return
    found = bad(written)
    assert problem in found.problem and remedy in found.remedy
    assert found.position == (written.rindex(token) if token else len(written))


def test_places_are_those_in_the_configuration() -> None:
    written = r'LogFormat "%h \"%r\" %t %Z" mine'
    assert bad(written).position == written.index("%Z")


def test_every_directive_feeds_a_column_or_is_dropped_knowingly() -> None:
    assert fields(
        r"%v %V:%p %{c}a %h %a %l %u [%{sec}t] %t %m %U%q %H %s %>s %b %O %D %T %{ms}T %k %X %I %S %^FB %P %{tid}P %L "
        r'%A %% "%f" "%R" "%{Referer}i" "%{Host}i" "%{X-Forwarded-For}i" "%{sid}C" "%{X}e" "%{X}n" "%{X}o" "%{X}^ti"'
    ) == {
        "%v": "application",
        "%V": "dropped",
        "%p": "dropped",
        "%{c}a": "peer_address",
        "%h": "dropped",
        "%a": "ip_address",
        "%l": "dropped",
        "%u": "user_name",
        "%{sec}t": "event_time",
        "%t": "dropped",
        "%m": "http_method",
        "%U": "http_path",
        "%q": "dropped",
        "%H": "dropped",
        "%s": "http_status, outcome",
        "%b": "response_bytes",
        **dict.fromkeys(
            ("%O", "%D", "%T", "%{ms}T", "%k", "%X", "%I", "%S", "%^FB", "%P", "%{tid}P", "%L", "%A", "%f", "%R"),
            "dropped",
        ),
        "%{Referer}i": "referrer",
        "%{Host}i": "dropped",
        "%{X-Forwarded-For}i": "ip_address",
        **dict.fromkeys(("%{sid}C", "%{X}e", "%{X}n", "%{X}o", "%{X}^ti"), "dropped"),
    }


@pytest.mark.parametrize(
    ("written", "line", "status"),
    [
        ("%t %s %>s", "[29/Aug/2025:10:07:12 +0530] 200 404", 404),
        ("%t %>s %s", "[29/Aug/2025:10:07:12 +0530] 404 200", 404),
        ("%t %<s %s", "[29/Aug/2025:10:07:12 +0530] 200 404", 200),
        ("%t %s", "[29/Aug/2025:10:07:12 +0530] 200", 200),
        ("%t %>s %200s", "[29/Aug/2025:10:07:12 +0530] 404 -", 404),
    ],
)
def test_the_final_status_counts(written: str, line: str, status: int) -> None:
    assert one(line, f"apache:{written}")["http_status"] == status


def test_what_is_logged_for_some_statuses_only_is_missing_in_the_others() -> None:
    written = 'apache:%t %>s "%400,501{User-agent}i" %!200{Referer}i'
    assert one('[29/Aug/2025:10:07:12 +0530] 200 "-" -', written)["user_agent"] is None
    row = one('[29/Aug/2025:10:07:12 +0530] 400 "curl/8" https://a.example.com/', written)
    assert (row["user_agent"], row["referrer"]) == ("curl/8", "https://a.example.com/")


def test_modifiers_are_no_part_of_what_settings_call_a_directive() -> None:
    shape = apache.compiled('%t %>s %<u "%!200{sid}C"')
    assert [shape.name(token) for token in ("%s", "%>s", "%u", "%{sid}C", "%!200{sid}C")] == [
        "status",
        "status",
        "user",
        "%{sid}C",
        "%{sid}C",
    ]


@pytest.mark.parametrize(
    ("written", "line", "path"),
    [
        ('"%m %U%q %H"', '"GET /a b?c=d HTTP/1.1"', "/a b"),
        ('"%m %U%q %H"', '"GET /a b HTTP/1.1"', "/a b"),
        ('"%m %U" "%q"', '"GET /a?b" ""', "/a"),
        ("%m %U", "GET /a b", "/a b"),
        ('"%r" %U', '"GET /a/ HTTP/1.1" /a/index.html', "/a/"),
        ("%U %m", "- -", None),
    ],
)
def test_a_request_may_be_logged_in_parts(written: str, line: str, path: str | None) -> None:
    row = one(f"[29/Aug/2025:10:07:12 +0530] {line}", f"apache:%t {written}")
    assert (row["quarantine_reason"], row["http_path"]) == (None, path)


def test_with_mod_remoteip_the_client_is_apache_s_and_the_peer_who_connected() -> None:
    row = one("192.0.2.10 10.0.0.7 [29/Aug/2025:10:07:12 +0530]", "apache:%a %{c}a %t")
    assert (row["ip_address"], row["peer_address"], row["address_trust"]) == ("192.0.2.10", "10.0.0.7", "forwarded")


def test_a_literal_percent_sign_and_tabs_stand_for_themselves() -> None:
    line = "100% \t[29/Aug/2025:10:07:12 +0530]\tGET / HTTP/1.1\t\\tcurl"
    row = one(line, r"apache:100%% \t%t\t%r\t%{User-agent}i")
    assert (row["http_path"], row["user_agent"]) == ("/", "\tcurl")
    assert one(line + "\tx", r"apache:100%% \t%t\t%r\t%{User-agent}i")["quarantine_reason"] == "malformed_line"


@pytest.mark.parametrize(
    ("written", "value", "found"),
    [
        ("%t", "[29/Aug/2025:10:07:12 +0530]", "2025-08-29 04:37:12+00:00"),
        ("%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t", "29/Aug/2025 10:07:12.345 +0530", "2025-08-29 04:37:12.345000+00:00"),
        ("%{%F %T}t.%{usec_frac}t", "2025-08-29 04:37:12.345678", "2025-08-29 04:37:12.345678+00:00"),
        ("%{sec}t", "1756442232", "2025-08-29 04:37:12+00:00"),
        ("%{sec}t.%{msec_frac}t", "1756442232.345", "2025-08-29 04:37:12.345000+00:00"),
        ("%{msec}t", "1756442232345", "2025-08-29 04:37:12.345000+00:00"),
        ("%{usec}t", "1756442232345678", "2025-08-29 04:37:12.345678+00:00"),
        ("%{begin:%s}t", "1756442232", "2025-08-29 04:37:12+00:00"),
        ("%{end:%F %T}t %t", "2025-08-29 05:00:00 [29/Aug/2025:10:07:12 +0530]", "2025-08-29 04:37:12+00:00"),
        ("%{end:%F %T}t", "2025-08-29 05:00:00", "2025-08-29 05:00:00+00:00"),
        ("%t.%{msec_frac}t", "[29/Aug/2025:10:07:12 +0530].345", "2025-08-29 04:37:12.345000+00:00"),
        ("%t %{usec}t", "[29/Aug/2025:10:07:12 +0530] 1756442232345678", "2025-08-29 04:37:12.345678+00:00"),
    ],
)
def test_tokens_of_a_time_make_one_time_and_the_finest_of_several_counts(written: str, value: str, found: str) -> None:
    assert time_of(written, value, time_zone="UTC") == found
