"""Other sentences: the tree, the tables and the draws, against the library asked directly."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.captioning import Captioner
from explorer.captioning.search import LENGTH_PENALTY, list_finals
from explorer.captioning.vocabulary import END
from explorer.rendering import decode_png
from explorer.ui.captions import beam_search as captions_beam_search
from tests.pages.opening import Browser, open_page, run, texts_of
from tests.pages.toy_captions import SILENT, caption_subject_of

PART = {"part": "Other sentences"}


def open_beams(address: dict[str, str] | None = None) -> AppTest:
    return open_page("captions", {**PART, **(address or {})})


def printed_by(app: AppTest) -> tuple[dict[str, Any], str]:
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(app.code[0].value, "snippet", "exec"), names)
    return names, out.getvalue()


def check_search(app: AppTest, side: Browser, width: int) -> None:
    subject = caption_subject_of(app)
    beams = subject.captioner.search(subject.seen, width)
    table, arrays = app.table[0].value, side.arrays("beams")
    np.testing.assert_array_equal(arrays["words"], beams.words)
    np.testing.assert_array_equal(arrays["parents"], beams.parents)
    np.testing.assert_allclose(arrays["scores"], beams.scores, rtol=1e-5)
    assert len(table) == len(beams.order)
    for row, beam in zip(table.to_dict("records"), beams.order, strict=True):
        words = subject.captioner.vocabulary.decode(beams.sentence(beam))
        length = len(words) + (beams.words[-1, beam] == END)
        assert row["sentence"].removesuffix(" … (cut off)") == (" ".join(words) or "(no word)")
        assert row["sentence"].endswith("(cut off)") == (beams.words[-1, beam] != END)
        assert float(row["log probability"]) == pytest.approx(beams.scores[-1, beam], abs=6e-4)
        assert float(row["length-adjusted"]) == pytest.approx(
            beams.scores[-1, beam] / max(length, 1) ** LENGTH_PENALTY, abs=6e-4
        )
    adjusted = [float(each) for each in table["length-adjusted"]]
    assert adjusted == sorted(adjusted, reverse=True)
    died = sum(
        not (beams.parents[step + 1][np.isfinite(beams.scores[step + 1])] == beam).any()
        for step in range(len(beams.words) - 1)
        for beam in np.flatnonzero(np.isfinite(beams.scores[step]))
    )
    noun = "branch" if died == 1 else "branches"
    assert f"{died} {noun} died on the way, {len(beams.order)} came in." in texts_of(app)


def test_every_width_shows_its_own_search(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_beams()
    assert app.select_slider(key="beam").value == 3
    check_search(app, browser_side, 3)
    for width in (1, 8):
        run(app.select_slider(key="beam").set_value(width))
        check_search(app, browser_side, width)
        assert ("no runner-up" in texts_of(app)) == (width == 1)
    assert decode_png(browser_side.downloads["beams-png"][1]()).std() > 0


def test_the_tree_is_drawn_whole(
    browser_side: Browser, shelve: Callable[..., Captioner], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve()
    drawn = []
    original = captions_beam_search.beam_tree

    def watch(nodes: list[Any], title: str, **more: Any) -> Any:
        drawn.append((nodes, title, more))
        return original(nodes, title, **more)

    monkeypatch.setattr(captions_beam_search, "beam_tree", watch)
    app = open_beams({"beam": "5"})
    subject = caption_subject_of(app)
    beams = subject.captioner.search(subject.seen, 5)
    assert [more["first"] for _, _, more in drawn] == list(range(1, len(beams.words) + 1, 12))
    nodes = drawn[0][0]
    best = tuple(subject.captioner.vocabulary.decode(beams.best))
    assert [node.words for node in nodes if node.fate == "won" and not node.ended][-1] == best
    assert max(node.step for node in nodes if node.fate != "dropped") == len(beams.words)


def check_draws(app: AppTest, temperature: float, top_k: int, seed: int) -> list[str]:
    subject = caption_subject_of(app)
    rows = app.table[1].value.to_dict("records")
    assert len(rows) == 5
    for number, row in enumerate(rows):
        drawn = subject.captioner.sample(subject.seen, temperature, top_k, 5 * seed + number)
        assert row["sentence"] == (drawn.text or "(no word)")
        assert float(row["log probability"]) == pytest.approx(drawn.log_probability, abs=6e-4)
    return [row["sentence"] for row in rows]


def test_the_same_seed_draws_the_same_and_others_others(
    browser_side: Browser, shelve: Callable[..., Captioner]
) -> None:
    shelve()
    app = open_beams({"temperature": "2.0"})
    first = check_draws(app, 2.0, 0, 0)
    (button,) = (each for each in app.button if each.label == "Draw 5 others")
    run(button.click())
    assert app.number_input(key="draws_seed").value == 1
    second = check_draws(app, 2.0, 0, 1)
    assert second != first
    run(app.number_input(key="draws_seed").set_value(0))
    assert check_draws(app, 2.0, 0, 0) == first
    run(app.number_input(key="draws_seed").set_value(9999))
    (button,) = (each for each in app.button if each.label == "Draw 5 others")
    run(button.click())
    assert check_draws(app, 2.0, 0, 0) == first


def test_temperature_and_top_k_reach_the_draws(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_beams({"temperature": "0.1", "top_k": "5", "draws_seed": "7"})
    check_draws(app, 0.1, 5, 7)
    run(app.segmented_control(key="top_k").set_value(20))
    run(app.slider(key="temperature").set_value(1.7))
    texts = check_draws(app, 1.7, 20, 7)
    assert f"{len(set(texts))} of 5 are different" in texts_of(app)
    arrays = browser_side.arrays("beams")
    assert [str(each) or "(no word)" for each in arrays["drawn"]] == texts


def test_the_snippet_gives_the_same_numbers(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_beams({"beam": "4", "temperature": "1.3", "top_k": "20", "draws_seed": "3"})
    names, out = printed_by(app)
    arrays = browser_side.arrays("beams")
    np.testing.assert_array_equal(names["beams"].words, arrays["words"])
    np.testing.assert_allclose(names["beams"].scores, arrays["scores"], rtol=1e-5)
    assert [draw.text for draw in names["draws"]] == list(arrays["drawn"])
    np.testing.assert_allclose(
        [draw.log_probability for draw in names["draws"]], arrays["drawn_log_probabilities"], rtol=1e-5
    )
    lines = out.splitlines()
    assert [line.split(" ", 1)[1] for line in lines[:4]] == list(arrays["sentences"])
    printed = [float(line.split(" ", 1)[0]) for line in lines[:4]]
    np.testing.assert_allclose(printed, arrays["log_probabilities"], atol=1e-3)


def test_a_captioner_with_nothing_to_say(browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve(seed=SILENT)
    app = open_beams({"beam": "1"})
    check_search(app, browser_side, 1)
    assert app.table[0].value["sentence"][0] == "(no word)"
    assert decode_png(browser_side.downloads["beams-png"][1]()).std() > 0


@pytest.mark.parametrize("value", ["", "nonsense", "-3", "1e9"])
def test_mangled_addresses_open_the_page(value: str, browser_side: Browser, shelve: Callable[..., Captioner]) -> None:
    shelve()
    app = open_beams(dict.fromkeys(("beam", "temperature", "top_k", "draws_seed"), value))
    assert not app.error
    assert "beams-npz" in browser_side.downloads
    heat = app.slider(key="temperature").value, app.segmented_control(key="top_k").value
    check_draws(app, float(heat[0]), int(heat[1] or 0), int(app.number_input(key="draws_seed").value))


def test_the_shipped_captioner_has_other_sentences(browser_side: Browser) -> None:
    app = open_beams()
    subject = caption_subject_of(app)
    assert subject.name == "photo-captioner"
    assert list_finals(subject.captioner.search(subject.seen, 3), subject.captioner.vocabulary)
    check_search(app, browser_side, 3)
    check_draws(app, 1.0, 0, 0)
