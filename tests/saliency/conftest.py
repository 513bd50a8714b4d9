"""What tests of every method share."""

import importlib

import pytest


@pytest.fixture
def two_pictures_a_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """SS-CAM and IS-CAM look at two pictures of each map instead of ten, where their arithmetic is not what is held."""
    for name, number in (("ss_cam", "SAMPLES"), ("is_cam", "STEPS")):
        monkeypatch.setattr(importlib.import_module(f"explorer.saliency.class_activation.{name}"), number, 2)
