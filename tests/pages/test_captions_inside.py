"""Inside the decoder: gates, memory and word vectors on the page, against the library and by hand."""

import base64
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.captioning import Captioner, list_captioners, load_captioner
from explorer.captioning.vocabulary import MARKS
from tests.pages.opening import Browser, open_page, run, texts_of
from tests.pages.toy_captions import SILENT, WORDS, best_words, caption_subject_of, run_code

Shelve = Callable[..., Captioner]


def open_inside(address: dict[str, str] | None = None) -> AppTest:
    return open_page("captions", {"part": "Inside the decoder", **(address or {})})


def titles_of(app: AppTest) -> list[str]:
    """Of the charts on the page."""
    charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return [chart["layout"]["title"]["text"] for chart in charts]


def test_gates_and_cells_are_what_the_lstm_did(shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    app = open_inside()
    words = best_words(captioner, caption_subject_of(app))
    led = captioner.teacher_force(caption_subject_of(app).seen, words)
    arrays = browser_side.arrays("inside-offer")
    assert tuple(arrays["words"]) == words
    lstm, before = captioner.decoder.lstm, led.first
    for t, step in enumerate(led.steps[: len(words)]):
        pre = lstm.weight_ih @ step.x[0] + lstm.bias_ih + lstm.weight_hh @ before.h[0] + lstm.bias_hh
        i, f, g, o = pre.numpy().reshape(4, -1)  # in PyTorch's order
        for kind, values in (("input", i), ("forget", f), ("output", o)):
            np.testing.assert_allclose(arrays[kind][t], 1 / (1 + np.exp(-values)), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(arrays["candidate"][t], np.tanh(g), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(arrays["cell"][t], step.state.c[0].numpy(), rtol=1e-5)
        before = step.state
    np.testing.assert_allclose(arrays["beta"], led.beta[0, : len(words)].numpy(), rtol=1e-5)
    assert sorted(arrays["order"]) == list(range(14))
    titles = titles_of(app)
    kinds = ["Input gate i", "Candidate g", "Forget gate f", "Output gate o", "Cell state c", "State h"]
    assert [title.split(":")[0] for title in titles[:6]] == kinds
    assert titles[6].startswith("Mean of each gate")
    cells = json.loads(app.get("plotly_chart")[1].proto.spec)["data"][0]["z"]
    drawn = np.frombuffer(base64.b64decode(cells["bdata"]), cells["dtype"])
    np.testing.assert_allclose(drawn, arrays["candidate"].T[arrays["order"]].ravel())
    np.testing.assert_allclose(arrays["hidden"], arrays["output"] * np.tanh(arrays["cell"]), rtol=1e-5)
    assert "14 units" in texts_of(app)
    first, second = run_code(app)
    np.testing.assert_allclose(first["memory"].cell, arrays["cell"], rtol=1e-5)
    np.testing.assert_array_equal(first["units"], arrays["order"])
    assert second["points"].shape == (len(second["numbers"]), 2)
    with Image.open(io.BytesIO(browser_side.downloads["inside-offer-png"][1]())) as png:
        assert png.size == (6 * 24 * len(words) + 40, 512)


def test_units_by_their_mean(shelve: Shelve, browser_side: Browser) -> None:
    shelve()
    app = open_inside({"units": "By mean"})
    run(app.selectbox(key="units_by").set_value("forget"))
    arrays = browser_side.arrays("inside-offer")
    assert (np.diff(arrays["forget"].mean(axis=0)[arrays["order"]]) <= 0).all()
    run(app.segmented_control(key="units").set_value("number"))
    np.testing.assert_array_equal(browser_side.arrays("inside-offer")["order"], np.arange(14))


def test_the_nearest_words_are_those_by_cosine(shelve: Shelve, browser_side: Browser) -> None:
    captioner = shelve()
    app = open_inside({"near": "Dog!"})
    rows = captioner.decoder.embedding.weight.numpy().astype(float)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    own = len(MARKS) + WORDS.index("dog")
    cosines = rows @ rows[own]
    order = [number for number in np.argsort(-cosines) if number >= len(MARKS) and number != own][:8]
    (table,) = app.table
    assert list(table.value["word"]) == [captioner.vocabulary.words[number] for number in order]
    assert list(table.value["cosine"]) == [f"{cosines[number]:.2f}" for number in order]
    arrays = browser_side.arrays("vectors-offer")
    assert set(arrays["words"]) == set(WORDS)
    centred = arrays["vectors"] - arrays["vectors"].mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(arrays["points"]), np.abs(left[:, :2] * values[:2]), rtol=1e-2, atol=1e-4)
    names = run_code(app)[1]
    np.testing.assert_allclose(names["points"], arrays["points"], rtol=1e-4, atol=1e-5)


def test_tsne_on_demand(shelve: Shelve, browser_side: Browser) -> None:
    shelve()
    app = open_inside()
    before = browser_side.arrays("vectors-offer")["points"]
    run(app.segmented_control(key="plane").set_value("tsne"))
    after = browser_side.arrays("vectors-offer")
    assert after["points"].shape == before.shape
    assert np.abs(after["points"] - before).max() > 1
    assert "t-SNE keeps neighbours together" in texts_of(app)
    names = run_code(app)[1]
    np.testing.assert_allclose(names["points"], after["points"], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("typed", "said"), [("zeppelin", "does not know “zeppelin”"), ("  ", "Type a word"), ("?!", "Type a word")]
)
def test_a_word_that_cannot_be_looked_up(typed: str, said: str, shelve: Shelve, browser_side: Browser) -> None:
    shelve()
    app = open_inside()
    run(app.text_input(key="near").set_value(typed))
    assert said in texts_of(app)
    assert not app.table
    assert len(run_code(app)) == 2


def test_learned_beside_frozen(shelve: Shelve, browser_side: Browser) -> None:
    figures = {"embedding_comparison": {"learned": {"bleu4": 0.19}, "frozen": {"bleu4": 0.175}}}
    shelve(frozen=True, card=figures)
    app = open_inside({"near": "dog"})
    assert len(app.table) == 2
    told = texts_of(app)
    for said in ("**Learned with the network**", "**Looked up and frozen**", "**19**", "**17.5**"):
        assert said in told
    run(app.segmented_control(key="vectors").set_value("frozen"))
    frozen = browser_side.arrays("vectors-offer")["vectors"]
    names = run_code(app)[1]
    np.testing.assert_allclose(names["vectors"][names["numbers"]], frozen)
    run(app.text_input(key="near").set_value(WORDS[-1]))
    assert "has no vector" in texts_of(app)
    assert len(app.table) == 1


def test_without_frozen_vectors_there_is_no_choice(shelve: Shelve, browser_side: Browser) -> None:
    shelve()
    app = open_inside()
    assert "vectors" not in app.session_state
    assert "Looked up and frozen" not in texts_of(app)


def test_a_captioner_with_nothing_to_say(shelve: Shelve, browser_side: Browser) -> None:
    shelve(seed=SILENT)
    app = open_inside()
    assert "has taken no step" in texts_of(app)
    assert len(app.table) == 1  # its words still have vectors


def test_the_shipped_captioner(browser_side: Browser) -> None:
    app = open_inside()
    captioner = load_captioner(list_captioners()[0])
    arrays = browser_side.arrays("inside-offer")
    words = best_words(captioner, caption_subject_of(app))
    assert tuple(arrays["words"]) == words
    assert arrays["cell"].shape == (len(words), captioner.decoder.lstm.hidden_size)
