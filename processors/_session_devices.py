"""What is known of the devices of sessions beyond their first events. Split key: the session."""

from __future__ import annotations

import polars as pl
import polars.selectors as cs

from processors import device
from processors._client_hints import unrefined

_LENDS = pl.col("membership").is_in(("opened", "action", "background"))


def described(sessions: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """The sessions with the version of the platform, where their events tell it, and `device_kind`.

    Browsers send the hint that tells it from the second request on, and no identity provider logs it: so a session
    whose first event hides the version has that of the events on the same browser, if all that tell one agree.
    """
    found = _refined(sessions, members)
    return found.with_columns(device.kinds(found))


def _refined(sessions: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    known = set(members["device"].unique())
    plain = {label: hidden for label in known if label and (hidden := unrefined(label)) in known}
    if not plain:
        return sessions
    told = (
        members.filter(_LENDS, pl.col("device").is_in(list(plain)))
        .with_columns(cs.categorical().cast(pl.String))
        .group_by("session_id", pl.col("device").replace_strict(plain))
        .agg(pl.col("device").unique().alias("told"))
        .filter(pl.col("told").list.len() == 1)
        .with_columns(pl.col("told").list.first())
    )
    return (
        sessions.join(told, on=["session_id", "device"], how="left", maintain_order="left")
        .with_columns(pl.coalesce("told", "device").alias("device"))
        .drop("told")
    )
