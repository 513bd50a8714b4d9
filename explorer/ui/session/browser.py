"""Which browser this is: a number in a signed cookie, so that a job knows whose it is. No name, no address."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

import streamlit as st
from filelock import FileLock

from explorer.disk import cache_folder, open_privately
from explorer.ui.components.cookie import write_cookie

_BROWSER = "browser"  # of the session
_LENGTH: Final = 32  # bytes of the secret
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


def sign(purpose: str, text: str) -> str:
    """32 digits that only this server can make of a text, others for every purpose."""
    secret = read_secret(cache_folder())
    return hmac.new(secret, f"{purpose}:{text}".encode(errors="replace"), hashlib.sha256).hexdigest()[:32]


def is_signed(signature: str, purpose: str, text: str) -> bool:
    """Whether `sign` has made it."""
    return hmac.compare_digest(signature.encode(errors="replace"), sign(purpose, text).encode())


@lru_cache(maxsize=4)
def read_secret(folder: Path) -> bytes:
    """The server's secret, made where there is none yet; where none can be kept, one that ends with the server."""
    path = folder / "secret"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "secret.lock", mode=0o600):  # several servers may begin at once
            if not path.is_file() or path.stat().st_size != _LENGTH:
                path.unlink(missing_ok=True)
                with open(path, "xb", opener=open_privately) as file:
                    file.write(secrets.token_bytes(_LENGTH))
            path.chmod(0o600)
            if len(found := path.read_bytes()) == _LENGTH:
                return found
    return secrets.token_bytes(_LENGTH)


def _cookie() -> str:
    """Its name, another one for every secret: servers on other ports of this machine share its cookies."""
    return f"explorer-{sign('cookie', '')[:8]}"
