"""How location databases are shown, and what a fetch came to."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from processors import _calls, _console
from processors._spread import Shares
from processors._visible import visible
from processors.fetch import Fetched
from processors.location_database import Credit
from processors.location_status import LocationStatus
from processors.locations import STALE_AFTER

KINDS = {"city": "places", "asn": "operators of networks", "anonymous": "anonymous networks"}


def show_status(found: Sequence[LocationStatus], problems: Sequence[str], *, is_named: bool, as_json: bool) -> None:
    """Nothing: what the databases are goes to stdout, what is wrong with others to stderr.

    `is_named`: whether it is a file that was named in the call.
    """
    if as_json:
        databases = [_document(one) for one in found]
        _console.write_json({"databases": databases, "problems": list(problems)})
    for number, one in enumerate([] if as_json else found):
        if number:
            _console.out().print()
        _console.show_table(_console.out(), _table(one))
    for one in found:
        if one.is_stale:
            _console.say("warning", _stale(one, is_named=is_named))
    for problem in problems:
        _console.say("error", problem)


def show_fetched(fetched: Fetched, place: Path, *, as_json: bool) -> None:
    """Nothing: what stands there now goes to stdout."""
    about, before = fetched.database, fetched.before
    if as_json:
        _console.write_json(
            {
                "source": fetched.source,
                "path": place,
                "is_new": fetched.is_new,
                "is_newest": fetched.is_newest,
                "name": about.name,
                "build_date": about.build_date,
                "build_date_before": before and before.build_date,
                "credit": about.credit and about.credit._asdict(),
            }
        )
        return
    file = visible(str(_calls.short(place.absolute())))
    which = f"{file} is {visible(about.name)} of {about.build_date}"
    if fetched.is_new:
        was = f", in place of {visible(before.name)} of {before.build_date}" if before else ""
        _console.say("done", f"{which}{was}")
    elif fetched.is_newest:
        _console.say("done", f"{which}, the newest there is")
    else:
        _console.say("note", f"{which}, and stays: what {fetched.source} has is older")
    if about.credit:
        _console.say("note", f"Wherever its places are shown, its licence asks for: {_credit(about.credit)}")


def _document(one: LocationStatus) -> dict[str, object]:
    plain = {name: getattr(one, name) for name in LocationStatus.__dataclass_fields__}
    parts = {name: value and value._asdict() for name in ("ipv4", "ipv6", "credit") for value in (plain[name],)}
    return {**plain, **parts, "stale_after_days": STALE_AFTER.days}


def _table(one: LocationStatus) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    age = f"{_console.count(one.age_days, 'day')} old"
    ips = " and ".join(f"IPv{version}" for version in one.ip_versions)
    rows = {
        "File": visible(str(_calls.short(one.path.absolute()))),
        "Name": f"{visible(one.name)}, for {KINDS[one.kind]}",
        "Date": f"{one.build_date}, {age}" + (" (stale)" if one.is_stale else ""),
        "From": one.fetched_from and f"recent-activities geo fetch --from {one.fetched_from}",
        "Has": f"{ips}: {one.networks:,} networks with {one.records:,} different records, all of them read",
        "Knows": f"{one.ipv4_share:.1%} of all IPv4 addresses",
        "IPv4": one.ipv4 and _shares(one.ipv4, "all public ones"),
        "IPv6": one.ipv6 and _shares(one.ipv6, "the regional registries' blocks"),
        "Credit": one.credit and _credit(one.credit),
    }
    for name, text in rows.items():
        if text:
            table.add_row(name, Text(text))
    return table


def _shares(shares: Shares, where: str) -> str:
    known = (("country", shares.country), ("city", shares.city), ("accuracy radius", shares.accuracy))
    said = ", ".join(f"{name} {share:.1%}" for name, share in known)
    return f"{said} (of {shares.asked:,} addresses spread evenly over {where})"


def _credit(credit: Credit) -> str:
    return f"{credit.text} {credit.url}"


def _stale(one: LocationStatus, *, is_named: bool) -> str:
    option = f" --database {shlex.quote(str(one.path))}" if is_named else ""
    fetch = f"`recent-activities geo fetch{option}` gets the newest"
    remedy = fetch if one.kind == "city" else "put a newer one in its place"
    return f"{visible(one.path.name)} is {one.age_days} days old, more than {STALE_AFTER.days}: {remedy}"
