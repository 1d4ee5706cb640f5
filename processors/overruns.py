"""Who went on after a limit without a new login? What ought to have ended a session, and did not. Split key: the user.

A policy's limits are what ought to be enforced; they change no session. Whoever acts again after a longer silence than
`idle_limit`, or longer after the login than `absolute_limit`, without a login in between, was not logged out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

import polars as pl

from processors.attribute import fold
from processors.continuation import ACTION, joined

_TIME = pl.Datetime("us", "UTC")
_OVERRUNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "session_id": pl.String,
    "policy_name": pl.String,
    "limit_kind": pl.String,
    "next_action_time": _TIME,
    "limit_s": pl.Int64,
    "measured_s": pl.Int64,
    "measured_from": pl.String,
    "measured_from_time": _TIME,
    "last_action_time": _TIME,
    "next_action_class": pl.String,
    "evidence": pl.String,
    "continued_session_id": pl.String,
    "user_name": pl.String,
    "application": pl.String,
    "source": pl.String,
}
OVERRUNS = pl.Schema(_OVERRUNS)
"""The table `limit_overruns` without its date."""


class Policy(NamedTuple):
    """Limits, and whom they apply to: applications and users case-folded; None for all."""

    name: str
    idle_limit: timedelta | None = None
    absolute_limit: timedelta | None = None
    applications: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None

    def applies(self) -> pl.Expr:
        """Whether it does, to rows with `user`, `application` and, for those without one, `source`."""
        applies = pl.lit(True)
        if self.applications is not None:
            applies &= fold(pl.coalesce("application", "source")).is_in(self.applications)
        if self.users is not None:
            applies &= pl.col("user").is_in(self.users)
        return applies


def governed(continuations: pl.LazyFrame, *, policies: Iterable[Policy]) -> pl.LazyFrame:
    """`session_id` and `policy_name`: which sessions each policy applies to. Takes `continuation.continuations`."""
    each = [
        continuations.filter(policy.applies()).select("session_id", pl.lit(policy.name).alias("policy_name"))
        for policy in policies
    ]
    return pl.concat([pl.LazyFrame(schema={"session_id": pl.String, "policy_name": pl.String}), *each])


def overruns(
    members: pl.LazyFrame, credentials: pl.LazyFrame, continuations: pl.LazyFrame, *, policies: Iterable[Policy]
) -> pl.LazyFrame:
    """`OVERRUNS`: one row an action that came after a limit without a new login, for every policy by itself.

    So the strictest always counts, and none hides another. What is equal to a limit is within it. Idle: every such
    action, measured from the action before. Absolute: the first one of a session, measured from the login. Of a session
    that continues another one, its first action is measured from that one's last action, all from that one's login.

    `credentials` are successful password and second-factor steps: after one the person had authenticated again, in
    whatever session that was, and the absolute limit counts from it. A login that is an activity in its session,
    because it carries the session's reference, is no new one: providers log it for a cookie as well.
    """
    steps = _steps(members, credentials, continuations)
    rows = [pl.LazyFrame(schema=OVERRUNS)]
    for policy in policies:
        own = steps.filter(policy.applies())
        if policy.idle_limit is not None:
            is_over = pl.col("next_action_time") - pl.col("last_action_time") > policy.idle_limit
            silent = own.filter(is_over, pl.col("credential_time").is_null()).with_columns(
                pl.lit("last_action").alias("measured_from"), pl.col("last_action_time").alias("measured_from_time")
            )
            rows.append(_rows(silent, policy.name, "idle_limit", policy.idle_limit))
        if policy.absolute_limit is not None:
            is_over = pl.col("next_action_time") - pl.col("measured_from_time") > policy.absolute_limit
            first = own.filter(is_over).unique(["session_id", "measured_from_time"], keep="first", maintain_order=True)
            rows.append(_rows(first, policy.name, "absolute_limit", policy.absolute_limit))
    return pl.concat(rows)


def _rows(found: pl.LazyFrame, name: str, kind: str, limit: timedelta) -> pl.LazyFrame:
    return found.with_columns(
        pl.lit(name).alias("policy_name"),
        pl.lit(kind).alias("limit_kind"),
        pl.lit(limit // timedelta(seconds=1), dtype=pl.Int64).alias("limit_s"),
        (pl.col("next_action_time") - pl.col("measured_from_time")).dt.total_seconds().alias("measured_s"),
    ).select(*OVERRUNS)


def _steps(members: pl.LazyFrame, credentials: pl.LazyFrame, continuations: pl.LazyFrame) -> pl.LazyFrame:
    """Each action that follows another one, of its session or of the one that this continues.

    `evidence` tells how it is known to go on: it carries a session reference seen before, comes from the device, or at
    least from the address. `credential_time`: of a step passed since the action before. `measured_from`, and its time:
    what an absolute limit counts from.
    """
    seen_before = ~pl.struct("session_id", pl.col("session_reference")).is_first_distinct()
    on_device = ~pl.struct("session_id", pl.col("kin")).is_first_distinct()
    by_reference = pl.col("session_reference").is_not_null() & seen_before
    by_device = pl.col("kin").is_not_null() & on_device
    way = pl.when(by_reference).then(pl.lit("session_reference")).when(by_device).then(pl.lit("device"))
    earlier = pl.col("event_time").shift()
    is_same = pl.col("session_id") == pl.col("session_id").shift()
    user = fold(pl.col("user_name").cast(pl.String)).alias("user")
    passed = credentials.select(user, pl.col("event_time").alias("credential_time"))
    authenticated = pl.col("credential_time") > pl.col("since_time")
    return (
        joined(members)
        .with_columns(way.otherwise(pl.lit("address")).alias("evidence"))
        .filter(ACTION)
        .with_columns(pl.when(is_same).then(earlier).alias("last_action_time"))
        .select("session_id", "event_time", "event_class", "evidence", "last_action_time")
        .join(continuations, on="session_id", maintain_order="left")
        .with_columns(
            pl.coalesce("last_action_time", "before_last_action_time").alias("last_action_time"),
            pl.when(pl.col("last_action_time").is_null())
            .then("opening_evidence")
            .otherwise("evidence")
            .alias("evidence"),
        )
        .drop_nulls("last_action_time")
        .sort("event_time", maintain_order=True)
        .join_asof(
            passed.sort("credential_time"),
            left_on="event_time",
            right_on="credential_time",
            by="user",
            strategy="backward",
            check_sortedness=False,
        )
        .select(
            "session_id",
            "user",
            "user_name",
            "application",
            "source",
            "evidence",
            "last_action_time",
            "continued_session_id",
            pl.col("event_time").alias("next_action_time"),
            pl.col("event_class").alias("next_action_class"),
            pl.when(pl.col("credential_time") > pl.col("last_action_time")).then("credential_time"),
            pl.when(authenticated)
            .then(pl.lit("authentication"))
            .when("since_login")
            .then(pl.lit("login"))
            .otherwise(pl.lit("first_event"))
            .alias("measured_from"),
            pl.when(authenticated).then("credential_time").otherwise("since_time").alias("measured_from_time"),
        )
    )
