"""The part of the Learning page on scale and batch norm."""

import re

from streamlit.testing.v1 import AppTest

from explorer.ui.learning.scale import VIEWS
from tests.pages.opening import Browser, open_page, run, run_snippet
from tests.pages.test_neurons import texts_of


def open_scale(view: str, **address: str) -> AppTest:
    part = {"model": "mini-resnet", "part": "Scale and batch norm", "scale_view": VIEWS[view][0]}
    return open_page("learning", {**part, **address})


def test_numbers_by_hand(browser_side: Browser) -> None:
    app = open_scale("numbers")
    told = texts_of(app)
    assert "standard deviation 1; divided by the variance, 0.267.**" in told
    assert "**18.67**" in told
    assert all(float(each) < 1e-14 for each in re.findall(r"difference (\S+?)[;.] ", told + " "))
    assert run_snippet(app.code[0].value)[1]
    run(app.text_input(key="norm_numbers").set_value("1 x"))
    assert "“x”, number 2, is not a number" in app.error[0].value
    assert "**18.67**" in texts_of(app)
    run(app.text_input(key="norm_numbers").set_value("7"))
    assert "Expected more than 1 value per channel when training" in texts_of(app)
