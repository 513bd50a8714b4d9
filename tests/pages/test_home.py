import os
import subprocess
import sys
import threading

import pytest
from streamlit.testing.v1 import AppTest

from explorer.samples import SAMPLES
from explorer.turns import RUNS
from explorer.zoo import list_shipped, read_card
from tests.jobs.working import until
from tests.pages.opening import ROOT, SECONDS, run

# In a process of its own, because this one has imported torch long ago.
WITHOUT_TORCH = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("explorer/ui/front_door.py", default_timeout=120).run()
assert not app.exception, app.exception
slow = sorted({name.split(".")[0] for name in sys.modules} & {"torch", "torchvision", "sklearn", "skimage", "pandas"})
assert not slow, slow
app.selectbox(key="model").select_index(len(app.selectbox(key="model").options) - 1)
app.selectbox(key="image").select_index(1).run()
assert not app.exception, app.exception
assert "torch" not in sys.modules
print(app.title[0].value)
"""


@pytest.fixture
def home() -> AppTest:
    return run(AppTest.from_file(ROOT / "explorer/ui/front_door.py", default_timeout=SECONDS))


def test_a_run_of_a_page_waits_for_its_turn(home: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RUNS, "_patience", 60.0)
    monkeypatch.setattr(RUNS, "_places", 1)
    had, waited = threading.Event(), []

    def be_at_work() -> None:
        with RUNS.turn():
            had.set()
            waited.append(until(lambda: len(RUNS._waiting), 60))

    other = threading.Thread(target=be_at_work)
    other.start()
    assert had.wait(60)
    run(home)
    other.join()
    assert waited == [1]


def test_home_imports_nothing_that_takes_seconds() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ},
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_every_shipped_network_is_told_with_its_measured_accuracy(home: AppTest) -> None:
    told = [text.value for text in home.main.markdown]
    for name in list_shipped():
        card = read_card(name)
        assert f"**{name}**" in told
        assert any(f"{card['parameters']:,}" in text and f"{card['accuracy']['value']:.1%}" in text for text in told)


def test_home_leads_to_the_layers(home: AppTest) -> None:
    (button,) = (button for button in home.button if button.label == "Open the layers of a network")
    run(button.click())
    assert home.title[0].value == "Layers"


def test_choices_made_at_home_hold_on_the_next_page(home: AppTest) -> None:
    name = list_shipped()[-1]
    home.selectbox(key="model").select(name)
    home.selectbox(key="image").select(SAMPLES[-1].title)
    run(home)
    run(home.switch_page(str(ROOT / "pages/layers.py")))
    assert home.selectbox(key="model").value == name
    assert home.selectbox(key="image").value == SAMPLES[-1].title


def test_pictures_are_taken_in_at_home_too(home: AppTest, photo_bytes: bytes) -> None:
    home.file_uploader(key="uploads").upload("mine.jpg", photo_bytes, "image/jpeg")
    run(home)
    assert home.selectbox(key="image").value.startswith("mine.jpg")
    run(home.switch_page(str(ROOT / "pages/layers.py")))
    assert home.selectbox(key="image").value.startswith("mine.jpg")


def test_the_card_of_filters_leads_to_a_filter_of_that_shape(home: AppTest) -> None:
    (card,) = (link.proto for link in home.main.get("page_link") if "**Filters**" in link.proto.label)
    assert card.query_string == "example=5x5x25"
