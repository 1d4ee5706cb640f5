"""Times as logs write them → UTC instants, each with the reason where it is none."""

from __future__ import annotations

from datetime import date

import polars as pl

from processors import _strftime
from processors._encoded import encoded

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET = r"[+-](?:0[0-9]|1[0-4]):?[0-5][0-9]"  # the zones of the world lie between -12:00 and +14:00
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"  # English whatever the locale
_YEAR = r"[1-9][0-9]{3}"

# strptime also takes tabs, one-digit days and a second of 60, so the shape is checked first
_CLF = rf"\A[0-3][0-9]/{_MONTH}/{_YEAR}:{_CLOCK} {_OFFSET}\z".replace(":?", "")
_CLF_LOCAL = (
    rf"\A(?P<local>[0-3][0-9]/{_MONTH}/{_YEAR}:{_CLOCK})"
    r"(?:\.(?P<fraction>[0-9]{3,9}))?"
    rf"(?: (?P<offset>{_OFFSET}))?\z".replace(":?", "")
)
_ISO = (
    r"\A"
    rf"(?:(?P<date>{_YEAR}-[01][0-9]-[0-3][0-9])[Tt ])?"  # missing in WildFly's log
    rf"(?P<clock>{_CLOCK})"
    r"(?:[.,](?P<fraction>[0-9]+))?"
    rf"(?P<offset>[Zz]|{_OFFSET})?"  # missing: local time of the source
    r"\z"
)
_EPOCH_SECONDS = r"\A(?P<seconds>[0-9]{1,11})(?:\.(?P<fraction>[0-9]+))?\z"
_EPOCH_MILLISECONDS = r"\A[0-9]{1,14}\z"
_EPOCH = r"\A(?P<whole>[0-9]{9,19})(?:\.(?P<fraction>[0-9]{1,30}))?\z"
# 1973 to 2286: no number of digits is that of two units there, and 11, 14 or 17 are of none
_DIGITS_BELOW_SECOND = {9: 0, 10: 0, 12: 3, 13: 3, 15: 6, 16: 6, 18: 9, 19: 9}
_SECONDS = len("2025-08-29T04:37:12")
_UTC_TAIL = rf"\A[!-~]{{{_SECONDS}}}(?:\.[0-9]+)?[Zz]\z"
_DATED_UTC = rf"\A{_YEAR}-[01][0-9]-[0-3][0-9]T{_CLOCK}(?:\.[0-9]+)?Z\z"
_WALL = r"\A([0-9]{4})/([0-9]{2})/([0-9]{2}) "  # Caddy's wall, wall_milli and wall_nano


TimeShape = str
"""How a format writes times: `clf`, `clf_local` (with a fraction and an offset or not), `any` (see `any_shape`),
`epoch` (seconds, with a fraction or not), `recorded` (any of these, and other epochs), or strftime: see `_strftime`."""


def read(raw: pl.Series, shape: TimeShape, *, time_zone: str | None, day: date | None) -> pl.DataFrame:
    """`event_time` (UTC) and `field_reason` of times of that shape."""
    if shape == "clf":
        return _clf(raw)
    if shape == "clf_local":
        return _clf_local(raw, time_zone)
    if shape == "epoch":
        return _epoch(raw)
    if shape == "recorded":
        return _recorded(raw, time_zone, day)
    if shape == "any":
        instant, reason = any_shape(pl.col("raw"), time_zone=time_zone, day=day)
        return raw.alias("raw").to_frame().select(event_time=instant, field_reason=reason)
    return _shaped(raw, shape, time_zone=time_zone, day=day)


def _clf(raw: pl.Series) -> pl.DataFrame:
    """Of `29/Aug/2025:10:07:12 +0530`: exactly that shape, and a date that exists."""
    shaped = pl.when(raw.str.contains(_CLF)).then(raw)
    rows = pl.select(event_time=_parsed(shaped, "%d/%b/%Y:%H:%M:%S %z").dt.convert_time_zone("UTC"))
    return rows.with_columns(field_reason=_malformed())


