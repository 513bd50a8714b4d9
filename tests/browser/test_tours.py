"""The tours in a browser: each is walked from its first step to its last."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from explorer.ui.app import page_of
from explorer.ui.tours.tour import Tour, list_tours
from tests.browser.serving import wait_until_idle
from tests.browser.watching import PATIENCE, address_of

TOURS = {tour.name: tour for tour in list_tours()}
SIDEBAR = '[data-testid="stSidebar"]'


def begin(page: Page, dashboard: str, tour: Tour) -> None:
    name, address = tour.link_to(1, present=True)
    page.goto(f"{dashboard}/{name}?{urlencode(address)}")


def arrive(page: Page, tour: Tour, number: int) -> None:
    """The page of the step stands as its address says, and what is to be looked at is on it."""
    step = tour.steps[number - 1]
    expect(page.locator(".st-key-tour_ways")).to_contain_text(f"{tour.title}: {number} of {len(tour.steps)}")
    expect(page.get_by_role("heading", name=page_of(step.page).title, exact=True)).to_be_visible()
    wait_until_idle(page, timeout=PATIENCE)
    expect(page.locator(".st-key-tour_says")).to_contain_text(step.look)
    assert address_of(page) == {**address_of(page), **tour.link_to(number, present=True)[1]}
    expect(page.locator('[data-testid="stMain"]').locator(step.see).first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.locator(SIDEBAR)).to_be_hidden()
    bar, width = page.locator(".st-key-tour").bounding_box(), page.viewport_size["width"]  # type: ignore[index]
    assert bar is not None
    assert bar["x"] >= 0
    assert bar["x"] + bar["width"] <= width


@pytest.mark.parametrize(
    ("name", "width", "height", "colours"),
    [
        ("filter", 1440, 900, "light"),
        ("cnn", 390, 844, "dark"),
        ("heatmap", 1440, 900, "dark"),
        ("transfer", 390, 844, "light"),
    ],
)
def test_a_tour_is_walked_to_its_end(
    dashboard: str, open_page: Callable[..., Page], name: str, width: int, height: int, colours: str
) -> None:
    page, tour = open_page(width, height, colours), TOURS[name]
    begin(page, dashboard, tour)
    for number in range(1, len(tour.steps) + 1):
        arrive(page, tour, number)
        on = page.get_by_role("link", name="Next", exact=True)
        if number < len(tour.steps):
            on.click()
    expect(on).to_have_count(0)


def test_choosers_work_on_a_step_and_the_class_gets_the_view_as_it_is(dashboard: str, page: Page) -> None:
    tour = TOURS["filter"]
    begin(page, dashboard, tour)
    arrive(page, tour, 1)
    page.get_by_role("button", name="Sharpen").click()
    wait_until_idle(page, timeout=PATIENCE)
    assert address_of(page)["step"] == "1"
    link = page.get_by_role("link", name="Link for the class")
    link.focus()
    href = link.get_attribute("href") or ""
    assert href.startswith(f"{dashboard}/convolution?")
    assert "filters=Sharpen" in href
    assert href.endswith("ask=true")
    assert "tour=" not in href
    assert "present" not in href
    # What was chosen belongs to this step: the next one is as it says, on the same page too, and so is this one again.
    page.keyboard.press("ArrowRight")
    arrive(page, tour, 2)
    assert "filters=Gaussian+blur&" in page.url
    assert "Sharpen" not in page.url
    page.keyboard.press("ArrowLeft")
    arrive(page, tour, 1)
    assert "filters" not in address_of(page)
    page.get_by_role("button", name="With sidebar").click()
    expect(page.locator(SIDEBAR)).to_be_visible()
    page.get_by_role("button", name="Leave the tour").click()
    expect(page.locator(".st-key-tour")).to_have_count(0)
    wait_until_idle(page, timeout=PATIENCE)
    assert not {"tour", "step", "present"} & {*address_of(page)}
