"""Which browser it is: a number in a cookie that only this server can have signed, and its secret on the disk."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui.session import browser
from explorer.ui.session.browser import is_signed, read_number, read_secret, sign


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


def test_only_what_this_server_has_signed_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = "ab12"
    good = f"{number}.{sign('browser', number)}"
    assert read_number(good) == number
    forged = ["", ".", number, f"{number}.", f"cd34.{sign('browser', number)}", f"{number}.{sign('owner', number)}"]
    for cookie in [*forged, good.upper(), f"{good}.", f"{good} ", "é.\ud800"]:
        assert read_number(cookie) == "", cookie
    assert not is_signed("", "owner", "")
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "other"))
    assert read_number(good) == ""


def test_a_reload_is_the_same_browser_and_another_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, str]] = []

    def page() -> None:
        import streamlit as st

        from explorer.ui.session.browser import keep_browser, this_browser

        st.text(this_browser())
        keep_browser()

    def visit(cookie: str) -> str:
        monkeypatch.setattr(browser, "sent_cookie", lambda: cookie)
        app = AppTest.from_function(page).run()
        assert not app.exception
        assert app.run().text[0].value == app.text[0].value
        return str(app.text[0].value)

    def keep(name: str, value: str, **more: Any) -> None:
        given.append((name, value))

    monkeypatch.setattr(browser, "write_cookie", keep)
    first = visit("")
    ((_, cookie),) = set(given)  # once more in the second run, the same
    given.clear()
    assert visit(cookie) == first
    assert not given
    assert visit("") != first
    assert visit("forged") not in (first, "forged", "")
