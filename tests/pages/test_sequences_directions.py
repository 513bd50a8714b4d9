"""The Sequences page's part on both directions: one word by three networks, and which others decided it."""

import re

import numpy as np
import pytest

from explorer.sequences.directions.loading import read_tagger_card
from tests.pages.opening import Browser, open_page, run, texts_of


def test_a_word_by_three_networks(browser_side: Browser) -> None:
    app = open_page("sequences", {"model": "tiny-vgg", "part": "Both directions", "ask": "true"})
    assert "to the network that reads both ways, with" not in texts_of(app)
    (question,) = app.radio
    run(question.set_value("below 50 %"))
    told = texts_of(app)
    arrays = browser_side.arrays("names-offer")
    place, kind = int(arrays["place"]), int(arrays["kind"])
    word = arrays["words"][place]
    shares = {each: arrays[f"probabilities_{each}"][place, kind] for each in ("forward", "backward", "both")}
    found = re.search(rf"“{word}” is .+ with ([\d.]+) %; .+ with ([\d.]+) %, .+ with ([\d.]+) %", told)
    assert found is not None
    assert [float(text) for text in found.groups()] == pytest.approx(
        [100 * shares[each] for each in ("both", "backward", "forward")], rel=0.01
    )
    difference = re.search(r"difference (\S+) over", told)
    assert difference is not None
    assert float(difference[1]) < 1e-12
    for direction in ("forward", "backward", "both"):  # F1 as the cards have it
        assert f"{100 * read_tagger_card(direction)['f1']['new names and templates']:.1f}" in told
    assert "They know only such sentences" in [each.value for each in app.subheader]

    run(app.toggle(key="ask").set_value(False))
    run(app.text_input(key="names_sentence").set_value("Washington said that rain is coming."))
    stated = browser_side.arrays("names-offer")
    np.testing.assert_array_equal(arrays["probabilities_forward"][0], stated["probabilities_forward"][0])
    run(app.selectbox(key="names_word").set_value(0))
    run(app.selectbox(key="names_other").set_value(3))
    run(app.text_input(key="names_instead").set_value("very kind doctor"))
    told = texts_of(app)
    assert "Changed to “Washington said that very kind doctor is coming" in told
    forward = re.search(r"\| forward \| (\S+ %) \| (\S+ %) \|", told)
    assert forward is not None
    assert forward[1] == forward[2]  # it stands behind

    run(app.text_input(key="names_sentence").set_value("Zoë [x](y) * is"))
    told = texts_of(app)
    assert "Of ë," in told
    assert "the networks know nothing" in told
    run(app.text_input(key="names_sentence").set_value(""))
    assert "There is no word in this" in texts_of(app)
    assert list(browser_side.arrays("names-offer")["words"][:2]) == ["Zoë", "["]
    run(app.text_input(key="names_sentence").set_value("Anna"))
    assert "Nothing stands behind “Anna”" in texts_of(app)
    run(app.button(key="names-example-1").click())
    assert app.text_input(key="names_sentence").value == "Washington said that rain is coming."
