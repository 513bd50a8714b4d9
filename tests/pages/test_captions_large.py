"""Large captioners on the Captions page: small ones with random weights in their place, against the library."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.captioning import large
from explorer.captioning.large import ExtraMissing, LargeCaption, LargeCaptioner, LargeUnavailable
from explorer.captioning.large_files import INSTALL, NETWORKS
from explorer.images import open_image
from explorer.rendering import decode_png
from explorer.samples import SAMPLES, read_sample
from explorer.ui.captions import heads as captions_heads
from explorer.ui.captions import large as captions_large
from tests.captioning.making_large import toy_large
from tests.pages.opening import Browser, open_page, run

ADDRESS = {"part": "Large captioners"}


def open_large(address: dict[str, str] | None = None) -> AppTest:
    return open_page("captions", {**ADDRESS, **(address or {})})


def told_by(app: AppTest) -> str:
    parts = (*app.main.markdown, *app.main.caption, *app.main.info, *app.main.subheader)
    return re.sub(r"\\(.)", r"\1", "\n".join(element.value for element in parts))


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing is left of what another test has opened."""
    for cached in (captions_large.open_large_captioner, captions_large.compute_large):
        cached.clear()
    yield
    for cached in (captions_large.open_large_captioner, captions_large.compute_large):
        cached.clear()


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], LargeCaptioner]:
    """Both networks are on this machine, in small."""
    pytest.importorskip("transformers", reason="the extra of large captioners is not installed")
    made: dict[str, LargeCaptioner] = {}

    def toy(name: str, device: str = "auto", progress: Any = None) -> LargeCaptioner:
        if name not in made:
            made[name] = toy_large(name)
        return made[name]

    monkeypatch.setattr(captions_large, "cached_folder", lambda name: tmp_path)
    monkeypatch.setattr(captions_large, "load_large", toy)
    monkeypatch.setattr(large, "load_large", toy)
    return toy


def caption_of(toy: Callable[[str], LargeCaptioner], name: str, width: int = 3) -> LargeCaption:
    return toy(name).describe(open_image(read_sample(SAMPLES[0].name)), width)


