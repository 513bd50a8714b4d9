"""Every page begins with its picture and what to notice, and fits its screen."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from explorer.ui.app import PAGES
from explorer.zoo import list_shipped
from tests.browser.serving import wait_until_idle
from tests.browser.test_layers import on_every_screen
from tests.browser.watching import PATIENCE

LARGE = list_shipped()[0]
# How far down its picture may reach on a screen of this width: 600 pixels, or a phone's screen and a half.
FOLDS = {1440: 600, 390: 844 * 1.5}
SEEN = 300  # pixels of a picture that is taller than what is left of the screen
# What each page shows first: the last of the pictures that stand there, and an address.
PICTURES = {
    "layers": (".strip", {}),
    "filters": ('img[alt*="as a block of"]', {"model": LARGE, "silence": "This filter"}),
    "convolution": (".microscope .output .base", {}),
    "pooling": ('img[alt^="Max: "]', {}),
    "saliency": ('img[alt^="Grad-CAM of "]', {"method1": "Grad-CAM", "panels": "3"}),
    "pictures": (".js-plotly-plot", {"of": "Shapes on textured grounds", "each": "6"}),
    "augmentation": (".grid", {}),
    "transfer": ('img[alt^="Pictures of the class "]', {}),
    "captions": (".player[data-drawn] .photo", {}),
    "neurons": (".js-plotly-plot", {}),
    "learning": (".terrain[data-drawn] .ground canvas", {}),
    "generators": ('img[alt*=", drawn from 16 numbers"]', {}),
    "sequences": (".letters[data-drawn] .table", {}),
    "deck": (".st-key-asked", {}),
}


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_the_picture_comes_first(name: str, dashboard: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    selector, address = PICTURES[name]
    page.goto(f"{dashboard}/{name}?{urlencode({'model': 'tiny-vgg', **address})}")
    picture, notice = page.locator(selector).first, page.locator(".st-key-opening [data-testid=stMarkdown] p")
    picture.wait_for()
    for width, scheme in on_every_screen(page):
        shown, said = picture.bounding_box(), notice.bounding_box()
        assert shown is not None
        assert said is not None
        assert shown["height"] > 90
        assert shown["y"] + min(shown["height"], SEEN) <= FOLDS[width], (width, scheme, shown)
        assert said["y"] + said["height"] <= FOLDS[width], (width, scheme, said)
    wait_until_idle(page, timeout=PATIENCE)
    # What colours code takes a fifth of a second to run, and 1.5 MB: so it waits for a panel that shows code.
    assert page.locator("[data-testid=stCode]").count() == 0
