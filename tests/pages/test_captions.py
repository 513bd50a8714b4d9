"""The Captions page's first part, against what the captioner says of the same picture by itself."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.captioning import Caption, load_captioner
from explorer.captioning.caption import STILL
from explorer.rendering import decode_png, film_strip, format_percent
from explorer.text import significant
from explorer.ui.session.pictures import get_picture
from tests.pages.opening import Browser, open_page, run

NAME = "photo-captioner"


def open_captions(address: dict[str, str] | None = None) -> AppTest:
    return open_page("captions", {"captioner": NAME, "device": "cpu", **(address or {})})


def described(app: AppTest, width: int = 3) -> Caption:
    image = get_picture(app.session_state["image"]).intake.image
    return load_captioner(NAME, device="cpu").describe(image, width)


def upload(app: AppTest, image: Image.Image, name: str = "mine.png") -> AppTest:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    app.file_uploader(key="uploads").upload(name, buffer.getvalue(), "image/png")
    return run(app)


def check_player(app: AppTest, side: Browser, width: int = 3) -> Caption:
    """The player has the caption that the captioner gives, and the page's words are about it."""
    expected = described(app, width)
    given: Caption = side.players["player"]["caption"]
    assert given.words == expected.words
    np.testing.assert_allclose(given.attention, expected.attention, atol=1e-6)
    np.testing.assert_allclose(given.log_probabilities, expected.log_probabilities, atol=1e-5)
    assert side.players["player"]["alt"] == get_picture(app.session_state["image"]).title
    if expected.words:
        assert any(f"**{significant(expected.log_probability)}**" in each.value for each in app.main.markdown)
    return expected


def test_it_works_at_once_on_a_sample(browser_side: Browser) -> None:
    app = open_captions()
    check_player(app, browser_side)
    picture = get_picture(app.session_state["image"])
    shown = decode_png(browser_side.players["player"]["png"])
    width, height = picture.intake.image.size
    assert shown.shape[1] / shown.shape[0] == pytest.approx(width / height, rel=0.01)


def test_the_beam_width_decides(browser_side: Browser) -> None:
    app = open_captions({"beam": "1"})
    check_player(app, browser_side, 1)
    slider = app.select_slider(key="beam")
    assert list(slider.options) == [str(width) for width in range(1, 9)]
    run(slider.set_value(6))
    check_player(app, browser_side, 6)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_it_says_where_the_attention_hardly_changes(
    factor: float, browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = np.array([[[1.0, 0.0]], [[1 - factor * STILL, factor * STILL]]], np.float32)
    caption = Caption(("a", "dog"), maps, np.log([0.5, 0.5]), ((), ()), np.array([0.5, 0.5]), -1.0, copied=np.zeros(2))
    monkeypatch.setattr("explorer.ui.captions.caption.compute_caption", lambda subject, width: caption)
    app = open_captions()
    told = [each.value for each in app.info if "hardly changes" in each.value]
    assert len(told) == (factor < 1)
    assert all(format_percent(factor * STILL) in each for each in told)


def test_a_captioner_that_says_nothing(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Caption((), np.zeros((0, 10, 10), np.float32), np.zeros(0), (), np.zeros(0), -0.1)
    monkeypatch.setattr("explorer.ui.captions.caption.compute_caption", lambda subject, width: silent)
    app = open_captions()
    assert any("nothing to say" in each.value for each in app.info)
    assert browser_side.players["player"]["caption"] is silent
    assert not browser_side.downloads


PICTURES = {
    "grey": Image.new("L", (200, 120), 90),
    "dot": Image.new("RGB", (1, 1), (200, 30, 30)),
    "panorama": Image.new("RGB", (4000, 3), (20, 90, 160)),
    "tower": Image.new("RGB", (2, 3000), (20, 160, 90)),
    "transparent": Image.new("RGBA", (60, 60), (0, 0, 0, 0)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_odd_pictures(name: str, browser_side: Browser) -> None:
    app = upload(open_captions(), PICTURES[name])
    expected = check_player(app, browser_side)
    if expected.words:
        assert min(decode_png(browser_side.downloads["watching-png"][1]()).shape[:2]) > 20


def test_the_downloads_hold_the_caption(browser_side: Browser) -> None:
    app = open_captions()
    expected = described(app)
    assert [browser_side.downloads[f"watching-{kind}"][2] for kind in ("png", "npz", "json")] == [
        f"{NAME}-caption.{kind}" for kind in ("png", "npz", "json")
    ]
    strip = decode_png(browser_side.downloads["watching-png"][1]())
    scale = 560 / max(get_picture(app.session_state["image"]).intake.image.size)
    size = [round(side * scale) for side in get_picture(app.session_state["image"]).intake.image.size]
    photo = np.asarray(get_picture(app.session_state["image"]).intake.image.resize(size, Image.Resampling.BICUBIC))
    wanted = film_strip(photo, expected.attention, expected.words).astype(int)
    assert np.abs(strip - wanted).max() <= 1
    arrays = browser_side.arrays("watching")
    assert arrays["words"].tolist() == list(expected.words)
    np.testing.assert_allclose(arrays["attention"], expected.attention, atol=1e-6)
    np.testing.assert_allclose(arrays["log_probabilities"], expected.log_probabilities, atol=1e-5)
    assert arrays["alternatives"].tolist() == [[each.word for each in row] for row in expected.alternatives]
    np.testing.assert_allclose(
        arrays["alternative_probabilities"],
        [[each.probability for each in row] for row in expected.alternatives],
        rtol=1e-4,
    )
    read = json.loads(browser_side.downloads["watching-json"][1]())
    assert [each["word"] for each in read["words"]] == list(expected.words)
    np.testing.assert_allclose([each["probability"] for each in read["words"]], expected.probabilities, rtol=1e-4)
    np.testing.assert_allclose([each["attention"] for each in read["words"]], expected.attention, atol=1e-6)


@pytest.mark.parametrize("own", [False, True], ids=["sample", "upload"])
def test_the_snippet_gives_the_same_caption(
    own: bool, browser_side: Browser, photo_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_captions({"beam": "2"})
    if own:
        app.file_uploader(key="uploads").upload("mine.jpg", photo_bytes, "image/jpeg")
        run(app)
        (tmp_path / "mine.jpg").write_bytes(photo_bytes)
        monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(app.code[0].value, "snippet", "exec"), names)
    given: Caption = browser_side.players["player"]["caption"]
    assert names["caption"].words == given.words
    np.testing.assert_allclose(names["caption"].attention, given.attention, atol=1e-6)
    np.testing.assert_allclose(names["caption"].log_probabilities, given.log_probabilities, atol=1e-5)
    lines = printed.getvalue().splitlines()
    assert [line.split()[0] for line in lines[:-1]] == list(given.words)
    assert float(lines[-1].split()[-1]) == pytest.approx(given.log_probability, abs=1e-4)