@pytest.mark.parametrize("name", ["blip", "vit-gpt2"])
def test_the_caption_and_the_mean_of_everything(
    name: str, toys: Callable[[str], LargeCaptioner], browser_side: Browser
) -> None:
    app = open_large({"large": NETWORKS[name].title})
    caption, arrays = caption_of(toys, name), browser_side.arrays("large-offer")
    assert app.subheader[0].value == caption.text
    assert list(arrays["words"]) == list(caption.words)
    assert list(arrays["tokens"]) == list(caption.tokens)
    np.testing.assert_allclose(arrays["map"], caption.attention[0].mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(arrays["attention"], caption.attention, rtol=1e-5)
    np.testing.assert_allclose(arrays["entropy"], caption.entropy, rtol=1e-4)
    told = told_by(app)
    assert "the mean of all heads in the mean of all layers" in told
    assert f"{caption.class_share[0].mean():.1%} of it goes to the class token" in told
    assert f"{log2(9):.2f} bits is all 3 × 3 cells alike" in told
    closest = np.unravel_index(caption.entropy[0].argmin(), (2, 3))
    assert f"Layer {closest[0]}, head {closest[1]} looks most closely" in told
    photo = decode_png(browser_side.downloads["large-offer-png"][1]())
    assert photo.shape == arrays["photo"].shape
    assert photo.std() > 0


def test_a_word_a_layer_and_a_head(toys: Callable[[str], LargeCaptioner], browser_side: Browser) -> None:
    app = open_large()
    caption = caption_of(toys, "blip")
    word = max(range(1, len(caption.words)), key=lambda each: caption.spans[each][1] - caption.spans[each][0])
    run(app.button_group(key="large_word").set_value(word))
    assert browser_side.downloads["large-offer-png"][2] == f"caption-blip-{word}.png"
    run(app.selectbox(key="large_layer").select(1))
    np.testing.assert_allclose(browser_side.arrays("large-offer")["map"], caption.attention[word, 1].mean(0), rtol=1e-5)
    assert "the mean of all heads of layer 1" in told_by(app)
    run(app.selectbox(key="large_head").select(2))
    np.testing.assert_allclose(browser_side.arrays("large-offer")["map"], caption.attention[word, 1, 2], rtol=1e-5)
    told = told_by(app)
    assert "head 2 of layer 1" in told
    assert f"{caption.class_share[word, 1, 2]:.1%} of it goes to the class token" in told
    run(app.selectbox(key="large_layer").select(captions_heads.ALL))
    np.testing.assert_allclose(
        browser_side.arrays("large-offer")["map"], caption.attention[word, :, 2].mean(0), rtol=1e-5
    )
    first, last = caption.spans[word]
    assert (f"The mean over {last - first} tokens" in told_by(app)) == (last - first > 1)


def test_a_link_opens_the_same_view_and_the_snippet_gives_the_same_numbers(
    toys: Callable[[str], LargeCaptioner], browser_side: Browser
) -> None:
    address = {"large": "ViT-GPT2", "beam": "1", "large_layer": "Layer 0", "large_head": "Head 1"}
    app = open_large(address)
    arrays, names = browser_side.arrays("large-offer"), {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(app.code[0].value, "snippet", "exec"), names)
    assert app.code[0].value.startswith(f"# {INSTALL}\n")
    np.testing.assert_allclose(names["values"], arrays["map"], rtol=1e-5)
    np.testing.assert_allclose(names["values"], caption_of(toys, "vit-gpt2", 1).attention[0, 0, 1], rtol=1e-5)
    assert names["caption"].text in said.getvalue()


@pytest.mark.parametrize("value", ["", "nonsense"])
def test_mangled_addresses_open_the_page(
    value: str, toys: Callable[[str], LargeCaptioner], browser_side: Browser
) -> None:
    app = open_large(dict.fromkeys(("large", "large_word", "large_layer", "large_head", "beam"), value))
    assert not app.error
    assert "large-offer-npz" in browser_side.downloads


def test_a_sentence_that_ends_at_once(
    toys: Callable[[str], LargeCaptioner], browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        LargeCaptioner, "describe", lambda self, image, width: self.follow(self.look(self.tensor(image)), [], (3, 3))
    )
    app = open_large()
    assert "BLIP ends its sentence before the first word on this photo." in told_by(app)
    assert not browser_side.downloads


# Without the files, and without the extra.


def test_the_download_says_its_size_and_waits_for_the_button(
    browser_side: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("transformers", reason="the extra of large captioners is not installed")
    here: list[Path] = []
    told: list[tuple[int, int]] = []

    def fetch(name: str, progress: Callable[[int, int], None]) -> Path:
        for done in (0, 300, 900):
            progress(done * 10**6, 900 * 10**6)
            told.append((done, 900))
        here.append(tmp_path)
        return tmp_path

    monkeypatch.setattr(captions_large, "cached_folder", lambda name: here[0] if here else None)
    monkeypatch.setattr(captions_large, "ensure_large", fetch)
    monkeypatch.setattr(captions_large, "load_large", lambda name, device: toy_large(name))
    app = open_large()
    assert told == []
    assert "BLIP is not on this machine yet." in told_by(app)
    button = app.button(key="large_download")
    assert button.label == "Download (about 900 MB)"
    assert not app.subheader
    run(button.click())
    assert told == [(0, 900), (300, 900), (900, 900)]
    assert len(app.subheader) == 1
    assert not [each for each in app.button if each.key == "large_download"]


def test_without_a_connection_the_page_says_so(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, progress: Any) -> Path:
        raise LargeUnavailable("There is no connection.")

    monkeypatch.setattr(captions_large, "cached_folder", lambda name: None)
    monkeypatch.setattr(captions_large, "ensure_large", fail)
    app = open_large()
    assert not app.error
    run(app.button(key="large_download").click())
    assert [problem.value for problem in app.error] == ["There is no connection."]


def test_without_the_extra_the_page_says_what_to_install(
    browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> Path:
        raise ExtraMissing(f"Large captioners need transformers, an extra that is not installed here: {INSTALL}")

    monkeypatch.setattr(captions_large, "cached_folder", fail)
    app = open_large()
    said = "Large captioners need transformers, an extra that is not installed here. Install it, then start"
    assert any(info.value.startswith(said) for info in app.info)
    assert app.code[0].value == INSTALL
    assert not [button for button in app.button if button.key == "large_download"]
