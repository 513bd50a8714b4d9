"""Believe it?: three kinds of attention, the occlusion map and the card, against the library."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.captioning import Caption, Captioner, list_captioners, load_captioner, occlude_words, shuffled, uniform
from explorer.captioning.comparing import figure_rows, judge_attention, say_agreement
from explorer.captioning.interventions.attention_control import ATTENTION_LABELS
from explorer.text import significant
from tests.pages.opening import SECONDS, Browser, open_page, run, texts_of
from tests.pages.toy_captions import SILENT, best_words, caption_subject_of, run_code

CARD = {
    "accuracy": {"metrics": {"greedy": {"bleu4": 0.18, "cider": 0.5}, "beam 3": {"bleu4": 0.19, "cider": 0.512}}},
    "attention_control": {"own": {"bleu4": 0.19}, "uniform": {"bleu4": 0.171}, "shuffled": {"bleu4": 0.1}},
}
Shelve = Callable[..., Captioner]


def open_honesty(address: dict[str, str] | None = None) -> AppTest:
    return open_page("captions", {"part": "Believe it?", **(address or {})})


def test_every_attention_with_its_sentence_and_numbers(shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    app = open_honesty()
    subject = caption_subject_of(app)
    words, a = best_words(captioner, subject), subject.seen
    arrays = browser_side.arrays("attention-control-offer")
    assert tuple(arrays["words"]) == words
    told = texts_of(app)
    for name, steer in (("own", None), ("uniform", uniform), ("shuffled", shuffled(0))):
        read = captioner.read(a, words, steer)
        np.testing.assert_allclose(arrays[f"log_probabilities_{name}"], read.log_probabilities, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(arrays[f"attention_{name}"], read.attention, rtol=1e-4, atol=1e-6)
        written = captioner.vocabulary.decode(captioner.search(a, 3, steer=steer).best)
        assert list(arrays[f"written_{name}"]) == written
        assert f"Log probability of its own caption: **{significant(read.log_probability)}**" in told
    drops = occlude_words(captioner, subject.input, words)
    np.testing.assert_allclose(arrays["drops"], drops, rtol=1e-3, atol=1e-4)
    assert f"**“{words[1]}”**: {say_agreement(float(arrays['correlation'][1]))}" in told
    (names,) = run_code(app)
    np.testing.assert_allclose(names["correlation"], arrays["correlation"], atol=1e-3)
    assert [each.written.words for each in names["controls"]] == [
        tuple(arrays[f"written_{name}"]) for name in ("own", "uniform", "shuffled")
    ]
    assert judge_attention(names["controls"]) in told
    with Image.open(io.BytesIO(browser_side.downloads["attention-control-offer-png"][1]())) as png:
        assert png.size == (560 * 2 + 8, 373 * 2 + 8)


def test_another_word_is_looked_at_without_hiding_again(
    shelve: Shelve, browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explorer.ui.captions import occlusion as captions_occlusion

    asked = []
    original = captions_occlusion.occlude_words
    monkeypatch.setattr(captions_occlusion, "occlude_words", lambda *given: asked.append(given[2]) or original(*given))
    captioner = shelve()
    app = open_honesty()
    words = best_words(captioner, caption_subject_of(app))
    run(app.button_group(key="honest_word").set_value(0))
    assert f"**“{words[0]}”**: " in texts_of(app)
    assert asked == [words]


def test_hiding_can_be_stopped_and_taken_up_again(
    shelve: Shelve, browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    captioner = shelve()
    app = AppTest.from_function(_stopped_script, default_timeout=SECONDS)
    app.session_state["name"] = captioner.name
    run(app)
    assert [info.value for info in app.info] == ["Hiding windows was stopped."]
    run(app.button(key="occlusion-go-on").click())
    assert not app.info
    assert app.session_state["found"].shape == (2, 4, 4)
    assert not app.button


def _stopped_script() -> None:
    import streamlit as st

    from explorer.samples import SAMPLES
    from explorer.ui.captions.occlusion import obtain_drops
    from explorer.ui.captions.subject import CaptionSubject
    from explorer.ui.kit.slow import STOPPED
    from explorer.ui.session.pictures import get_picture

    label = SAMPLES[0].title
    subject = CaptionSubject(get_picture(label), st.session_state["name"], "cpu")
    words = ("dog", "runs")
    st.session_state.setdefault(STOPPED, {("occlusion", subject, words)})
    st.session_state["found"] = obtain_drops(subject, words, st.empty())


def test_the_card_is_shown_where_it_was_measured(shelve: Shelve, browser_side: Browser) -> None:
    shelve(card=CARD)
    app = open_honesty()
    searched, attended = app.table
    assert list(searched.value["search"]) == ["greedy", "beam 3"]
    assert list(searched.value["BLEU-4"]) == ["18", "19"]
    assert list(searched.value["CIDEr"]) == ["50", "51.2"]
    assert list(attended.value["BLEU-4"]) == ["19", "17.1", "10"]
    assert list(attended.value["attention, beam 3"]) == ["Its own", "Uniform", "Shuffled"]
    shelve()
    assert not open_honesty().table


@pytest.mark.parametrize("measured", [None, [], {}, {"own": 3}, {"own": {"bleu4": "good"}}, {"hard": {"bleu4": 1.0}}])
def test_a_card_without_figures_has_no_rows(measured: object) -> None:
    assert figure_rows("attention", ATTENTION_LABELS, measured) == []


def test_maps_that_hardly_move_are_said(shelve: Shelve, browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    shelve()
    words = "hardly changes from word to word"
    assert words not in texts_of(open_honesty())
    monkeypatch.setattr(Caption, "still", property(lambda caption: True))
    assert words in texts_of(open_honesty())


def test_a_captioner_with_nothing_to_say(shelve: Shelve, browser_side: Browser) -> None:
    shelve(seed=SILENT)
    app = open_honesty()
    assert "no attention to test" in texts_of(app)


def test_the_shipped_captioner(browser_side: Browser) -> None:
    app = open_honesty()
    captioner = load_captioner(list_captioners()[0])
    arrays = browser_side.arrays("attention-control-offer")
    words = best_words(captioner, caption_subject_of(app))
    assert tuple(arrays["words"]) == words
    assert arrays["drops"].shape == (len(words), *captioner.grid)
