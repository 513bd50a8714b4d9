"""The Neurons page: its parts and what they say."""

import pytest

from explorer.ui.neurons.page import PARTS
from tests.pages.opening import Browser, open_page


@pytest.mark.parametrize("label", [label for label, _ in PARTS.values()])
def test_every_part_opens_from_its_address(label: str, browser_side: Browser) -> None:
    app = open_page("neurons", {"model": "tiny-vgg", "part": label})
    assert app.segmented_control(key="part").value == next(key for key, (name, _) in PARTS.items() if name == label)
    assert not app.error
    assert not app.warning
