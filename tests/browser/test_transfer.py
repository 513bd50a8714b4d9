"""The Transfer page in a real browser: a comparison that is trained for real, and found again by its link."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import WATCH, wait_until_idle
from tests.browser.test_layers import check_width
from tests.browser.watching import PATIENCE, address_of, follow

TRAINING = 240  # seconds of patience, on a machine that does other things too
# A hundred pictures, and no more steps than the two epochs have: the page's own least is 300.
SMALL = {"model": "tiny-vgg", "each": "10", "seeds": "1", "epochs": "2", "steps": "0", "part": "Train"}
TWO = {**SMALL, "strategies": ["New head, frozen backbone", "Full fine-tuning"]}


def open_transfer(page: Page, address: str) -> None:
    follow(page, address, 'h1:has-text("Transfer learning")')


def expect_trained(page: Page) -> None:
    expect(page.get_by_text("2 trainings of tiny-vgg in")).to_be_visible(timeout=TRAINING * 1000)


@pytest.fixture(scope="module")
def trained(dashboard: str, browser: Browser) -> str:
    """The address of a comparison, trained on the page, that tells its result and can be tried at once."""
    page = browser.new_page()
    page.add_init_script(WATCH)
    open_transfer(page, f"{dashboard}/transfer?{urlencode(TWO, doseq=True)}")
    page.locator(".st-key-train_transfer button").click()
    expect_trained(page)
    page.get_by_role("heading", name="Try it").wait_for()
    address = page.url
    page.reload()  # by its cookie it is the same browser, which may do what others may not
    page.locator(".stPopover", has_text="Delete pictures and results").wait_for()
    page.close()
    return address


def test_two_strategies_are_trained_and_found_again(trained: str, page: Page) -> None:
    open_transfer(page, trained)
    expect_trained(page)
    assert address_of(page)["job"] in trained
    expect(page.get_by_text("Accuracy", exact=True).first).to_be_visible()
    expect(page.get_by_text("Another browser has started this job")).to_be_visible()
    expect(page.locator(".st-key-train_transfer button")).to_be_enabled()
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until_idle(page, timeout=PATIENCE)
    check_width(page)


def test_the_camera_is_answered(trained: str, open_page: Callable[..., Page]) -> None:
    """The bars follow it, and nothing is asked after it was stopped."""
    page = open_page(width=390, height=844)
    open_transfer(page, trained)
    page.get_by_text("The camera", exact=True).click()
    page.get_by_role("button", name="Start the camera").click()
    frame = page.locator(".frame[data-answers]")
    frame.wait_for()
    first = int(frame.get_attribute("data-answers") or 0)
    page.wait_for_function("([frame, first]) => frame.dataset.answers > first + 2", arg=[frame.element_handle(), first])
    shares = [float(text.removesuffix(" %")) for text in page.locator(".bar .share").all_inner_texts()]
    assert abs(sum(shares) - 100) < 0.1 * len(shares)
    check_width(page)
    page.get_by_role("button", name="Stop the camera").click()
    expect(page.locator("video")).to_be_hidden()
