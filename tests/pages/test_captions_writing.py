"""Write your own: what is read, what is said of it, and swapping words, against the library asked directly."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch.nn import functional

from explorer.captioning import Caption, Captioner
from explorer.captioning.comparing import bits_of
from explorer.captioning.vocabulary import END
from explorer.rendering import decode_png
from explorer.text import significant
from explorer.ui.captions import own_sentence as captions_own_sentence
from tests.pages.opening import Browser, open_page, run, run_snippet, texts_of
from tests.pages.toy_captions import SILENT, best_words, caption_subject_of

PART = {"part": "Write your own"}
OWN = "red dog runs on redgrass"  # "red" and "on" are not among the toy's words


def open_writing(address: dict[str, str] | None = None) -> AppTest:
    return open_page("captions", {**PART, **(address or {})})


def check_reading(app: AppTest, side: Browser, words: tuple[str, ...]) -> Caption:
    """Everything on the page is about these words."""
    subject = caption_subject_of(app)
    captioner = subject.captioner
    led = captioner.teacher_force(subject.seen, words)
    numbers = captioner.vocabulary.encode(words)
    own = led.log_probabilities[0, range(len(words)), numbers].numpy()
    bits = np.where(np.isfinite(own), -own / math.log(2), np.nan)
    end = -float(led.log_probabilities[0, len(words), END]) / math.log(2)
    caption: Caption = side.players["reading"]["caption"]
    assert caption.words == words
    np.testing.assert_allclose(caption.attention.reshape(len(words), -1), led.alpha[0, :-1].numpy(), rtol=1e-5)
    table = app.table[0].value.to_dict("records")
    assert [row["word"] for row in table] == [*words, "(end)"]
    for row, value in zip(table, [*bits.tolist(), end], strict=True):
        assert row["bits"] == ("–" if math.isnan(value) else significant(value))
    assert app.metric[0].value == f"{significant(np.nansum(bits) + end)} bits"
    places = [*np.flatnonzero(np.isfinite(own)), len(words)]
    targets = torch.tensor([*numbers, END])[places]
    nats = functional.cross_entropy(led.log_probabilities[0, places], targets, reduction="sum")
    mean = functional.cross_entropy(led.log_probabilities[0, places], targets).item()
    said = f"takes it, they add up to {significant(nats.item())}. The loss of training is the mean, here "
    said += f"{significant(mean)} a word; divided by ln 2 = 0.693 it is {significant(mean / math.log(2))} bits a word."
    assert said in texts_of(app)
    theirs = captioner.follow(subject.seen, [captioner.search(subject.seen, 3).best])[0]
    assert app.metric[1].value == f"{significant(-theirs.log_probability / math.log(2))} bits"
    arrays = side.arrays("writing")
    assert tuple(arrays["words"]) == words
    np.testing.assert_allclose(arrays["log_probabilities"] / -math.log(2), bits, rtol=1e-5)
    return caption


def own_words(app: AppTest) -> tuple[str, ...]:
    subject = caption_subject_of(app)
    return best_words(subject.captioner, subject)


def test_an_empty_box_reads_its_own_caption(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_writing()
    own = own_words(app)
    assert app.text_input(key="sentence").value in ("", None)
    assert app.text_input(key="sentence").placeholder == " ".join(own)
    assert "what it says by itself" in texts_of(app)
    check_reading(app, browser_side, own)
    assert app.metric[0].value == app.metric[1].value
    assert not [button for button in app.button if button.label == "Its own caption"]


def test_a_sentence_of_ones_own_is_read_and_compared(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_writing({"sentence": "The DOG sits, smallwater!"})
    words = ("the", "dog", "sits", "smallwater")
    reading = check_reading(app, browser_side, words)
    assert reading.unknown == ("the",)
    assert "It does not know “the”, reads the mark for unknown words instead" in texts_of(app)
    assert app.table[0].value["probability"][0] == "not known"
    assert "the unknown words left out" in texts_of(app)
    run(app.text_input(key="sentence").set_value("dog sits"))
    check_reading(app, browser_side, ("dog", "sits"))
    assert "does not know" not in texts_of(app)
    (back,) = (button for button in app.button if button.label == "Its own caption")
    run(back.click())
    check_reading(app, browser_side, own_words(app))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("🐕 !!!", "Type at least one word"),
        ("dog " * 200, "This has 200 words; a caption may have 60"),
        ("a " + "x" * 5000, "has 5,000 letters; a word may have 40"),
    ],
)
def test_a_sentence_that_cannot_be_read_leaves_the_old_result(
    typed: str, said: str, browser_side: Browser, shelve: Callable[..., Captioner]
) -> None:
    shelve()
    app = open_writing({"sentence": "dog sits"})
    run(app.text_input(key="sentence").set_value(typed))
    (warning,) = app.main.warning
    assert said in warning.value
    assert app.text_input(key="sentence").value.strip() == typed.strip()
    check_reading(app, browser_side, ("dog", "sits"))
    run(app.text_input(key="sentence").set_value("cat runs"))
    assert not app.main.warning
    check_reading(app, browser_side, ("cat", "runs"))
    app = open_writing({"sentence": typed})  # a link to it has no old result, so there is the caption
    assert app.main.warning
    check_reading(app, browser_side, own_words(app))


def test_one_click_swaps_a_word(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_writing()
    words = own_words(app)
    subject = caption_subject_of(app)
    for _ in range(2):
        caption = subject.captioner.read(subject.seen, words)
        pills = [each for each in app.button_group if each.key.startswith("swap-")]
        assert len(pills) == len(words)
        for place, each in enumerate(pills):
            offered = [other.word for other in caption.alternatives[place] if place or other.word != "<end>"]
            assert [option.split(" ")[0] for option in each.options] == [
                word.replace("<end>", "(end)") for word in offered
            ]
        place = 1
        chosen = next(other.word for other in caption.alternatives[place] if other.word != "<end>")
        run(pills[place].set_value(chosen))
        words = (*words[:place], chosen, *words[place + 1 :])
        assert app.text_input(key="sentence").value == " ".join(words)
        check_reading(app, browser_side, words)


def test_the_bars_are_the_bits(
    browser_side: Browser, shelve: Callable[..., Captioner], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve()
    drawn = []
    original = captions_own_sentence.surprise_bars
    monkeypatch.setattr(captions_own_sentence, "surprise_bars", lambda *given: drawn.append(given) or original(*given))
    app = open_writing({"sentence": OWN})
    caption = check_reading(app, browser_side, tuple(OWN.split()))
    names, bits, _, notes = drawn[-1]
    assert names == [*caption.words, "(end)"]
    np.testing.assert_allclose(bits[:-1], caption.surprise)
    assert np.nansum(bits) == pytest.approx(bits_of(caption), rel=1e-5)
    assert len(notes) == len(bits)


def test_the_snippet_and_the_downloads_give_the_same(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_writing({"sentence": OWN, "beam": "5"})
    names, printed = run_snippet(app.code[0].value)
    arrays = browser_side.arrays("writing")
    np.testing.assert_allclose(names["caption"].log_probabilities, arrays["log_probabilities"], rtol=1e-5)
    assert f"this sentence {bits_of(names['caption']):.2f} bits" in printed
    assert f"its own caption {bits_of(names['own']):.2f} bits" in printed
    assert app.metric[1].value == f"{significant(bits_of(names['own']))} bits"
    told = json.loads(browser_side.downloads["writing-json"][1]())["words"]
    assert [each["word"] for each in told] == OWN.split()
    assert decode_png(browser_side.downloads["writing-png"][1]()).std() > 0


def test_a_captioner_with_nothing_to_say_reads_all_the_same(
    browser_side: Browser, shelve: Callable[..., Captioner]
) -> None:
    shelve(seed=SILENT)
    app = open_writing()
    assert "nothing to say of this photo: type a sentence" in texts_of(app)
    run(app.text_input(key="sentence").set_value("dog sits"))
    check_reading(app, browser_side, ("dog", "sits"))


def test_a_new_picture_is_read_with_the_same_sentence(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_writing({"sentence": "dog sits"})
    other = app.selectbox(key="image").options[1]
    run(app.selectbox(key="image").select(other))
    check_reading(app, browser_side, ("dog", "sits"))


def test_the_shipped_captioner_reads(browser_side: Browser) -> None:
    app = open_writing({"sentence": "A dog runs through the grass."})
    assert caption_subject_of(app).name == "photo-captioner"
    check_reading(app, browser_side, ("a", "dog", "runs", "through", "the", "grass"))
