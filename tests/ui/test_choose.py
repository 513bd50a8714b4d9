"""The choosers of all pages: their start, a link, and what an address says in vain; tests/browser has the address."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.opening import SECONDS, run

pytestmark = pytest.mark.usefixtures("packages_read_once")


def page() -> None:
    import streamlit as st

    from explorer.ui.kit.choose import choose, choose_one, choose_several, choose_step, slide

    labels = {0: "None", 3: "Three", 5: "Five"}
    labels = {each: labels[each] for each in labels if each not in st.session_state.get("gone", ())}
    st.session_state["answers"] = (
        choose("How many", labels, "many", 3, place=st.container()),
        choose("Any", labels, "any"),
        choose_one("Which", labels, "which", 3, place=st.container()),
        choose_one("Which name", list(labels.values()), "name"),
        choose_step("How much", [each for each in (1, 2, 5) if each in (1, 2, *labels)], "much", 2),
        slide("How far", 1, max(labels), 3, "far", place=st.container()),
        choose_several("Several", labels, "several", (3, 0), place=st.container()),
    )


def answers_of(address: dict[str, str]) -> tuple[AppTest, tuple[Any, ...]]:
    app = AppTest.from_function(page, default_timeout=SECONDS)
    for key, value in address.items():
        app.query_params[key] = value
    run(app)
    return app, app.session_state["answers"]


START = (3, 0, 3, "None", 2, 3, (0, 3))  # several in the order of the labels


def test_it_starts_where_it_is_told_or_with_the_first() -> None:
    assert answers_of({})[1] == START


def test_a_choice_and_a_link_are_followed() -> None:
    app, _ = answers_of({})
    run(app.segmented_control(key="many").set_value(5))
    run(app.selectbox(key="which").set_value(0))
    run(app.select_slider(key="much").set_value(5))
    run(app.slider(key="far").set_value(1))
    run(app.pills(key="several").set_value([]))
    assert app.session_state["answers"] == (5, 0, 0, "None", 5, 1, ())
    address = {"many": "Five", "any": "Three", "which": "Five", "name": "Five", "much": "5", "far": "2"}
    assert answers_of({**address, "several": "Five"})[1] == (5, 3, 5, "Five", 5, 2, (5,))
    assert answers_of({"several": ""})[1][-1] == ()


@pytest.mark.parametrize("said", ["Seven", "", "5", "🙂"])
def test_what_an_address_says_in_vain_is_forgotten(said: str) -> None:
    address = dict.fromkeys(("many", "any", "which", "name"), said)
    if said:  # an empty one means that none of several is chosen
        address["several"] = said
    assert answers_of({**address, "much": f"-{said}", "far": f"-{said}"})[1] == START


def test_what_is_no_longer_on_offer_goes_back_to_the_start() -> None:
    app, _ = answers_of({"many": "Five", "which": "Five", "name": "Five", "much": "5", "far": "5", "several": "Five"})
    app.session_state["gone"] = (5,)
    assert run(app).session_state["answers"] == START


def hidden_page() -> None:
    import streamlit as st

    from explorer.ui.kit.choose import choose_number, choose_step, said_by

    if st.toggle("Show", value=True, key="show"):
        choose_step("Step", (1, 2, 3), "step", 1)
        choose_number("Number", 0, 9, "number", 4)
    st.text(f"{said_by('step', 1)} {said_by('number', 4)}")


def test_a_control_that_is_not_drawn_keeps_what_it_says() -> None:
    app = AppTest.from_function(hidden_page).run()
    app.select_slider(key="step").set_value(3)
    app.number_input(key="number").set_value(7).run()
    app.toggle(key="show").set_value(False).run()
    assert app.text[0].value == "3 7"
    app.toggle(key="show").set_value(True).run()
    assert (app.select_slider(key="step").value, app.number_input(key="number").value) == (3, 7)


def numbers_page() -> None:
    import streamlit as st

    from explorer.ui.kit.choose import refuse_endless_numbers

    refuse_endless_numbers()
    st.number_input("Map", 0, None, 0, key="unit", bind="query-params")
    st.number_input("Slice", 0, None, None, key="slice", bind="query-params")
    st.text_input("Nearest to", key="near", bind="query-params")


@pytest.mark.parametrize("text", ["1e999", "-1e999", "9" * 400, "inf", "-Infinity"])
def test_an_endless_number_in_a_link_gets_a_sentence(text: str) -> None:
    app = AppTest.from_function(numbers_page, default_timeout=SECONDS)
    app.query_params.update({"unit": text, "slice": "3"})
    run(app)
    assert [each.value for each in app.warning] == [
        "The link asks for a number that is too large: unit. It is left out."
    ]
    assert app.number_input(key="unit").value == 0
    assert app.number_input(key="slice").value == 3  # the rest of the link holds
    assert "unit" not in app.query_params
    assert not run(app).warning
    run(app.text_input(key="near").input("infinity"))  # a word that somebody types is none of it
    assert app.text_input(key="near").value == "infinity"
    assert not app.warning
