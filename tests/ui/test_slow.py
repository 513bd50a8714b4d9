"""The one way to wait for long work: once for all sessions, stopped by a person, taken up again."""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui.kit.slow import STOPPED
from tests.pages.opening import SECONDS, run

pytestmark = pytest.mark.usefixtures("packages_read_once")

DONE: list[str] = []


def page() -> None:
    import streamlit as st

    from explorer.ui.kit.slow import obtain
    from tests.ui.test_slow import DONE

    asked = st.session_state["asked"]

    def compute(tell: object) -> str:
        for number in range(1, 4):
            tell(number, 3)  # type: ignore[operator]
        DONE.append(asked)
        return f"result of {asked}"

    st.session_state["found"] = obtain(asked, "Counting", "numbers", compute, st.empty(), "count")


def open_page(asked: str, *stopped: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=SECONDS)
    app.session_state["asked"] = asked
    app.session_state[STOPPED] = set(stopped)
    return run(app)


def test_work_is_done_once_for_every_session() -> None:
    first, second = open_page("once"), open_page("once")
    assert first.session_state["found"] == second.session_state["found"] == "result of once"
    assert DONE.count("once") == 1
    assert not first.button  # neither bar nor button stays
    assert open_page("something else").session_state["found"] == "result of something else"


def test_what_was_stopped_waits_until_it_may_go_on() -> None:
    app = open_page("long", "long")
    assert [each.value for each in app.info] == ["Counting was stopped."]
    assert app.session_state["found"] is None
    assert "long" not in DONE
    run(app.button(key="count-go-on").click())
    assert app.session_state["found"] == "result of long"
    assert not app.info
