"""The part Live: what a frame is answered with, what is kept of it, and that nothing else is."""

import base64
import io
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from explorer.images import read_image
from explorer.samples import SAMPLES
from explorer.ui.saliency.live import part
from explorer.ui.saliency.live.seeing import see_image
from explorer.ui.session.pictures import get_picture
from explorer.ui.session.subject import Subject
from tests.pages.opening import Browser, open_page, run_snippet

SMALL = "tiny-vgg"
LAYER = "features.relu2_2"
_heard: list[str] | None = (
    None  # files opened to be written, made, moved or linked, and machines called, while somebody listens
)


def note(event: str, given: tuple[Any, ...]) -> None:
    """A hook of the interpreter's, which stays for good."""
    if _heard is None:
        return
    if event == "open" and isinstance(given[0], str | bytes):
        mode, flags = given[1], given[2]
        if any(letter in (mode or "") for letter in "wax+") or (flags & 3):
            _heard.append(f"{given[0]!r}")
    elif event in (
        *("os.mkdir", "os.rename", "os.link", "os.symlink", "shutil.copyfile", "tempfile.mkstemp"),
        *("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"),
    ):
        _heard.append(f"{event} {given}")


sys.addaudithook(note)


def heard_of(work: Callable[[], object]) -> list[str]:
    global _heard
    _heard = []
    try:
        work()
        return _heard
    finally:
        _heard = None


def subject() -> Subject:
    return Subject(get_picture(SAMPLES[0].title), SMALL, "cpu")


def encode(image: Image.Image, kind: str) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def photo() -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8))


def test_a_frame_is_answered_and_nothing_is_written_or_sent_elsewhere(session: dict[str, Any], tmp_path: Any) -> None:
    """Neither by what answers it nor by what decodes it, which runs in a process of its own."""
    session[part._CAMERA] = {"frame": {"number": 5, "file": encode(photo(), "JPEG")}}
    part._answer(subject(), LAYER, None)  # opens the network, starts the decoder
    session.pop(part._ANSWER)
    assert heard_of(lambda: part._answer(subject(), LAYER, None)) == []
    jpeg = base64.b64decode(session[part._CAMERA]["frame"]["file"])
    assert heard_of(lambda: read_image(jpeg)) == []
    assert heard_of(lambda: (tmp_path / "a").write_bytes(jpeg)) == [repr(str(tmp_path / "a"))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        assert len(heard_of(lambda: caller.sendto(b"", ("127.0.0.1", 9)))) == 1
    number, seen = session[part._ANSWER]
    assert number == 5
    model = subject().model
    shares = model.network(model.preprocessing.tensor(read_image(jpeg).image))[0].softmax(0).sort(descending=True)
    np.testing.assert_allclose(seen.shares, shares.values[:6].detach(), atol=1e-5)
    assert seen.names == [model.classes[place] for place in shares.indices[:6]]
    assert seen.glow.max() == 255
    assert not seen.signed


@pytest.mark.parametrize("file", ["text", base64.b64encode(b"no picture").decode()])
def test_what_is_no_frame_is_answered_with_nothing(file: str, session: dict[str, Any]) -> None:
    session[part._CAMERA] = {"frame": {"number": 6, "file": file}}
    part._answer(subject(), LAYER, None)
    assert session.get(part._ANSWER, (6, None)) == (6, None)


@pytest.mark.parametrize("fit", ["crop", "squash", "pad"])
def test_the_region_is_what_the_network_sees(fit: Any) -> None:
    """A ramp from left to right: at the ends of the region it has the values at the edges of the square.

    Within a pixel of the square, by which a centre crop may be off, and one for the ramp's whole numbers.
    """
    width, height = 160, 96
    ramp = np.tile(np.linspace(0, 255, width), (height, 1))
    image = Image.fromarray(np.stack([ramp] * 3, axis=2).astype(np.uint8))
    asked = replace(subject(), fit=fit)
    left, top, right, bottom = see_image(asked, image, LAYER, None).region
    square = asked.model.preprocessing.pixels(image)[:, :, 0].astype(float)
    middle = square[len(square) // 2]
    step = (right - left) * 255 / len(middle)  # of the ramp, from one pixel of the square to the next
    assert middle[0] == pytest.approx(left * 255 + step / 2, abs=step + 1)
    assert middle[-1] == pytest.approx(right * 255 - step / 2, abs=step + 1)
    assert (bottom - top) * height == pytest.approx((right - left) * width if fit != "squash" else height)


def test_a_frozen_frame_is_one_of_the_persons_pictures(session: dict[str, Any]) -> None:
    taken = photo()
    session[part._CAMERA] = {"frozen": {"number": 7, "file": encode(taken, "PNG")}}
    part._freeze()
    label, problem = session[part._FROZEN]
    assert (problem, session["image"]) == ("", label)
    picture = get_picture(label)
    np.testing.assert_array_equal(picture.pixels, np.asarray(taken))
    assert picture.title == "camera-7.png"
    assert session["picture_list"] == [label]


@pytest.mark.parametrize("file", ["§", base64.b64encode(b"no picture").decode(), "A" * (2**23 + 4)])
def test_what_cannot_be_kept_is_said(file: str, session: dict[str, Any]) -> None:
    session[part._CAMERA] = {"frozen": {"number": 8, "file": file}}
    part._freeze()
    label, problem = session[part._FROZEN]
    assert not label
    assert problem.endswith(".")
    assert "image" not in session


def test_the_part_opens_by_its_address(browser_side: Browser) -> None:
    app = open_page("saliency", {"model": SMALL, "part": "Live", "layer": LAYER, "class": "the most probable"})
    assert any("none is written to a disk" in each.value for each in app.caption)
    (array,) = [each for key, each in browser_side.downloads.items() if key.endswith("npz")]
    with np.load(io.BytesIO(array[1]()), allow_pickle=False) as arrays:
        names, _ = run_snippet(next(each.value for each in app.code if "see_frame" in each.value))
        for name in ("probabilities", "heatmap", "maps"):
            np.testing.assert_allclose(getattr(names["seen"], name), arrays[name], rtol=1e-5, atol=1e-6)
