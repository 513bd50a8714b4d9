import importlib
import pkgutil
from types import ModuleType

import pytest
from streamlit.delta_generator import DeltaGenerator

import explorer.ui
from tests.pages.opening import Browser

COMPONENTS = ("network_view", "clickable_mosaic", "microscope", "photo_cover")


def modules_of_pages() -> list[ModuleType]:
    """Everything in `explorer.ui` that may draw a component; the components themselves stay what they are."""
    names = [module.name for module in pkgutil.iter_modules(explorer.ui.__path__) if module.name != "components"]
    return [importlib.import_module(f"explorer.ui.{name}") for name in names]


@pytest.fixture
def browser_side(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """What the page hands to the browser during this test, and clicks to answer with."""
    side = Browser()
    for module in modules_of_pages():
        for component in COMPONENTS:
            if hasattr(module, component):
                monkeypatch.setattr(module, component, getattr(side, component))
    monkeypatch.setattr(DeltaGenerator, "download_button", side.watch_downloads(DeltaGenerator.download_button))
    return side
