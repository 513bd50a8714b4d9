import pytest
from streamlit.delta_generator import DeltaGenerator

from explorer.ui import panels
from tests.pages.opening import Browser


@pytest.fixture
def browser_side(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """What the page hands to the browser during this test, and clicks to answer with."""
    side = Browser()
    monkeypatch.setattr(panels, "network_view", side.network_view)
    monkeypatch.setattr(panels, "clickable_mosaic", side.clickable_mosaic)
    monkeypatch.setattr(DeltaGenerator, "download_button", side.watch_downloads(DeltaGenerator.download_button))
    return side
