"""What a web server's line says: who, from where, when, what, and what it means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from parsing import INSTANT, TIME, event, one, request

# whose request, from where


def test_the_line_names_the_user() -> None:
    row = event(request(user="riya.sharma@example.com"))
    assert (row["user_name"], row["attribution_method"]) == ("riya.sharma@example.com", "log_user")


@pytest.mark.parametrize("user", ["-", '""'])
def test_no_user_is_no_attribution(user: str) -> None:
    row = event(request(user=user))
    assert (row["user_name"], row["attribution_method"]) == (None, None)


def test_the_user_of_a_401_may_be_bogus() -> None:
    row = event(request(user="admin", status=401))
    assert (row["user_name"], row["attribution_method"], row["event_class"]) == (None, None, "login_failed")


@pytest.mark.parametrize("token", ["$remote_user", "%u"])
def test_settings_may_name_the_token_of_the_user(token: str) -> None:
    assert event(request(user="riya"), user=token)["user_name"] == "riya"


def test_a_token_the_format_does_not_log_is_null() -> None:
    row = event(request(user="riya"), user="$http_x_user", session_reference="$cookie_sid")
    assert (row["user_name"], row["session_reference"]) == (None, None)


@pytest.mark.parametrize(("token", "written"), [("$status", "200"), ("$body_bytes_sent", "007")])
def test_a_number_may_name_the_user_as_it_is_written(token: str, written: str) -> None:
    row = event(request(size="007"), user=token)
    assert (row["user_name"], row["http_status"], row["response_bytes"]) == (written, 200, 7)


@pytest.mark.parametrize(
    ("logged", "canonical"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("192.0.2.10:51234", "192.0.2.10"),
        ("::ffff:192.0.2.10", "192.0.2.10"),
        ("[::ffff:192.0.2.10]:443", "192.0.2.10"),
        ("2001:DB8:0:0::A", "2001:db8::a"),
        ("[2001:db8::a]", "2001:db8::a"),
        ("[2001:db8::a]:443", "2001:db8::a"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("host.example.com", None),
        ("192.0.2.010", None),
        ("192.0.2.256", None),
        ("1", None),
        ("[]", None),
    ],
)
def test_addresses_are_canonical(logged: str, canonical: str | None) -> None:
    row = event(request(peer=logged))
    assert (row["ip_address"], row["peer_address"], row["address_trust"]) == (canonical, canonical, "peer")


# when


@pytest.mark.parametrize(
    ("logged", "instant"),
    [
        ("29/Aug/2025:10:07:12 +0530", INSTANT),
        ("29/Feb/2024:00:00:00 +0000", datetime(2024, 2, 29, tzinfo=UTC)),
        ("31/Dec/2025:23:59:59 -1200", datetime(2026, 1, 1, 11, 59, 59, tzinfo=UTC)),
        ("01/Jan/2025:00:00:00 +1400", datetime(2024, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_times_carry_their_offset(logged: str, instant: datetime) -> None:
    assert event(request(time=logged))["event_time"] == instant


@pytest.mark.parametrize(
    "logged",
    [
        "29/Feb/2025:10:07:12 +0530",  # no leap year
        "31/Apr/2025:10:07:12 +0530",
        "00/Aug/2025:10:07:12 +0530",
        "32/Aug/2025:10:07:12 +0530",
        "29/Aug/2025:24:00:00 +0530",
        "29/Aug/2025:10:60:12 +0530",
        "29/Aug/2025:10:07:60 +0530",
        "29/Aug/2025:10:07:12 +1500",
        "29/Aug/2025:10:07:12 +0560",
        "29/Aug/2025:10:07:12",
        "29/Aug/2025:10:07:12 +05:30",
        "29/Aug/2025:10:07:12  +0530",
        "29/Aug/2025:10:07:12\t+0530",
        "29/Aug/2025:10:07:12.5 +0530",
        "9/Aug/2025:10:07:12 +0530",
        " 9/Aug/2025:10:07:12 +0530",
        "29/aug/2025:10:07:12 +0530",
        "29/Août/2025:10:07:12 +0530",
        "29/08/2025:10:07:12 +0530",
        "29/Aug/0000:10:07:12 +0530",
        "２９/Aug/2025:10:07:12 +0530",
        "2025-08-29T10:07:12+05:30",
        "",
    ],
)
def test_what_is_no_time_is_a_malformed_time(logged: str) -> None:
    assert one(request(time=logged))["quarantine_reason"] == "malformed_time"


# what


@pytest.mark.parametrize(
    ("text", "method", "path"),
    [
        ("GET /panel HTTP/1.1", "GET", "/panel"),
        ("GET / HTTP/2.0", "GET", "/"),
        ("GET /", "GET", "/"),
        ("M-SEARCH * HTTP/1.1", "M-SEARCH", "*"),
        ("GET /panel?token=secret HTTP/1.1", "GET", "/panel"),
        ("GET /panel#part?x HTTP/1.1", "GET", "/panel"),
        ("GET /?http://evil.example.com/ HTTP/1.1", "GET", "/"),
        ("GET http://panel.example.com/a/b?c HTTP/1.1", "GET", "/a/b"),
        ("GET http://panel.example.com HTTP/1.1", "GET", "/"),
        ("GET http://panel.example.com?x HTTP/1.1", "GET", "/"),
        ("GET /a file HTTP/1.1", "GET", "/a file"),
        (r"GET /caf\xC3\xA9 HTTP/1.1", "GET", "/café"),
        ("GET //evil.example.com/ HTTP/1.1", "GET", "//evil.example.com/"),
        (r"\x16\x03\x01\x02\x00", None, None),
        ("-", None, None),
        ("", None, None),
        ("GET", None, None),
        ("GET  HTTP/1.1", None, None),
        ("GET panel HTTP/1.1", None, None),
        ("CONNECT evil.example.com:443 HTTP/1.1", None, None),
        (r"G\xffT / HTTP/1.1", None, None),
    ],
)
def test_requests_are_method_and_path(text: str, method: str | None, path: str | None) -> None:
    row = event(request(text))
    assert (row["http_method"], row["http_path"]) == (method, path)
    assert (row["event_class"] == "other") is (method is None)


@pytest.mark.parametrize(
    ("logged", "text"),
    [
        (r"caf\xC3\xA9", "café"),
        (r"caf\xc3\xa9", "café"),
        (r"caf\xE9", "caf\ufffd"),
        (r"a \"quoted\" word", 'a "quoted" word'),
        (r"back\\slash", r"back\slash"),
        (r"back\x5Cx41", r"back\x41"),
        (r"\\x41", r"\x41"),
        (r"one\ntwo\tthree\r\b\v\f", "one\ntwo\tthree\r\b\v\f"),
        (r"\q\xZZ\x4", r"\q\xZZ\x4"),
        (r"é\xC3\xA9", "éé"),
        ("-", None),
        ("", None),
    ],
)
def test_escapes_are_undone_as_bytes(logged: str, text: str | None) -> None:
    assert event(request(agent=logged))["user_agent"] == text


@pytest.mark.parametrize(
    ("logged", "shown"),
    [
        ("https://panel.example.com/a?b=c", "https://panel.example.com/a"),
        ("https://panel.example.com/a#b", "https://panel.example.com/a"),
        ("https://riya:secret@panel.example.com/a", "https://panel.example.com/a"),
        ("https://riya:p@ss@panel.example.com/a@b", "https://panel.example.com/a@b"),
        (r"https://panel.example.com/a\x3Fsecret", "https://panel.example.com/a"),
        ("//riya@panel.example.com/", "//panel.example.com/"),
        ("?a=b", None),
        ("-", None),
        ("", None),
    ],
)
def test_referrers_lose_what_may_be_secret(logged: str, shown: str | None) -> None:
    assert event(request(referrer=logged))["referrer"] == shown


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/cart;jsessionid=1A2B", "/cart"),
        ("/cart;jsessionid=1A2B/items;v=2", "/cart/items"),
        ("/cart%3Bjsessionid%3D1A2B", "/cart"),
        ("/cart&token=1A2B", "/cart"),
        ("/(S(lit3py55t21z5v55vlm25s55))/cart.aspx", "/cart.aspx"),
        ("/reset/token=1A2B/now", "/reset/token=***/now"),
        ("/JSESSIONID=1A2B", "/JSESSIONID=***"),
        ("/verify/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "/verify/***"),
        ("/a;b/c", "/a;b/c"),
        ("/wiki/Foo_(bar)", "/wiki/Foo_(bar)"),
        ("/tokens/session/7", "/tokens/session/7"),
        ("/q=1/x", "/q=1/x"),
    ],
)
def test_paths_lose_what_opens_a_session(path: str, kept: str) -> None:
    row = event(request(f"GET {path}?a=b HTTP/1.1", referrer=f"https://example.com{path}"))
    assert (row["http_path"], row["referrer"]) == (kept, f"https://example.com{kept}")


def test_a_request_with_a_session_in_its_path_is_still_a_login() -> None:
    row = event(
        request("POST /login;jsessionid=1A2B HTTP/1.1", user="riya", status=302), login_requests=("POST /login",)
    )
    assert row["event_class"] == "login"


@pytest.mark.parametrize(("logged", "size"), [("-", 0), ("0", 0), ("9" * 18, 10**18 - 1)])
def test_sizes_are_bytes(logged: str, size: int) -> None:
    assert event(request(size=logged))["response_bytes"] == size


@pytest.mark.parametrize("logged", ["9" * 19, "-1", "+5", "5.0", "", "５"])
def test_what_is_no_size_is_a_malformed_line(logged: str) -> None:
    assert one(request(size=logged))["quarantine_reason"] == "malformed_line"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (100, "unknown"),
        (200, "success"),
        (399, "success"),
        (400, "failure"),
        (599, "failure"),
        (600, "unknown"),
        (999, "unknown"),
    ],
)
def test_the_status_is_the_outcome(status: int, outcome: str) -> None:
    assert event(request(status=status))["outcome"] == outcome


# what it means

RULES = {"login_requests": ("POST /login",), "logout_requests": ("POST /logout", "* /bye/*")}


@pytest.mark.parametrize(
    ("text", "status", "user", "event_class"),
    [
        ("-", 401, "riya", "other"),
        ("GET /panel HTTP/1.1", 401, "riya", "login_failed"),
        ("GET /panel HTTP/1.1", 401, "-", "other"),
        ("POST /login HTTP/1.1", 401, "-", "login_failed"),
        ("POST /login HTTP/1.1", 200, "riya", "login"),
        ("POST /login?next=/ HTTP/1.1", 302, "riya", "login"),
        ("POST /login HTTP/1.1", 302, "-", "other"),
        ("POST /login HTTP/1.1", 101, "riya", "other"),
        ("POST /login HTTP/1.1", 400, "riya", "login_failed"),
        ("POST /login HTTP/1.1", 500, "-", "login_failed"),
        ("GET /login HTTP/1.1", 200, "riya", "activity"),
        ("POST /login/step HTTP/1.1", 200, "riya", "activity"),
        ("POST /LOGIN HTTP/1.1", 200, "riya", "activity"),
        ("POST /logout HTTP/1.1", 302, "riya", "logout"),
        ("POST /logout HTTP/1.1", 500, "riya", "activity"),
        ("GET /bye/now/really HTTP/1.1", 200, "-", "logout"),
        ("GET /health HTTP/1.1", 200, "-", "background"),
        ("GET /static/panel.css?v=3 HTTP/1.1", 200, "riya", "background"),
        ("GET /favicon.ico HTTP/1.1", 404, "-", "background"),
        ("GET /health HTTP/1.1", 401, "-", "other"),
        ("GET /healthy HTTP/1.1", 200, "-", "activity"),
        ("GET /panel HTTP/1.1", 404, "-", "activity"),
    ],
)
def test_the_first_rule_that_holds_gives_the_class(text: str, status: int, user: str, event_class: str) -> None:
    assert event(request(text, status, user=user), **RULES)["event_class"] == event_class


def test_own_background_paths_replace_the_default_ones() -> None:
    paths = ("/api/poll*",)
    assert event(request("GET /api/poll/7 HTTP/1.1"), background_paths=paths)["event_class"] == "background"
    assert event(request("GET /health HTTP/1.1"), background_paths=paths)["event_class"] == "activity"
    assert event(request("GET /health HTTP/1.1"), background_paths=())["event_class"] == "activity"


def test_patterns_are_no_regular_expressions() -> None:
    assert event(request("GET /aXb HTTP/1.1"), background_paths=("/a.b",))["event_class"] == "activity"


# queries


def test_queries_are_not_kept_unless_the_settings_ask() -> None:
    line = request("GET /search?q=shoes HTTP/1.1")
    assert event(line)["http_query"] is None
    assert event(line, query_strings=True)["http_query"] == "q=shoes"


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/a", None),
        ("/a?", None),
        ("/a?q=1&page=2", "q=1&page=2"),
        ("/a?q=1#top", "q=1"),
        ("/a#top?q=1", None),
        ("/a?b?c=1", "b?c=1"),
        ("https://example.com/a?q=1", "q=1"),
        ("/a b?q=1", "q=1"),
        ("/a?caf%C3%A9=1;x", "caf%C3%A9=1;x"),
        # secrets
        ("/a?token=abc&page=2", "token=***&page=2"),
        ("/a?page=2&ACCESS_TOKEN=abc", "page=2&ACCESS_TOKEN=***"),
        ("/a?user%5Bpassword%5D=abc", "user%5Bpassword%5D=***"),
        ("/a?%74oken=abc", "%74oken=***"),
        ("/cb?code=abc&state=def;sid=1", "code=***&state=***;sid=***"),
        ("/a?X-Amz-Signature=abc&X-Amz-Date=20250829", "X-Amz-Signature=***&X-Amz-Date=20250829"),
        ("/a?0123456789abcdef0123456789", "***"),
        ("/a?next=eyJhbGciOiJIUzI1.eyJzdWIi.c2ln", "next=***"),
        ("/a?keyword=shoes", "keyword=shoes"),
        ("/a?token", "token"),
    ],
)
def test_a_query_is_kept_without_its_secrets(target: str, kept: str | None) -> None:
    row = event(request(f"GET {target} HTTP/1.1"), query_strings=True)
    assert row["http_query"] == kept
    assert row["http_path"] is not None


@pytest.mark.parametrize(
    ("format", "line"),
    [
        ('nginx:[$time_local] "$request_method" "$uri" "$args" $status', f'[{TIME}] "GET" "/a" "q=1" 200'),
        ('nginx:[$time_local] "$request_method" "$uri" "$args" $status', f'[{TIME}] "GET" "/a?q=1" "-" 200'),
        (r"apache:%t \"%m\" \"%U\" \"%q\" %>s", f'[{TIME}] "GET" "/a" "?q=1" 200'),
        ("nginx_json", f'{{"time_local":"{TIME}","request_method":"GET","uri":"/a","args":"q=1","status":200}}'),
    ],
    ids=["nginx", "nginx, in its path", "apache", "nginx_json"],
)
def test_a_query_may_be_logged_by_itself(format: str, line: str) -> None:
    row = one(line, format, query_strings=True)
    assert (row["quarantine_reason"], row["http_path"], row["http_query"]) == (None, "/a", "q=1")
