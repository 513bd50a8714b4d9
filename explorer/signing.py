"""Texts that only this server can have signed: its secret lies in the cache folder, for nobody else to read."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from filelock import FileLock

from explorer.disk import cache_folder, open_privately

_LENGTH: Final = 32  # bytes of the secret


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
