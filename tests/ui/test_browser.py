"""Which browser it is: a number in a cookie that only this server can have signed, and its secret on the disk."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.signing import is_signed, sign
from explorer.ui.session import browser
from explorer.ui.session.browser import read_number


@pytest.fixture(autouse=True)
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the secret of these tests lies."""
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "secret"


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
