"""What was computed, kept for the whole server while it is among the last that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

import streamlit as st

from explorer.kept import LruCache

T = TypeVar("T")
MOST_KEPT = 32


@st.cache_resource(show_spinner=False)
def _kept() -> LruCache:
    return LruCache(MOST_KEPT)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once while it is kept; `key` says everything that it depends on."""
    return cast(T, _kept().get(key, make))
