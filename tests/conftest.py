"""What every test can count on: fixed seeds, no cache of the person who runs it, a small photo, the data folder."""

import gc
import io
import os
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image, ImageDraw

# How many examples a property is tried with: `--hypothesis-profile=thorough`, or HYPOTHESIS_PROFILE=thorough.
# No deadline: the first example of a property often pays for an import. In CI the examples are always the same,
# so that a red build is about the change.
for profile, examples in {"fast": 25, "thorough": 150}.items():
    settings.register_profile(profile, deadline=None, max_examples=examples, derandomize=os.environ.get("CI") == "true")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

# One thread for every process, dashboards that tests start included: networks are small, workers share the cores,
# and oracles want the same order of summation every time. Set before anything imports torch.
os.environ["OMP_NUM_THREADS"] = "1"

# Nothing of what is imported and collected is garbage, and every worker collects all tests: looking for it there took a
# sixth of that time.
gc.disable()


# Those that take longest begin first: what is left at the end is small and fills every worker.
LONGEST = ("tests/browser", "tests/jobs", "tests/pages", "tests/transfer")


# What shares one worker: half of what needs a browser, for a worker has one server and one Chromium, and all that start
# and kill jobs or a cluster, which would take the cores from each other. Elsewhere the tests of one file.
TOGETHER = {
    "the browser, from a to l": re.compile("tests/browser/test_[a-l]"),
    "the browser, from m to z": re.compile("tests/browser/test_[m-z]"),
    "jobs": re.compile("tests/(jobs|serving)/"),
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: those that drive a browser wait for it half of the time. Two more bring nothing."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One unit of work for each of `TOGETHER` and for each file; xdist's own groups do nothing with pytest 9."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFolderOrFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((name for name, files in TOGETHER.items() if files.match(file)), file)

    return ByFolderOrFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in LONGEST])


def pytest_collection_finish() -> None:
    """A full garbage collection need not look at what the imports left."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def empty_torch_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Weights that happen to lie on this machine must not decide a result: torch's cache starts empty."""
    # Not XDG_CACHE_HOME as a whole: Playwright looks for its browser there.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch-home")))
        yield


@pytest.fixture(scope="session")
def packages_read_once() -> Iterator[None]:
    """Every new AppTest looks for components in the metadata of all installed packages: 0.2 s, most of a page."""
    from streamlit.components.v2 import manifest_scanner

    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """AppTest leaves a page as the main module, which processes that a later test starts would then run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def seeds() -> None:
    """The same random numbers in every test, whichever ran before; torch's where torch is in use."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """320x240 RGB with what photos have: a gradient, a shape with edges, a texture, some noise."""
    noise = np.random.default_rng(0)
    y, x = np.mgrid[0:240, 0:320]
    pixels = np.stack([90 + 0.4 * x, 140 - 0.3 * y, 200 - 0.4 * x], axis=-1)  # (240, 320, 3)
    pixels[160:] += 40 * np.sin(x[160:] / 3)[..., None]
    image = Image.fromarray((pixels + noise.normal(0, 6, pixels.shape)).clip(0, 255).astype(np.uint8))
    ImageDraw.Draw(image).ellipse((110, 50, 210, 190), fill=(190, 120, 40), outline=(60, 30, 10), width=4)
    return image


@pytest.fixture(scope="session")
def photo_bytes(photo: Image.Image) -> bytes:
    """The photo as a JPEG file of quality 90, about 19 KB."""
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder `EXPLORER_DATA`. Without it the test skips, or fails where `EXPLORER_REQUIRE_DATA=1`."""
    folder = os.environ.get("EXPLORER_DATA")
    if folder and Path(folder).is_dir():
        return Path(folder).resolve()
    reason = f"EXPLORER_DATA is {folder}, which is no folder" if folder else "EXPLORER_DATA is not set"
    if os.environ.get("EXPLORER_REQUIRE_DATA") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def torch_home(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `TORCH_HOME` with real ImageNet weights (SqueezeNet 1.1, MobileNetV2), in force during the test."""
    home = data_folder / "torch-home"
    monkeypatch.setenv("TORCH_HOME", str(home))
    return home
