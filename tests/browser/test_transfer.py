"""The Transfer page in a real browser: a comparison that is trained for real, and found again after a reload."""

import os
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import wait_until_idle
from tests.browser.test_layers import check_width
from tests.browser.watching import PATIENCE, address_of

TRAINING = 240  # seconds of patience, on a machine that does other things too
TWO = {"strategies": ["New head, frozen backbone", "Full fine-tuning"], "seeds": "1", "epochs": "2", "part": "Train"}


def open_transfer(page: Page, address: str, query: dict[str, str | list[str]]) -> None:
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(f"{address}/transfer?{urlencode({'model': 'tiny-vgg', **query}, doseq=True)}")
    page.get_by_role("heading", name="Transfer learning", exact=True).wait_for()
    wait_until_idle(page, timeout=PATIENCE)


def test_two_strategies_are_trained_and_found_again(dashboard: str, page: Page) -> None:
    open_transfer(page, dashboard, TWO)
    page.locator(".st-key-train_transfer button").click()
    done = page.get_by_text("2 trainings of tiny-vgg in")
    expect(done).to_be_visible(timeout=TRAINING * 1000)
    job = address_of(page)["job"]
    page.reload()
    expect(done).to_be_visible(timeout=PATIENCE * 1000)
    assert address_of(page)["job"] == job
    expect(page.get_by_text("Right answers").first).to_be_visible()
    expect(page.locator(".st-key-train_transfer button")).to_be_enabled()
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until_idle(page, timeout=PATIENCE)
    check_width(page)


def test_the_camera_is_answered_as_soon_as_a_training_is_done(browser: Browser, chromium: Path, dashboard: str) -> None:
    """A browser with a made-up camera: the bars follow it, and nothing is asked after it was stopped."""
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--disable-gpu"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    filming = browser.browser_type.launch(executable_path=chromium, args=[*flags, *sandbox])
    page = filming.new_page(viewport={"width": 390, "height": 844})
    try:
        one = {"strategies": ["New head, frozen backbone"], "seeds": "1", "epochs": "2", "part": "Train"}
        open_transfer(page, dashboard, one)
        page.locator(".st-key-train_transfer button").click()
        page.get_by_role("heading", name="Try it").wait_for(timeout=TRAINING * 1000)
        page.get_by_text("The camera", exact=True).click()
        page.get_by_role("button", name="Start the camera").click()
        frame = page.locator(".frame[data-answers]")
        frame.wait_for()
        first = int(frame.get_attribute("data-answers") or 0)
        page.wait_for_function(
            "([frame, first]) => frame.dataset.answers > first + 2", arg=[frame.element_handle(), first]
        )
        shares = [float(text.removesuffix(" %")) for text in page.locator(".bar .share").all_inner_texts()]
        assert abs(sum(shares) - 100) < 0.1 * len(shares)
        check_width(page)
        page.get_by_role("button", name="Stop the camera").click()
        expect(page.locator("video")).to_be_hidden()
    finally:
        filming.close()
