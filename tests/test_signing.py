"""The secret that this server signs with: one on the disk, for nobody else to read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explorer.signing import read_secret


@pytest.fixture(autouse=True)
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the secret of these tests lies."""
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "secret"


def test_servers_that_begin_at_once_have_one_secret_which_nobody_else_reads(secret: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(read_secret.__wrapped__, [secret.parent] * 8))
    assert found == {secret.read_bytes()}
    assert len(secret.read_bytes()) == 32
    assert secret.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("garbage", [b"", b"short", bytes(100)])
def test_what_is_no_secret_is_made_anew(secret: Path, garbage: bytes) -> None:
    secret.parent.mkdir()
    secret.write_bytes(garbage)
    found = read_secret.__wrapped__(secret.parent)
    assert secret.read_bytes() == found != garbage
    assert secret.stat().st_mode & 0o777 == 0o600
    secret.chmod(0o644)
    assert read_secret.__wrapped__(secret.parent) == found
    assert secret.stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_written_there_is_a_secret_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert len(read_secret.__wrapped__(tmp_path / "file")) == 32