def _clf_local(raw: pl.Series, time_zone: str | None) -> pl.DataFrame:
    """Of `29/Aug/2025:10:07:12.345`, in the source's zone, or with an offset. Finer than a microsecond is cut."""
    parts = raw.str.extract_groups(_CLF_LOCAL).struct.unnest()
    fraction = pl.col("fraction").fill_null("").str.head(6).str.pad_end(6, "0")
    local = _parsed(pl.concat_str("local", fraction, separator=" "), "%d/%b/%Y:%H:%M:%S %6f")
    return parts.select(event_time=_instant(local, pl.col("offset"), time_zone), local=local, offset="offset").select(
        "event_time", field_reason=_why_none(pl.col("local"), pl.col("offset"), pl.col("event_time"), time_zone)
    )


def _epoch(raw: pl.Series) -> pl.DataFrame:
    """Of `1756442232.345`: seconds since 1970. Fractions finer than a microsecond are cut."""
    parts = raw.str.extract_groups(_EPOCH_SECONDS).struct.unnest()
    microseconds = pl.col("fraction").fill_null("").str.head(6).str.pad_end(6, "0").cast(pl.Int64)
    instant = (pl.col("seconds").cast(pl.Int64) * 1_000_000 + microseconds).cast(pl.Datetime("us", "UTC"))
    return parts.select(event_time=instant).with_columns(field_reason=_malformed())


def _shaped(raw: pl.Series, shape: TimeShape, *, time_zone: str | None, day: date | None) -> pl.DataFrame:
    """Of times that strftime writes: in the source's zone where they carry no offset."""
    parts = _strftime.parts(raw, shape, day).with_columns(local=_parsed(pl.col("local"), "%Y-%m-%d %H:%M:%S %6f"))
    local, offset = pl.col("local"), pl.col("offset")
    epoch = pl.col("microseconds").cast(pl.Datetime("us", "UTC"))
    rows = parts.with_columns(event_time=pl.coalesce(epoch, _instant(local, offset, time_zone)))
    reason = (
        pl.when(epoch.is_not_null())
        .then(None)
        .when(local.is_null())
        .then(pl.lit("malformed_time"))
        .when(~pl.col("is_dated"))
        .then(pl.lit("date_unknown"))
        .otherwise(_why_none(local, offset, pl.col("event_time"), time_zone))
    )
    return rows.select("event_time", field_reason=reason)


def _recorded(raw: pl.Series, time_zone: str | None, day: date | None) -> pl.DataFrame:
    """Of whatever a record has: an epoch, a time of the Common Log Format, or one of `any_shape`."""
    is_epoch = raw.str.contains(r"\A[0-9]+(?:\.[0-9]*)?\z")
    if is_epoch.all():
        return _any_epoch(raw)
    if raw.str.contains(_UTC_TAIL).all():
        return _utc(raw)
    is_clf = raw.str.contains(r"\A[0-9]{2}/")
    others = raw.set(is_epoch | is_clf, None).str.replace(_WALL, "${1}-${2}-${3} ")
    found = read(others, "any", time_zone=time_zone, day=day)
    for is_such, shaped in ((is_epoch, _any_epoch), (is_clf, _clf)):
        if is_such.any():
            these = shaped(raw)
            found = found.select(
                pl.when(is_such).then(these[name]).otherwise(name).alias(name) for name in found.columns
            )
    return found


def usual(raw: pl.Series, *, time_zone: str | None, day: date | None) -> pl.DataFrame:
    """`event_time` and `field_reason` of times of `any_shape`."""
    if not raw.str.contains(_DATED_UTC).fill_null(False).all():
        return read(raw, "any", time_zone=time_zone, day=day)
    second = raw.str.head(_SECONDS).str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", time_zone="UTC", strict=False)
    return pl.select(event_time=second + _below_second(raw)).with_columns(field_reason=_malformed())


def _utc(raw: pl.Series) -> pl.DataFrame:
    """Of `2025-08-29T04:37:12.345678901Z`: whole seconds repeat, so each is looked at once."""
    seconds = raw.str.head(_SECONDS)
    found = encoded(seconds).fields(lambda text: read(text + "Z", "any", time_zone=None, day=None))
    return pl.DataFrame({name: column.rows() for name, column in found.items()}).with_columns(
        pl.col("event_time") + _below_second(raw)
    )


def _below_second(raw: pl.Series) -> pl.Series:
    """What comes after the seconds of such a time."""
    fraction = raw.str.slice(_SECONDS).str.strip_chars(".Zz")
    return fraction.str.head(6).str.pad_end(6, "0").cast(pl.Duration("us"))


