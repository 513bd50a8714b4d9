"""The part of the Sequences page on attention."""

import re

import numpy as np
import pytest
import torch

from explorer.rendering import decode_png
from explorer.sequences.attention.dates import OUTPUTS, read_text
from explorer.sequences.attention.loading import load_date_network, read_date_card
from explorer.ui.components import Looking
from explorer.ui.components.letter_attention import read_looking
from tests.pages.opening import Browser, open_page, run, run_snippet, texts_of

ADDRESS = {"model": "tiny-vgg", "part": "Attention"}


def write_by_pytorch(text: str, attends: bool = True) -> str:
    """What the shipped network makes of a text, in float32."""
    with torch.inference_mode():
        logits = load_date_network(attends)(torch.tensor([read_text(text).numbers]))
    return "".join(OUTPUTS[number] for number in logits[0].argmax(1))


def test_a_date_is_written_led_and_worked_out(browser_side: Browser) -> None:
    app = open_page("sequences", ADDRESS)
    given = browser_side.letters["dates-letters"]
    assert given["typed"] == "3 may 1998"
    assert {name: text for name, (text, _) in given["lines"].items()} == {
        "with attention": "1998-05-03",
        "without attention": write_by_pytorch("3 May 1998", attends=False),
    }
    np.testing.assert_allclose(given["weights"].sum(axis=1), 1)
    told = texts_of(app).replace("\\", "")
    assert "“3 may 1998” becomes **1998-05-03**, with a probability of 9" in told
    month = 100 * given["weights"][5:7, 2:5].sum(axis=1).mean()
    shown = re.search(r"for the month at “may” \((\S+) %\)", told)
    assert shown is not None
    assert float(shown[1]) == pytest.approx(month, rel=6e-3)
    assert "Character 7, “5”, in numbers" in told
    assert float(re.findall(r"largest difference .* (\S+)\.$", told, re.MULTILINE)[0]) < 1e-12
    card = read_date_card(True)
    assert f"{100 * card['accuracy']['held_out_formats']:.4g} % come out exact" in told

    browser_side.clicks["dates-letters"] = Looking(9, {8: 9, 9: 9})  # the day looks at the last 8 of the year
    run(app)
    assert app.query_params["dates_character"] == "10"
    assert app.query_params["dates_led"] == "9-10,10-10"
    given = browser_side.letters["dates-letters"]
    led = given["lines"]["as you led it"][0]
    assert led != "1998-05-03"
    assert led[:8] == "1998-05-"
    np.testing.assert_array_equal(given["weights"][8:], np.eye(10)[[9, 9]])
    told = texts_of(app).replace("\\", "")
    assert f"With the attention of characters 9 and 10 moved, **{led}** is written, not 1998-05-03" in told
    # All of the weight is on one state, so the context is that state.
    products = re.findall(r"\| “8”,\s10 \| 1.0000 \| (\S+) \| (\S+) \|", told)
    assert len(products) == 1
    assert len(set(products[0])) == 1
    _, printed = run_snippet(app.code[0].value)
    assert printed.startswith(led)
    arrays = browser_side.arrays("dates-offer")
    np.testing.assert_allclose(arrays["weights"], given["weights"])
    assert decode_png(browser_side.downloads["dates-offer-png"][1]()).shape == (11 * 36, 11 * 36, 3)

    run(app.text_input(key="dates_text").set_value("31. Fébruary 2001"))
    assert "dates_led" not in app.query_params
    given = browser_side.letters["dates-letters"]
    assert given["unknown"] == [5]
    assert not given["looking"].led
    told = texts_of(app)
    assert "do not know “é”" in told
    written = given["lines"]["with attention"][0]
    assert written == write_by_pytorch("31. Fébruary 2001")
    assert ("There is no 31 February 2001" in told) == (written == "2001-02-31")
    run(app.text_input(key="dates_text").set_value("x" * 121))
    assert "121 characters; at most 120" in app.warning[0].value
    assert browser_side.letters["dates-letters"]["typed"] == "31. fébruary 2001"


def test_it_asks_where_the_month_was_looked_for(browser_side: Browser) -> None:
    app = open_page("sequences", ADDRESS | {"ask": "true", "dates_text": "05/12/04", "dates_led": "99-1"})
    assert not browser_side.letters
    question = app.radio[0]
    assert question.options == ["05", "12", "04"]
    run(question.set_value("12"))
    assert "You were right." in texts_of(app)
    given = browser_side.letters["dates-letters"]
    assert given["looking"] == Looking(6)  # what the address says in vain
    assert given["lines"]["with attention"][0] == "2004-12-05"


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ([3, [[0, 1], [9, 4]]], Looking(3, {0: 1, 9: 4})),
        ([0, []], Looking(0)),
        ([10, []], None),
        ([3, [[0, 5]]], None),
        ([3, [[-1, 0]]], None),
        ([3, [[0.5, 1]]], None),
        ([True, []], None),
        ([3], None),
        ([3, [1]], None),
        ("ab", None),
        (None, None),
    ],
)
def test_what_a_browser_sends_is_checked(sent: object, found: Looking | None) -> None:
    assert read_looking(sent, (10, 5)) == found
