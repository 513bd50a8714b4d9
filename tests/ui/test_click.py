"""A click hands values to widgets that were drawn already."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from explorer.ui.kit.click import choose_next, take_choices

    take_choices()
    number = st.number_input("Number", 0, 9, 1, key="number", bind="query-params")
    word = st.selectbox("Word", ["a", "b"], key="word")
    if st.button("Click"):
        choose_next(number=7, word="b")
    st.text(f"{number} {word}")


def test_a_click_sets_widgets_that_stand_above_it_and_later_changes_win() -> None:
    app = AppTest.from_function(page).run()
    assert app.text[0].value == "1 a"
    app.button[0].click().run()
    assert not app.exception
    assert app.text[0].value == "7 b"
    app.number_input(key="number").set_value(3).run()
    assert app.text[0].value == "3 b"
