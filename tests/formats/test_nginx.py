"""The log_format of nginx.conf, as its users write it."""

from __future__ import annotations

import pytest

from processors import parse
from processors._feeds import feeds
from processors._web_line import BadFormat, WebLine
from processors.formats import nginx
from tests.parsing import INSTANT, KEY, one
from tests.test_golden_formats import GOLDEN, as_they_arrive

TIME = "29/Aug/2025:10:07:12 +0530"
COMBINED = nginx.FORMAT


def fields(written: str) -> dict[str, str]:
    """The columns that each token feeds."""
    return {feed.token: str(feed) for feed in feeds(nginx.compiled(written))}


def bad(written: str) -> BadFormat:
    with pytest.raises(BadFormat) as caught:
        nginx.compiled(written)
    return caught.value


@pytest.mark.parametrize("name", ["common", "combined", "vhost_combined"])
def test_the_combined_string_reads_what_combined_reads(name: str) -> None:
    lines = as_they_arrive(GOLDEN / "formats" / name / "input.log")
    options = parse.Options(reference_key=KEY, login_requests=("POST /login",))
    found, named = (
        parse.parse(lines, reader=parse.reader(format), source="s", file_id="f", options=options).collect()
        for format in (f"nginx:{COMBINED}", "combined")
    )
    assert found.equals(named)


@pytest.mark.parametrize(
    "written",
    [
        COMBINED,
        f"\n{COMBINED}\n",
        f"'{COMBINED}'",
        f"'{COMBINED}';",
        f"log_format main '{COMBINED}';",
        f"log_format main escape=default '{COMBINED}';",
        f"  log_format  main\n  escape=default\n  '{COMBINED}' ;\n".replace(" # as ever\n", "\n # as ever\n"),
        '"{}"'.format(COMBINED.replace('"', r"\"")),
        f"'{COMBINED[:40]}'\n    '{COMBINED[40:]}';",
        "log_format main '{}' # and\n \"{}\";".format(COMBINED[:40], COMBINED[40:].replace('"', r"\"")),
        COMBINED.replace("$status", "${status}").replace("$request", "$Request"),
    ],
)
def test_the_string_may_stand_as_it_does_in_the_configuration(written: str) -> None:
    assert nginx.compiled(written).template == nginx.compiled(COMBINED).template


def test_a_line_that_begins_with_a_quote_is_no_string_of_the_configuration() -> None:
    assert nginx.compiled('"$remote_addr" "$msec"').template[0] == '"'


