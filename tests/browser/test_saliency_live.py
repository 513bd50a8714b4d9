"""The part Live in a real browser, with the camera that Chromium makes up."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect
from torch.nn import functional as F

from explorer.images import open_image
from explorer.rendering.colours import AMBER
from explorer.saliency.live import see_frame
from explorer.samples import SAMPLES, read_sample
from explorer.zoo import load_model
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import check_width
from tests.browser.watching import address_of, follow, frames_to

LIVE = "saliency?part=Live&model=tiny-vgg&layer=features.relu3_1"
REFUSED = {
    "NotAllowedError": "The browser was not allowed to use the camera: allow it for this page, then start again.",
    "NotFoundError": "The browser finds no camera: connect one, then start again.",
    "NotReadableError": "The camera is in use elsewhere: close the program or the tab that has it, then start again.",
    "AbortError": "The camera could not be opened (AbortError).",
}


def files_of(folder: Path) -> dict[Path, int]:
    """Every file below a folder and its size, but for the server's own log."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "streamlit.log")
    return {path: path.stat().st_size for path in found}


def pixels_of(page: Page) -> np.ndarray:
    """The frame as it is drawn, (H, W, 3)."""
    url = page.locator("canvas.seen").evaluate("canvas => canvas.toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")).astype(float)


def glowing_photo() -> np.ndarray:
    """(320, 320, 3) the sample with its heatmap: 0.35 photo + 0.65 amber, the map enlarged by PyTorch."""
    model = load_model("tiny-vgg", "cpu")
    image = open_image(read_sample(SAMPLES[0].name))
    heatmap = torch.from_numpy(see_frame(model, model.preprocessing.tensor(image), "features.relu3_1").heatmap)
    glow = F.interpolate((heatmap / heatmap.max())[None, None], (320, 320), mode="bilinear")[0, 0].numpy()
    return 0.35 * model.preprocessing.with_size(320).pixels(image) + 0.65 * AMBER[np.rint(255 * glow).astype(int)]


def test_the_camera_is_seen_by_the_network_and_frozen(
    dashboard: str, open_page: Callable[..., Page], tmp_path_factory: pytest.TempPathFactory, screenshots: Path
) -> None:
    page = open_page(width=390, height=844)
    sent = frames_to(page)
    follow(page, f"{dashboard}/{LIVE}", "canvas.seen[data-drawn]")
    difference = np.abs(pixels_of(page) - glowing_photo())
    assert difference.mean() < 0.6  # levels are rounded before they are enlarged, colours afterwards
    assert difference.max() < 6
    check_width(page)

    before = files_of(tmp_path_factory.getbasetemp())  # where the server's home is
    page.get_by_role("button", name="Start the camera").click()
    frame = page.locator(".frame[data-answers]")
    frame.wait_for()
    for _ in range(4):
        asked = sum(b'"file"' in message for message in list(sent) if isinstance(message, bytes))
        answered = int(frame.get_attribute("data-answers") or 0)
        assert 1 <= asked <= answered + 1  # one on its way, and none behind it
        page.wait_for_function(
            "([frame, last]) => frame.dataset.answers > last", arg=[frame.element_handle(), answered]
        )
    expect(page.locator(".bar")).to_have_count(6)
    assert files_of(tmp_path_factory.getbasetemp()) == before
    assert page.evaluate(NAMELESS) == []

    page.get_by_role("button", name="Freeze this frame").click()
    expect(page.get_by_text("The frozen frame is the sidebar's picture now")).to_be_visible()
    page.locator("canvas.seen[data-drawn]").wait_for()
    wait_until_idle(page)
    answered = frame.get_attribute("data-answers")
    assert address_of(page)["image"].startswith("camera-")
    check_width(page)
    page.screenshot(path=screenshots / "saliency-live-phone.png")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("([frame, last]) => frame.dataset.answers > last", arg=[frame.element_handle(), answered])
    page.get_by_role("button", name="Stop the camera").click()
    page.locator('[data-testid="stMain"]').get_by_role("link", name="Convolution").last.click()
    page.get_by_role("heading", name="Convolution", exact=True).wait_for()
    wait_until_idle(page)
    assert address_of(page)["image"].startswith("camera-")
    assert files_of(tmp_path_factory.getbasetemp()) == before


def test_a_camera_that_is_refused_or_missing_or_in_use(dashboard: str, page: Page) -> None:
    follow(page, f"{dashboard}/{LIVE}", "canvas.seen[data-drawn]")
    for error, said in REFUSED.items():
        page.evaluate(
            "name => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name)); }", error
        )
        page.get_by_role("button", name="Start the camera").click()
        expect(page.locator(".line")).to_have_text(said)
        expect(page.get_by_role("button", name="Freeze this frame")).to_be_hidden()
    page.evaluate("""() => {
        const media = navigator.mediaDevices;
        delete media.getUserMedia; // the browser's own is back
        const open = media.getUserMedia.bind(media);
        media.getUserMedia = async (wanted) => (window.opened = await open(wanted));
    }""")
    page.get_by_role("button", name="Start the camera").click()
    page.get_by_role("button", name="Stop the camera").wait_for()
    page.evaluate("opened.getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator(".line")).to_have_text("The camera has ended: it was unplugged, or is no longer allowed.")
    expect(page.get_by_role("button", name="Start the camera")).to_be_enabled()
