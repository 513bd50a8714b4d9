import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch import nn
from torchvision.models import VisionTransformer
from torchvision.transforms import functional as TF

from explorer.rendering import format_percent
from explorer.saliency import Cover, default_layer, layers_for
from explorer.ui.session.subject import Subject
from explorer.zoo import VisionModel
from tests.anatomy.networks import as_model
from tests.pages.opening import Browser, cover_by_click, open_page, parameter, run, run_snippet, subject_of, texts_of

SMALL = "tiny-vgg"
BOX = "b.200.250.700.800"
MIXED = f"{BOX}_s.80.100.100.500.150.900.900"
WORDS = "goes from"


def open_experiments(address: dict[str, str] | None = None) -> AppTest:
    return open_page("saliency", {"part": "Try it yourself", "model": SMALL, **(address or {})})


def predict(subject: Subject, x: torch.Tensor) -> np.ndarray:
    return subject.model.network(x)[0].softmax(0).numpy()


def scaled(layer: str, channels: list[int] | slice, factor: float, subject: Subject) -> tuple[np.ndarray, Any]:
    """Probabilities by a hook of PyTorch's own, and a function from a later layer to its maps in the same pass."""
    network = subject.model.network
    kept: dict[str, np.ndarray] = {}

    def edit(_module: nn.Module, _args: Any, output: torch.Tensor) -> torch.Tensor:
        output = output.clone()
        output[:, channels] *= factor
        return output

    handles = [network.get_submodule(layer).register_forward_hook(edit)]
    for name, module in network.named_modules():
        handles.append(
            module.register_forward_hook(
                lambda _module, _args, output, name=name: kept.__setitem__(name, output[0].numpy())
            )
        )
    try:
        probabilities = network(subject.input)[0].softmax(0).numpy()
    finally:
        for handle in handles:
            handle.remove()
    return probabilities, kept


# Covering.


def test_an_empty_cover_says_what_to_do(browser_side: Browser) -> None:
    app = open_experiments()
    assert "Drag a box over the photo" in texts_of(app)
    given = browser_side.covers["cover-photo"]
    assert given["cover"] == ""
    with Image.open(io.BytesIO(given["png"])) as photo:
        assert photo.size == (480, 480)
    arrays = browser_side.arrays("cover-offer")
    assert not arrays["mask"].any()
    np.testing.assert_allclose(arrays["after"], arrays["before"])
    np.testing.assert_allclose(arrays["before"], predict(subject_of(app), subject_of(app).input), rtol=1e-5)


