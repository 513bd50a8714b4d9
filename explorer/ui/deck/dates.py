"""Times as the person reads them: how long from now, and days where they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from explorer.text import count_text


def time_zone() -> tzinfo:
    """Where the browser is; UTC where it does not tell."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def write_day(time: datetime) -> str:
    """Tue 1 Dec, and the year where it is another one."""
    local = time.astimezone(time_zone())
    year = f" {local.year}" if local.year != datetime.now(local.tzinfo).year else ""
    return f"{local:%a} {local.day} {local:%b}{year}"


def write_wait(time: datetime, start: datetime) -> str:
    """In 10 min; in 3 h; in 2 days, Tue 1 Dec."""
    wait = time - start
    if wait < timedelta(hours=1):
        return f"in {max(round(wait.total_seconds() / 60), 1)} min"
    if wait < timedelta(days=1):
        return f"in {round(wait.total_seconds() / 3600)} h"
    return f"in {count_text(round(wait / timedelta(days=1)), 'day')}, {write_day(time)}"
