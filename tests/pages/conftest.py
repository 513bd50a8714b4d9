import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import local_script_runner

import explorer.ui
import explorer.ui.kit.snippet
from explorer.captioning import Captioner, list_captioners, load_captioner, loading
from explorer.ui import kit
from tests.pages.opening import Browser
from tests.pages.toy_captions import make_folder


@pytest.fixture(scope="session", autouse=True)
def quick_app_tests(packages_read_once: None) -> Iterator[None]:
    """For every test of a page; AppTest would ask a thousand times a second whether the page has come to its end."""
    ask = local_script_runner.require_widgets_deltas

    def wait(runner: local_script_runner.LocalScriptRunner, timeout: float) -> None:
        assert runner._script_thread is not None
        runner._script_thread.join(timeout)
        ask(runner, timeout)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


@pytest.fixture(autouse=True)
def snippets_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python below a view, which is sent when its panel is open (tests/ui/test_downloads.py)."""
    monkeypatch.setattr(kit.snippet, "EXPANDED", True)


@cache
def drawn_components() -> list[tuple[ModuleType, str]]:
    """Where in `explorer.ui` a component is drawn, and which; the components themselves stay what they are."""
    names = [module.name for module in pkgutil.walk_packages(explorer.ui.__path__, "explorer.ui.")]
    modules = [importlib.import_module(name) for name in names if not name.startswith("explorer.ui.components")]
    return [
        (module, component) for module in modules for component in Browser().components() if hasattr(module, component)
    ]


@pytest.fixture
def browser_side(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """What the page hands to the browser during this test, and clicks to answer with."""
    side = Browser()
    components = side.components()
    for module, component in drawn_components():
        monkeypatch.setattr(module, component, components[component])
    monkeypatch.setattr(DeltaGenerator, "download_button", side.watch_downloads(DeltaGenerator.download_button))
    return side


_numbers = count()


@pytest.fixture
def shelve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Captioner]]:
    """`shelve(seed=..., card=..., frozen=...)`: during this test the only captioner there is is a toy."""

    def put(**made: Any) -> Captioner:
        # A name of its own: what pages keep of a captioner is kept by its name.
        number = next(_numbers)
        own = make_folder(tmp_path / f"models-{number}" / f"toy-{number}", **made)
        monkeypatch.setattr(loading, "MODELS", own.parent)
        list_captioners.cache_clear()
        return load_captioner(own.name)

    yield put
    monkeypatch.undo()
    list_captioners.cache_clear()