@pytest.mark.parametrize("fill", ["blur", "grey", "noise"])
def test_what_is_painted_is_covered(fill: str, browser_side: Browser) -> None:
    app = open_experiments()
    cover_by_click(app, browser_side, fill, MIXED)
    arrays = browser_side.arrays("cover-offer")
    subject = subject_of(app)
    x = subject.input
    mask = Cover.from_text(MIXED).mask((32, 32))
    np.testing.assert_array_equal(arrays["mask"], mask)
    nothing = {
        "blur": TF.gaussian_blur(x, [9, 9], [1.6, 1.6]),
        "grey": torch.zeros_like(x),
        "noise": torch.from_numpy(arrays["covered"])[None],
    }[fill]
    covered = torch.where(torch.from_numpy(mask), nothing, x)
    np.testing.assert_allclose(arrays["covered"], covered[0].numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(arrays["after"], predict(subject, covered), rtol=1e-3, atol=1e-5)
    told = texts_of(app)
    assert f"{100 * mask.mean():.3g} % of the photo is covered" in told
    assert WORDS in told
    with Image.open(io.BytesIO(browser_side.downloads["cover-offer-png"][1])) as png:
        assert png.size == (480, 480)
        seen = np.asarray(png.convert("RGB"))[7::15, 7::15]
    np.testing.assert_array_equal(seen, subject.model.preprocessing.unnormalise(covered))


def test_undo_and_clear_and_nonsense_from_the_browser(browser_side: Browser) -> None:
    app = open_experiments({"cover": MIXED})
    browser_side.clicks["cover-photo"] = BOX
    run(app)
    assert parameter(app, "cover") == BOX
    browser_side.clicks["cover-photo"] = "b.1.2.3"
    run(app)
    assert parameter(app, "cover") == BOX
    browser_side.clicks["cover-photo"] = ""
    run(app)
    assert "cover" not in app.query_params
    assert "Drag a box" in texts_of(app)


@pytest.mark.parametrize("text", ["nonsense", "b.1.2.3", "b.900.0.100.500", "s.50.1", "_", "b" * 9999])
def test_a_malformed_cover_is_left_out(text: str, browser_side: Browser) -> None:
    app = open_experiments({"cover": text})
    assert not app.error
    assert browser_side.covers["cover-photo"]["cover"] == ""


def test_a_cover_smaller_than_a_pixel(browser_side: Browser) -> None:
    app = open_experiments({"cover": "b.1.1.10.10"})
    assert "smaller than a pixel" in texts_of(app)


def test_the_cover_stays_with_another_network_and_class(browser_side: Browser) -> None:
    app = open_experiments({"cover": BOX, "fill": "Grey", "class": "frog"})
    assert f"**frog** {WORDS}" in texts_of(app)
    run(app.selectbox(key="model").select("photo-net"))
    assert browser_side.covers["cover-photo"]["cover"] == BOX
    assert app.segmented_control(key="fill").value == "grey"
    assert browser_side.arrays("cover-offer")["mask"].shape == (128, 128)


# Channels.


def test_the_top_channels_at_first(browser_side: Browser) -> None:
    app = open_experiments()
    subject = subject_of(app)
    layer = default_layer(subject.model, subject.input)
    assert app.selectbox(key="edited").value == layer
    assert app.selectbox(key="edited").options == [each.name for each in layers_for(subject.model, subject.input)]
    whole = subject.model.network(subject.input)[0]
    target = int(whole.argmax())
    # Before a linear head, the loss without a channel is its weight times its mean.
    _, kept = scaled(layer, [], 1.0, subject)
    losses = subject.model.network.classifier.weight[target].numpy() * kept[layer].mean((1, 2))
    top = losses.argsort()[::-1][:5]
    table = app.table[0].value
    assert table["channel"].tolist() == [str(channel) for channel in top]
    np.testing.assert_allclose(table["loss, estimated"].astype(float), losses[top], rtol=0.01)
    np.testing.assert_allclose(table["loss, measured"].astype(float), losses[top], rtol=0.01)
    assert table["share"][0] == format_percent(losses[top[0]] / losses.clip(0).sum())
    assert "Both agree" in texts_of(app)
    arrays = browser_side.arrays("switched-offer")
    after, _ = scaled(layer, top.tolist(), 0.0, subject)
    np.testing.assert_allclose(arrays["after"], after, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(arrays["estimates"], losses, rtol=1e-3, atol=1e-5)
    told = texts_of(app)
    assert "5 of 48 channels" in told
    assert "No layer with maps follows" in told
    assert "43 channels did not change" in told
    assert set(arrays["map_numbers"].tolist()) == set(top.tolist())
    assert not arrays["maps_after"].any()


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("which", ["top", "one", "all"])
def test_every_choice_of_channels(which: str, factor: float, browser_side: Browser) -> None:
    layer, shown = "features.relu1_2", "features.relu3_1"
    app = open_experiments({"edited": layer, "downstream": shown})
    run(app.segmented_control(key="switched").set_value(which))
    run(app.slider(key="edited_factor").set_value(factor))
    estimates = browser_side.arrays("switched-offer")["estimates"]
    channels: Any = slice(None)
    if which == "top":
        run(app.slider(key="edited_top").set_value(3))
        channels = estimates.argsort()[::-1][:3].tolist()
    elif which == "one":
        run(app.number_input(key="edited_channel").set_value(7))
        channels = [7]
    arrays = browser_side.arrays("switched-offer")
    subject = subject_of(app)
    after, kept = scaled(layer, channels, factor, subject)
    before, untouched = scaled(layer, [], 1.0, subject)
    np.testing.assert_allclose(arrays["after"], after, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(arrays["before"], before, rtol=1e-3, atol=1e-6)
    changes = np.abs(kept[shown] - untouched[shown]).mean((1, 2))
    wanted = np.sort(changes)[::-1][:12]
    np.testing.assert_allclose(changes[arrays["map_numbers"]], wanted[wanted > 0], rtol=1e-3)
    np.testing.assert_allclose(arrays["maps_after"], kept[shown][arrays["map_numbers"]], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(arrays["maps_before"], untouched[shown][arrays["map_numbers"]], rtol=1e-3, atol=1e-5)
    told = texts_of(app)
    assert ("off." if factor == 0 else f"multiplied by {factor:g}.") in told
    assert {"top": "3 of 24 channels", "one": "Channel 7 of", "all": "All 24 channels"}[which] in told
    with Image.open(io.BytesIO(browser_side.downloads["switched-offer-png"][1]())) as grid:
        assert grid.width > 700


def test_a_factor_of_one_changes_nothing(browser_side: Browser) -> None:
    app = open_experiments({"edited": "features.relu1_2", "edited_factor": "1"})
    told = texts_of(app)
    assert "nothing has changed" in told
    assert "Nothing in features.pool3 has changed." in told
    assert len(browser_side.arrays("switched-offer")["map_numbers"]) == 0


def test_a_class_against_another(browser_side: Browser) -> None:
    app = open_experiments({"class": "cat", "against": "dog"})
    subject = subject_of(app)
    cat, dog = (subject.model.classes.index(name) for name in ("cat", "dog"))
    layer = default_layer(subject.model, subject.input)
    _, kept = scaled(layer, [], 1.0, subject)
    weights = subject.model.network.classifier.weight.numpy()
    losses = (weights[cat] - weights[dog]) * kept[layer].mean((1, 2))
    measured = app.table[0].value["loss, measured"].astype(float)
    np.testing.assert_allclose(measured, np.sort(losses)[::-1][:5], rtol=0.01)
    assert "cat rather than dog" in texts_of(app)


def test_a_channel_that_is_not_there(browser_side: Browser) -> None:
    app = open_experiments({"switched": "One channel", "edited_channel": "48"})
    assert "has 48 channels, from 0; there is no channel 48" in texts_of(app)
    run(app.number_input(key="edited_channel").set_value(47))
    assert "Channel 47 of" in texts_of(app)


def test_only_later_layers_with_maps_are_on_offer(browser_side: Browser) -> None:
    app = open_experiments({"edited": "features.conv3_1"})
    assert app.selectbox(key="downstream").options == [
        "features.relu3_1",
        "features.conv3_2",
        "features.relu3_2",
        "features.pool3",
    ]
    run(app.selectbox(key="downstream").select("features.relu3_1"))
    run(app.selectbox(key="edited").select("features.relu3_2"))
    assert app.selectbox(key="downstream").value == "features.pool3"


def test_another_network_puts_an_unknown_layer_back(browser_side: Browser) -> None:
    app = open_experiments({"edited": "features.conv1_1", "edited_top": "20"})
    assert "20 of 24 channels" in texts_of(app)
    run(app.selectbox(key="model").select("photo-net"))
    assert app.selectbox(key="edited").value == "stages.stage3.block2.relu2"


def test_a_link_reopens_the_view(browser_side: Browser) -> None:
    address = {
        "cover": MIXED,
        "fill": "Noise",
        "edited": "features.relu2_1",
        "switched": "One channel",
        "edited_channel": "3",
        "edited_factor": "1.5",
        "downstream": "features.conv3_1",
    }
    app = open_experiments(address)
    first = {key: browser_side.arrays(key) for key in ("cover-offer", "switched-offer")}
    again = open_experiments({key: parameter(app, key) for key in address})
    assert app.session_state["edited_factor"] == again.session_state["edited_factor"] == 1.5
    for key, arrays in first.items():
        for name, values in browser_side.arrays(key).items():
            np.testing.assert_array_equal(values, arrays[name])


NAMES = ("cover", "fill", "edited", "switched", "edited_channel", "edited_top", "edited_factor", "downstream")


@pytest.mark.parametrize("value", ["nonsense", "", "-1", "99999999999999999999"])
def test_a_link_with_nonsense_opens_a_view(value: str, browser_side: Browser) -> None:
    app = open_experiments(dict.fromkeys(NAMES, value))
    assert not app.error
    assert browser_side.arrays("cover-offer")["before"].shape == (10,)


@pytest.mark.parametrize("upload", [False, True])
def test_the_snippets_give_the_numbers_of_the_page(
    upload: bool, photo_bytes: bytes, browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('it\'s "mine".jpg').write_bytes(photo_bytes)
    app = open_experiments({"cover": MIXED, "fill": "Noise", "edited": "features.conv2_1", "against": "frog"})
    if upload:
        app.file_uploader(key="uploads").upload('it\'s "mine".jpg', photo_bytes, "image/jpeg")
        run(app)
    covering, switching = (run_snippet(code.value)[0] for code in app.code[-2:])
    arrays = browser_side.arrays("cover-offer")
    np.testing.assert_allclose(covering["after"].numpy(), arrays["after"], rtol=1e-5)
    np.testing.assert_array_equal(covering["covered"][0].numpy(), arrays["covered"])
    arrays = browser_side.arrays("switched-offer")
    np.testing.assert_allclose(switching["before"].numpy(), arrays["before"], rtol=1e-5)
    np.testing.assert_allclose(switching["after"].numpy(), arrays["after"], rtol=1e-5)
    np.testing.assert_allclose(switching["estimates"], arrays["estimates"], rtol=1e-5)
    numbers = arrays["map_numbers"]
    np.testing.assert_allclose(switching["maps_after"].numpy()[numbers], arrays["maps_after"], rtol=1e-5)
    for which in ("one", "all"):
        run(app.segmented_control(key="switched").set_value(which))
        after = run_snippet(app.code[-1].value)[0]["after"].numpy()
        np.testing.assert_allclose(after, browser_side.arrays("switched-offer")["after"], rtol=1e-5)


# Networks that are not on the page by themselves.


def show(network: str, target: int) -> None:
    """The script of a page that shows nothing else."""
    import streamlit as st

    from explorer.ui.saliency.choices import Question
    from explorer.ui.saliency.experiments import show_experiments
    from explorer.ui.session.pictures import get_picture, list_pictures
    from explorer.ui.session.subject import Subject

    label = list_pictures()[0]
    st.session_state["image"] = label
    show_experiments(Subject(get_picture(label), network), Question(target))


@pytest.fixture
def show_network(monkeypatch: pytest.MonkeyPatch, browser_side: Browser) -> Callable[[VisionModel], AppTest]:
    def open_one(model: VisionModel) -> AppTest:
        monkeypatch.setattr("explorer.ui.session.subject.open_network", lambda **_: model)
        return run(AppTest.from_function(show, default_timeout=120, kwargs={"network": model.name, "target": 0}))

    return open_one


def test_a_network_with_one_class(monkeypatch: pytest.MonkeyPatch, browser_side: Browser) -> None:
    alone = as_model(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(3600, 1)), "one", 1)
    monkeypatch.setattr("explorer.ui.session.subject.open_network", lambda *_, **__: alone)
    app = open_experiments()
    for part in ("all", "concepts", "fool", "live", "try"):
        run(app.segmented_control(key="part").set_value(part))
        assert "This network knows one class only" in texts_of(app), part
        assert not app.subheader
        assert not browser_side.downloads


def test_a_network_without_a_convolution(show_network: Callable[[VisionModel], AppTest], browser_side: Browser) -> None:
    app = show_network(as_model(nn.Sequential(nn.Flatten(), nn.Linear(3072, 4)), "dense", 4))
    assert "no convolution" in texts_of(app)
    assert "There are no channels to switch." in texts_of(app)
    assert "cover-offer-npz" in browser_side.downloads
    assert "switched-offer-npz" not in browser_side.downloads


def test_a_layer_with_a_single_channel(show_network: Callable[[VisionModel], AppTest], browser_side: Browser) -> None:
    network = nn.Sequential(nn.Conv2d(3, 1, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 3))
    app = show_network(as_model(network, "single", 3))
    assert "one channel only" in texts_of(app)
    run(app.segmented_control(key="switched").set_value("all"))
    assert "The only channel of" in texts_of(app)


def test_a_vision_transformer(show_network: Callable[[VisionModel], AppTest], browser_side: Browser) -> None:
    network = VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5)
    nn.init.normal_(network.heads.head.weight)  # torchvision starts with zeros
    app = show_network(as_model(network, "vit", 5))
    told = texts_of(app)
    assert "tokens in place of maps" in told
    assert app.selectbox(key="edited").options == ["conv_proj"]
    assert "No layer with maps follows conv_proj" in told
    browser_side.clicks["cover-photo"] = BOX
    run(app)
    arrays = browser_side.arrays("cover-offer")
    assert np.abs(arrays["after"] - arrays["before"]).max() > 0
