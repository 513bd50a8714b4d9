"""Hiding part of the photo and moving the attention: the page against the library."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.captioning import Captioner, list_captioners, load_captioner
from explorer.captioning.comparing import say_change
from explorer.captioning.interventions.attention_control import changed_words
from explorer.captioning.vocabulary import label_words
from explorer.saliency import Cover
from explorer.ui.captions.sentence_change import mark_come, mark_gone
from explorer.ui.components.attention_mover import read_drop
from tests.pages.opening import Browser, cover_by_click, open_page, parameter, run, texts_of
from tests.pages.toy_captions import SILENT, best_words, caption_subject_of, run_code

BOX = "b.200.250.700.800"
Shelve = Callable[..., Captioner]


def open_cause(address: dict[str, str] | None = None) -> AppTest:
    return open_page("captions", {"part": "Change the cause", **(address or {})})


def open_moving(address: dict[str, str] | None = None) -> AppTest:
    return open_cause({"cause": "Move the attention", **(address or {})})


# Hiding.


def test_nothing_is_hidden_at_first(shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    app = open_cause()
    assert "Drag a box over something" in texts_of(app)
    words = best_words(captioner, caption_subject_of(app))
    assert len(set(words)) > 2
    assert f"##### {' '.join(words)}" in texts_of(app)
    given = browser_side.covers["cover-photo"]
    with Image.open(io.BytesIO(given["png"])) as photo:
        assert photo.size == (560, 373)  # in its own proportions: 451 x 300
    arrays = browser_side.arrays("cover-offer")
    assert not arrays["mask"].any()
    np.testing.assert_allclose(arrays["old_with_covered"], arrays["old_with_whole"], rtol=1e-5)


@pytest.mark.parametrize("fill", ["blur", "grey", "noise"])
def test_what_is_hidden_changes_what_is_written(fill: str, shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    app = open_cause()
    cover_by_click(app, browser_side, fill, BOX)
    subject = caption_subject_of(app)
    arrays = browser_side.arrays("cover-offer")
    mask = Cover.from_text(BOX).mask((32, 32))
    np.testing.assert_array_equal(arrays["mask"], mask)
    covered = torch.from_numpy(arrays["covered"])[None]
    np.testing.assert_array_equal(arrays["covered"][:, ~mask], subject.input[0].numpy()[:, ~mask])
    assert np.abs(arrays["covered"] - subject.input[0].numpy())[:, mask].max() > 0.1
    if fill == "grey":
        np.testing.assert_array_equal(arrays["covered"][:, mask], 0)
    old = best_words(captioner, subject)
    a = captioner.look(covered)
    new = captioner.vocabulary.decode(captioner.search(a, 3).best)
    assert list(arrays["old_words"]) == list(old)
    assert list(arrays["new_words"]) == new
    np.testing.assert_allclose(
        arrays["old_with_covered"], captioner.read(a, old).log_probabilities, rtol=1e-3, atol=1e-4
    )
    gone, come = changed_words(old, new)
    told = texts_of(app)
    assert f"##### {mark_gone(old, gone)}" in told
    assert f"##### {mark_come(new, come)}" in told
    assert say_change(old, new) in told
    (names,) = run_code(app)
    assert names["written"].words == tuple(new)
    assert names["hidden"].log_probability == pytest.approx(captioner.read(a, old).log_probability, rel=1e-3)
    np.testing.assert_allclose(names["hidden"].log_probabilities, arrays["old_with_covered"], rtol=1e-4)
    with Image.open(io.BytesIO(browser_side.downloads["cover-offer-png"][1])) as png:
        assert png.size == (560, 373)


def test_the_beam_width_is_obeyed(shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    app = open_cause({"beam": "1", "cover": BOX})
    words = best_words(captioner, caption_subject_of(app), 1)
    assert list(browser_side.arrays("cover-offer")["old_words"]) == list(words)


@pytest.mark.parametrize("text", ["nonsense", "b.1.2.3", "b" * 9999])
def test_a_malformed_cover_is_left_out(text: str, shelve: Shelve, browser_side: Browser) -> None:
    shelve()
    app = open_cause({"cover": text})
    assert browser_side.covers["cover-photo"]["cover"] == ""
    browser_side.clicks["cover-photo"] = "b.1.2.3"
    run(app)
    assert "Drag a box over something" in texts_of(app)


def test_a_mark_smaller_than_a_pixel_is_said(shelve: Shelve, browser_side: Browser) -> None:
    shelve()
    app = open_cause({"cover": "b.500.500.501.501"})
    assert "smaller than a pixel" in texts_of(app)


# Moving.


def test_a_click_is_asked_for(shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    app = open_moving()
    given = browser_side.movers["mover"]
    assert given["spot"] is None
    assert given["grid"] == captioner.grid == (4, 4)
    words = best_words(captioner, caption_subject_of(app))
    assert f"before it says “{words[1]}”" in texts_of(app)
    assert app.button_group(key="step").options == label_words(words)


def test_a_drop_moves_the_attention(shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    app = open_moving()
    browser_side.clicks["mover"] = (3, 1)
    run(app)
    assert (parameter(app, "look_row"), parameter(app, "look_column")) == ("3", "1")
    assert browser_side.movers["mover"]["spot"] == (3, 1)
    run(app.select_slider(key="look_radius").set_value(0.5))
    run(app.button_group(key="step").set_value(2))
    subject = caption_subject_of(app)
    old = best_words(captioner, subject)
    rows, columns = np.mgrid[:4, :4]
    patch = np.exp(-((rows - 3) ** 2 + (columns - 1) ** 2) / (2 * 0.5**2))
    patch /= patch.sum()
    flat = torch.from_numpy(patch.astype(np.float32)).reshape(1, -1)

    def steer(t: int, alpha: torch.Tensor) -> torch.Tensor:
        return flat.expand_as(alpha) if t == 2 else alpha

    a = subject.seen
    new = captioner.vocabulary.decode(captioner.search(a, 3, prefix=old[:2], steer=steer).best)
    arrays = browser_side.arrays("move-offer")
    np.testing.assert_allclose(arrays["attention"], patch, rtol=1e-4, atol=1e-7)
    assert list(arrays["new_words"]) == new
    assert new[:2] == list(old[:2])
    np.testing.assert_allclose(
        arrays["old_under_move"], captioner.read(a, old, steer).log_probabilities, rtol=1e-4, atol=1e-5
    )
    gone, come = changed_words(old, new)
    told = texts_of(app)
    assert f"##### {mark_gone(old, gone)}" in told
    assert f"##### {mark_come(new, come)}" in told
    unmoved = captioner.vocabulary.decode(captioner.search(a, 3, prefix=old[:2]).best)
    assert ("Without a move" in told) == (unmoved != list(old))
    (names,) = run_code(app)
    assert names["new"].words == tuple(new)
    np.testing.assert_allclose(names["led"].log_probabilities, arrays["old_under_move"], rtol=1e-4)
    with Image.open(io.BytesIO(browser_side.downloads["move-offer-png"][1]())) as png:
        assert png.size == (560 * 2 + 8, 373)


def test_a_link_opens_the_same_move(shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    first = open_moving()
    label = label_words(best_words(captioner, caption_subject_of(first)))[3]
    app = open_moving({"step": label, "look_row": "0", "look_column": "3", "look_radius": "2.0"})
    assert app.session_state["step"] == 3
    given = browser_side.movers["mover"]
    assert (given["spot"], given["radius"]) == ((0, 3), 2.0)


@pytest.mark.parametrize("place", [("4", "0"), ("-1", "0"), ("1.5", "2"), ("", "3"), ("x" * 500, "0")])
def test_a_place_off_the_grid_is_no_place(place: tuple[str, str], shelve: Shelve, browser_side: Browser) -> None:
    shelve()
    app = open_moving({"look_row": place[0], "look_column": place[1], "step": "no such word"})
    assert browser_side.movers["mover"]["spot"] is None
    assert app.session_state["step"] == 1


def test_a_captioner_with_nothing_to_say(shelve: Shelve, browser_side: Browser) -> None:
    shelve(seed=SILENT)
    assert "nothing to say" in texts_of(open_moving())
    assert "*nothing*" in texts_of(open_cause({"cover": BOX}))


def test_words_that_differ_are_marked() -> None:
    assert mark_gone(("a", "dog"), (False, True)) == "a :gray-background[~~dog~~]"
    assert mark_come(("a", "cat"), (False, True)) == "a :blue-background[:blue[cat]]"
    assert mark_gone((), ()) == mark_come((), ()) == "*nothing*"


@pytest.mark.parametrize("sent", [None, "3,4", [1], [1, 2, 3], ["1", "2"], [8, 0], [0, -1], {"row": 1}])
def test_what_is_no_drop_is_dropped(sent: object) -> None:
    assert read_drop(sent, (8, 8)) is None
    assert read_drop([7, 0.0], (8, 8)) == (7, 0)


def test_the_shipped_captioner(browser_side: Browser) -> None:
    app = open_moving({"look_row": "2", "look_column": "3"})
    captioner = load_captioner(list_captioners()[0])
    arrays = browser_side.arrays("move-offer")
    assert tuple(arrays["old_words"]) == best_words(captioner, caption_subject_of(app))
    assert arrays["attention"].shape == captioner.grid