@pytest.mark.parametrize(
    ("written", "token", "problem", "remedy"),
    [
        (f"{COMBINED} $request_tim", "$request_tim", "no variable $request_tim", "Did you mean $request_time?"),
        (f"{COMBINED} $my_country", "$my_country", "no variable", "alone stands between quotes"),
        ('$msec "$http_referer" $http_user_agent $http_cookie', "$http_cookie", "may hold a space", '"$http_cookie"'),
        ("$msec $http_referer$http_cookie", "$http_cookie", "Nothing stands between", "a quote or a space"),
        ("$msec $upstream_response_time $http_user_agent", "$http_user_agent", "may hold a space", "quotes"),
        ("$msec, $http_user_agent, $http_referer", "$http_referer", "may hold ', ' themselves", "quotes"),
        ("$remote_addr $status", "", "when a request was made", "$time_iso8601"),
        ("$msec costs $", "$", "A $ that no name follows", "leave it out"),
        ("escape=jsn '$msec'", "jsn", "no escape=jsn", "default, json or none"),
        ("'$msec' '$status", "'$status", "no second one", "nginx.conf has them"),
        ("'$msec'; '$status'", "'$status'", "behind the semicolon", "nginx.conf has them"),
        (r"'$msec \n $status'", r"\n", "line end", "one line"),
        (r"'$msec \d $status'", r"\d", "A backslash", "Leave it out"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_back_is_named_at_its_place(written: str, token: str, problem: str, remedy: str) -> None:
    found = bad(written)
    assert problem in found.problem and remedy in found.remedy
    assert found.position == (written.rindex(token) if token else len(written))


def test_the_caret_stands_below_the_token_in_its_line() -> None:
    shown = str(bad("log_format main '$remote_addr [$time_local] '\n    '$status $my_country';"))
    *_, line, caret = shown.splitlines()
    assert (line, caret) == ("    '$status $my_country';", "             ^")


def test_a_long_line_is_cut_around_the_caret() -> None:
    *_, line, caret = str(bad(f"$my {COMBINED}")).splitlines()
    assert line.startswith("$my ") and line.endswith("…") and caret == "^"
    *_, line, caret = str(bad(f"{COMBINED} $my")).splitlines()
    assert line.startswith("…") and line[caret.index("^") :] == "$my" and len(line) < 80


def test_every_variable_feeds_a_column_or_is_dropped_knowingly() -> None:
    assert fields(
        '$remote_addr $realip_remote_addr "$http_x_forwarded_for" "$proxy_protocol_addr" "$my_own" [$time_local] $msec '
        '"$request_method $request_uri $server_protocol" "$uri" $status $bytes_sent $body_bytes_sent "$host" '
        '"$http_host" "$server_name" "$cookie_sid"'
    ) == {
        "$remote_addr": "ip_address",
        "$realip_remote_addr": "peer_address",
        "$http_x_forwarded_for": "dropped",
        "$proxy_protocol_addr": "ip_address",
        "$my_own": "dropped",
        "$time_local": "dropped",
        "$msec": "event_time",
        "$request_method": "http_method",
        "$request_uri": "http_path",
        "$server_protocol": "dropped",
        "$uri": "dropped",
        "$status": "http_status, outcome",
        "$bytes_sent": "dropped",
        "$body_bytes_sent": "response_bytes",
        "$host": "application",
        "$http_host": "dropped",
        "$server_name": "dropped",
        "$cookie_sid": "dropped",
    }


def test_settings_may_name_any_token_even_an_unknown_one() -> None:
    line = nginx.compiled('$msec $status "$my_user" "${cookie_sid}"')
    assert {feed.token: str(feed) for feed in feeds(line, user="$my_user", session_reference="$cookie_sid")} == {
        "$msec": "event_time",
        "$status": "http_status, outcome",
        "$my_user": "user_name",
        "$cookie_sid": "session_reference",
    }
    written = 'nginx:$msec $status "$my_user" "${cookie_sid}"'
    row = one('1756442232.345 200 "riya" "5f2c9a"', written, user="$my_user", session_reference="$cookie_sid")
    assert (row["user_name"], len(str(row["session_reference"]))) == ("riya", 64)


def test_a_user_counts_only_where_the_status_shows_that_it_was_no_401() -> None:
    assert fields("$msec $remote_user")["$remote_user"] == "dropped"
    assert one("1756442232.345 riya", "nginx:$msec $remote_user")["user_name"] is None


@pytest.mark.parametrize(
    ("written", "line", "time"),
    [
        ("[$time_local] $status", f"[{TIME}] 200", "04:37:12+00:00"),
        ("$time_iso8601 $status", "2025-08-29T10:07:12+05:30 200", "04:37:12+00:00"),
        ("$msec [$time_local] $status", f"1756442232.345 [{TIME}] 200", "04:37:12.345000+00:00"),
        ("[$time_local] $time_iso8601", "[x] 2025-08-29T10:07:12+05:30", "04:37:12+00:00"),
    ],
)
def test_of_several_times_the_finest_counts(written: str, line: str, time: str) -> None:
    row = one(line, f"nginx:{written}")
    assert str(row["event_time"] or row["quarantine_reason"]) == f"2025-08-29 {time}"


def test_with_realip_the_client_is_nginx_s_and_the_peer_who_connected() -> None:
    line = '192.0.2.10 10.0.0.7 1756442232.000 "203.0.113.99"'
    written = 'nginx:$remote_addr $realip_remote_addr $msec "$http_x_forwarded_for"'
    row = one(line, written, trusted_proxies=("10.0.0.0/8",))
    assert (row["ip_address"], row["peer_address"], row["address_trust"]) == ("192.0.2.10", "10.0.0.7", "forwarded")


JSON = (
    'nginx:escape=json {"time":"$time_iso8601","ip":"$remote_addr","user":"$remote_user","request":"$request",'
    '"status":$status,"bytes":$body_bytes_sent,"agent":"$http_user_agent","upstream":"$upstream_response_time",'
    '"wait":$upstream_connect_time}'
)


def json_line(user: str = "", request: str = "GET / HTTP/1.1", agent: str = "", wait: str = "") -> str:
    return (
        f'{{"time":"2025-08-29T10:07:12+05:30","ip":"192.0.2.10","user":"{user}","request":"{request}",'
        f'"status":200,"bytes":5,"agent":"{agent}","upstream":"0.001, 0.002","wait":{wait}}}'
    )


@pytest.mark.parametrize(
    ("agent", "read"),
    [
        ("", None),
        (r"say \"hi\" \\ there", 'say "hi" \\ there'),
        (r"a\nb\tc\u0001d\u001Fe", "a\nb\tc\x01d\x1fe"),
        (r"C:\\u0041", r"C:\u0041"),
        ("café", "café"),
        (r"\\\"", '\\"'),
    ],
)
def test_the_escapes_of_json_are_undone(agent: str, read: str | None) -> None:
    row = one(json_line(agent=agent, wait="0.001"), JSON)
    assert (row["quarantine_reason"], row["user_agent"], row["event_time"]) == (None, read, INSTANT)


def test_what_is_missing_is_nothing_with_escape_json_and_none() -> None:
    row = one(json_line(), JSON)
    assert (row["quarantine_reason"], row["user_name"]) == (None, None)
    row = one("1756442232.345   -", "nginx:escape=none $msec $remote_addr $upstream_status -")
    assert (row["quarantine_reason"], row["ip_address"]) == (None, None)


def test_a_quote_cannot_be_told_from_the_format_s_with_escape_none() -> None:
    written = 'nginx:escape=none $msec "$http_referer" "$http_user_agent"'
    assert one(r'1756442232.345 "-" "C:\x22\n"', written)["user_agent"] == r"C:\x22\n"
    for agent in ('a "quoted" agent', '" "', '"'):
        assert one(f'1756442232.345 "-" "{agent}"', written)["quarantine_reason"] == "malformed_line"


@pytest.mark.parametrize("between", ["|", "\t", " | "])
def test_a_line_whose_values_hold_what_parts_them_is_rejected(between: str) -> None:
    written = between.join(("nginx:$remote_addr", "$time_local", "$request", "$status", "$http_user_agent"))
    values = ["192.0.2.10", TIME, "GET / HTTP/1.1", "200", "Mozilla/5.0 (X11; Linux)"]
    assert one(between.join(values), written)["user_agent"] == values[-1]
    values[2] = f"GET /{between}200{between}x HTTP/1.1"
    assert one(between.join(values), written)["quarantine_reason"] == "malformed_line"


def test_a_value_that_seldom_holds_a_space_is_rejected_with_one_where_its_end_is_not_seen() -> None:
    written = "nginx:$http_host $remote_addr - $remote_user [$time_local]"
    assert one(f"a.example.com:8443 192.0.2.10 - riya [{TIME}]", written)["application"] == "a.example.com"
    assert one(f"a.example.com 192.0.2.10 - riya s [{TIME}]", written)["quarantine_reason"] == "malformed_line"
    assert one(f"a b 192.0.2.10 - riya [{TIME}]", written)["quarantine_reason"] == "malformed_line"


def test_the_parts_of_a_url_are_told_apart() -> None:
    written = 'nginx:$msec "$request_method $scheme://$host$request_uri $server_protocol" $remote_addr:$remote_port'
    row = one('1756442232.345 "GET https://a.example.com/b c?d=//e HTTP/1.1" ::1:52817', written)
    assert (row["application"], row["http_path"], row["ip_address"]) == ("a.example.com", "/b c", "::1")
    assert one('1756442232.345 "GET https://a.example.com- HTTP/1.1" ::1:52817', written)["http_path"] is None


def test_a_name_without_its_log_format_says_what_it_needs() -> None:
    for written in ("nginx", "nginx:", "nginx: \n"):
        with pytest.raises(BadFormat, match=r"nginx needs its log_format. Write format = 'nginx:\$remote_addr …'"):
            parse.reader(written)


def test_formats_of_servers_are_no_named_ones() -> None:
    reader = parse.reader(f"nginx:{COMBINED}")
    assert (reader.name, reader.kind, isinstance(reader.shape, WebLine)) == ("nginx:…", "web", True)
    assert not {"nginx", "nginx:…", "apache"} & set(parse.formats())
    assert {"nginx:<log_format>", "apache:<LogFormat>", "combined", "okta"} <= set(parse.format_names())