def _any_epoch(raw: pl.Series) -> pl.DataFrame:
    """Of `1756442232.345`, `1756442232345.678` or `1756442232345678901`: the number of digits tells the unit."""
    parts = raw.str.extract_groups(_EPOCH).struct.unnest()
    whole, length = pl.col("whole"), pl.col("whole").str.len_bytes()
    below = length.replace_strict(_DIGITS_BELOW_SECOND, default=None, return_dtype=pl.UInt32)
    digits = pl.concat_str(whole.str.tail(below), pl.col("fraction").fill_null(""))
    microseconds = digits.str.head(6).str.pad_end(6, "0").cast(pl.Int64)
    instant = (whole.str.head(length - below).cast(pl.Int64) * 1_000_000 + microseconds).cast(pl.Datetime("us", "UTC"))
    return parts.select(event_time=instant).with_columns(field_reason=_malformed())


def _malformed() -> pl.Expr:
    return pl.when(pl.col("event_time").is_null()).then(pl.lit("malformed_time"))


def any_shape(raw: pl.Expr, *, time_zone: str | None, day: date | None) -> tuple[pl.Expr, pl.Expr]:
    """Instant and reason of RFC 3339, local `2025-08-29 10:07:12,345`, a bare time of day, or epoch milliseconds.

    Fractions finer than a microsecond are cut. Null has neither instant nor reason.
    """
    parts = raw.str.extract_groups(_ISO).struct
    given, offset = parts.field("date"), parts.field("offset")
    is_epoch = raw.str.contains(_EPOCH_MILLISECONDS)
    epoch = pl.when(is_epoch).then(raw).cast(pl.Int64).cast(pl.Datetime("ms")).cast(pl.Datetime("us"))
    fraction = parts.field("fraction").fill_null("").str.head(6).str.pad_end(6, "0")
    assumed = pl.lit(day.isoformat() if day else None, dtype=pl.String)
    local = _parsed(
        pl.concat_str(given.fill_null(assumed.fill_null("2000-01-01")), parts.field("clock"), fraction, separator=" "),
        "%Y-%m-%d %H:%M:%S %6f",
    )
    known = pl.when(is_epoch).then(epoch.dt.replace_time_zone("UTC"))
    instant = known.otherwise(_instant(local, offset, time_zone))
    is_dated = given.is_not_null() | assumed.is_not_null()
    reason = (
        pl.when(raw.is_null() | is_epoch)
        .then(None)
        .when(local.is_null())
        .then(pl.lit("malformed_time"))
        .when(~is_dated)
        .then(pl.lit("date_unknown"))
        .otherwise(_why_none(local, offset, instant, time_zone))
    )
    return instant, reason


def _instant(local: pl.Expr, offset: pl.Expr, time_zone: str | None) -> pl.Expr:
    """The instant of a local time: by its offset, or in the zone, where it is null if it happens twice or never."""
    there = local.dt.replace_time_zone(time_zone or "UTC", ambiguous="null", non_existent="null")
    exact = (local - pl.duration(minutes=_minutes(offset))).dt.replace_time_zone("UTC")
    return pl.when(offset.is_not_null()).then(exact).otherwise(there.dt.convert_time_zone("UTC"))


def _why_none(local: pl.Expr, offset: pl.Expr, instant: pl.Expr, time_zone: str | None) -> pl.Expr:
    """The reason where a local time is no instant."""
    return (
        pl.when(local.is_null())
        .then(pl.lit("malformed_time"))
        .when(offset.is_not_null())
        .then(None)
        .when(pl.lit(time_zone is None))
        .then(pl.lit("time_zone_unknown"))
        .when(instant.is_null())
        .then(pl.lit("time_ambiguous"))
    )


def _minutes(offset: pl.Expr) -> pl.Expr:
    """Minutes ahead of UTC."""
    digits = offset.str.replace(r"[Zz]", "+0000").str.replace_all(r"[^0-9]", "")
    minutes = digits.str.head(2).cast(pl.Int64) * 60 + digits.str.tail(2).cast(pl.Int64)
    return minutes * pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)


def _parsed(text: pl.Expr, form: str) -> pl.Expr:
    """The time, or null where the date does not exist: the callers turn that into a reason."""
    return text.str.to_datetime(form, time_unit="us", strict=False)
