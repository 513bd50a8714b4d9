"""Which browser this is: a number in a signed cookie, so that a job knows whose it is. No name, no address."""

from __future__ import annotations

import secrets
from typing import Final

import streamlit as st

from explorer.signing import is_signed, sign
from explorer.ui.components.cookie import write_cookie

_BROWSER = "browser"  # of the session
_SECONDS: Final = 400 * 24 * 3600  # browsers keep no cookie for longer


def this_browser() -> str:
    """The number of this browser: from its cookie, else one made up for the session, see `keep_browser`."""
    if _BROWSER not in st.session_state:
        st.session_state[_BROWSER] = read_number(sent_cookie()) or secrets.token_hex(16)
    return str(st.session_state[_BROWSER])


def keep_browser() -> None:
    """Give the browser its number to keep, where it has none; to be drawn where nothing comes after it."""
    number = this_browser()
    if not read_number(sent_cookie()):
        write_cookie(_cookie(), f"{number}.{sign('browser', number)}", seconds=_SECONDS, key="write_browser")


def sent_cookie() -> str:
    """The cookie that the browser sent when this session began."""
    return str(st.context.cookies.get(_cookie(), ""))


def read_number(cookie: str) -> str:
    """The number in a cookie that this server has signed; "" in any other."""
    number, _, signature = cookie.partition(".")
    return number if is_signed(signature, "browser", number) else ""


def _cookie() -> str:
    """Its name, another one for every secret: servers on other ports of this machine share its cookies."""
    return f"explorer-{sign('cookie', '')[:8]}"
