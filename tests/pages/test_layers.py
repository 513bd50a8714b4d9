import io
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.anatomy import ORDERS
from explorer.samples import SAMPLES, read_sample
from explorer.ui.components import NetworkClick
from explorer.ui.session.pictures import add_picture, get_picture
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import compute_maps, facts_of
from explorer.zoo import list_shipped, load_model
from tests.pages.opening import Browser, open_layers, reopen, run, run_snippet, subject_of
from tests.zoo.making import as_bytes, as_torch_file

SMALL = "tiny-vgg" if "tiny-vgg" in list_shipped() else list_shipped()[-1]
CAT, COFFEE = SAMPLES[0].title, SAMPLES[1].title


def maps_handed_over(side: Browser, key: str = "offer") -> np.ndarray:
    """The arrays behind the NPZ button."""
    make = side.downloads[f"{key}-npz"][1]
    return np.load(io.BytesIO(make()), allow_pickle=False)["maps"]


def numbers_of(maps: np.ndarray) -> str:
    return f"{tuple(maps.shape)} {torch.from_numpy(maps).mean().item()} {torch.from_numpy(maps).max().item()}\n"


def hooked(subject: Subject, layer: str) -> np.ndarray:
    """The output of a module by PyTorch's own means."""
    model = subject.model
    outputs: list[torch.Tensor] = []
    path = next(facts.path for facts in facts_of(subject) if facts.name == layer)
    handle = model.network.get_submodule(path).register_forward_hook(lambda *call: outputs.append(call[2].clone()))
    try:
        with torch.inference_mode():
            model.network(subject.input)
    finally:
        handle.remove()
    return outputs[0][0].numpy()


def first_convolution(subject: Subject) -> str:
    return next(facts.name for facts in facts_of(subject) if facts.kind == "Conv2d")


# The page works at once, with everything on offer.


@pytest.mark.parametrize("name", list_shipped())
def test_every_shipped_network_shows_its_layers(name: str, browser_side: Browser) -> None:
    app = open_layers({"model": name})
    subject = subject_of(app)
    view = browser_side.networks["network"]
    assert view["columns"][0].kind == "input"
    assert sum(share for _, share in view["probabilities"]) <= 1 + 1e-5
    assert {word for word, _ in view["probabilities"]} <= set(subject.model.classes)
    layer = app.selectbox(key="layer").value
    assert layer in app.selectbox(key="layer").options
    maps = maps_handed_over(browser_side)
    np.testing.assert_array_equal(maps, compute_maps(subject, layer))
    assert len(browser_side.grids["maps"]["labels"]) == len(maps)
    first = first_convolution(subject)
    run(app.selectbox(key="layer").set_value(first))
    np.testing.assert_allclose(maps_handed_over(browser_side), hooked(subject, first), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_sample_can_be_chosen(sample: Any, browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    run(app.selectbox(key="image").select(sample.title))
    assert any(
        sample.credit in caption.value or sample.credit in str(app.sidebar.image[0].captions) for caption in app.caption
    )
    assert sample.title in browser_side.networks["network"]["label"]


def test_every_layer_opens(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    facts = {layer.name: layer for layer in facts_of(subject_of(app))}
    assert app.selectbox(key="layer").options == list(facts)
    for name, layer in facts.items():
        run(app.selectbox(key="layer").select(name))
        assert len(browser_side.grids["maps"]["labels"]) == min(512, layer.channels)
        assert any(f"parameters `{layer.parameters:,}`" in text.value for text in app.markdown)


# Pictures.


def test_good_files_are_taken_and_bad_ones_named(photo_bytes: bytes, browser_side: Browser) -> None:
    app = open_layers({"model": SMALL, "order": "Mean", "unit": "1"})
    run(app.selectbox(key="layer").select_index(0))
    bomb = png_of_claimed_size(30_000, 30_000)
    app.file_uploader(key="uploads").set_value(
        [
            ("one.jpg", photo_bytes, "image/jpeg"),
            ("*bold* [link](x).jpg", b"only words", "image/jpeg"),
            ("bomb.png", bomb, "image/png"),
            ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
            ("empty.jpg", b"", "image/jpeg"),
            ("cut.jpg", photo_bytes[: len(photo_bytes) // 3], "image/jpeg"),
            ("two.png", read_sample("coffee"), "image/png"),
        ]
    )
    run(app)
    said = [error.value for error in app.error]
    assert len(said) == 5
    for cause, sentence in zip(("text", "50 megapixels", "SVG", "empty", "cut short"), said, strict=True):
        assert cause in sentence
    assert "*bold* [link](x).jpg" in [text.value for text in app.text]  # as it is, never as Markdown
    pictures = app.selectbox(key="image")
    assert pictures.options[:2] == ["two.png", "one.jpg"]  # as their files are called
    assert pictures.value.startswith("two.png")
    assert app.selectbox(key="layer").value == app.selectbox(key="layer").options[0]
    assert app.session_state["order"] == "mean"
    assert app.session_state["unit"] == 1
    # The person's choice stands in the runs that follow, though the files are still in the list.
    run(app.selectbox(key="image").select_index(1))
    run(app)
    assert app.selectbox(key="image").value.startswith("one.jpg")
    # Gone from the list of files, a bad one is no longer complained about, and a good one is no longer chosen from.
    app.file_uploader(key="uploads").clear()
    run(app)
    assert not app.error
    assert app.selectbox(key="image").options == [sample.title for sample in SAMPLES]


def png_of_claimed_size(width: int, height: int) -> bytes:
    """The header of a PNG, and next to nothing behind it."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_two_files_of_one_name_stay_apart(photo_bytes: bytes) -> None:
    app = open_layers({"model": SMALL})
    app.file_uploader(key="uploads").set_value(
        [("a.jpg", photo_bytes, "image/jpeg"), ("a.jpg", read_sample("cat"), "image/png")]
    )
    run(app)
    assert app.selectbox(key="image").options[:3] == ["a.jpg (2)", "a.jpg", CAT]  # the newest first
    assert app.selectbox(key="image").value.startswith("a.jpg · ")
    assert app.query_params["image"] == app.selectbox(key="image").value  # by which the link finds it again


def test_the_camera_is_asked_for_only_when_wanted(photo_bytes: bytes) -> None:
    app = open_layers({"model": SMALL})
    assert not app.camera_input
    run(app.toggle(key="use_camera").set_value(True))
    app.camera_input(key="camera").set_value(("shot.jpg", photo_bytes, "image/jpeg"))
    run(app)
    assert app.selectbox(key="image").value.startswith("shot.jpg")
    # It stays when the camera is off, and can be taken off the list.
    run(app.toggle(key="use_camera").set_value(False))
    assert app.selectbox(key="image").options[0] == "shot.jpg"
    run(app.button(key="take_off").click())
    assert app.selectbox(key="image").options[0] == CAT == app.selectbox(key="image").value


def test_sessions_list_only_their_own_pictures(photo_bytes: bytes) -> None:
    mine, other = open_layers({"model": SMALL}), open_layers({"model": SMALL})
    mine.file_uploader(key="uploads").upload("mine.jpg", photo_bytes, "image/jpeg")
    run(mine)
    run(other)
    assert not [label for label in other.selectbox(key="image").options if label.startswith("mine.jpg")]
    assert other.selectbox(key="image").value == CAT


# Controls change what is shown.


def test_fit_and_resolution_decide_what_the_network_sees(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL, "image": SAMPLES[3].title})
    run(app.selectbox(key="layer").set_value(first_convolution(subject_of(app))))
    seen = {"crop": maps_handed_over(browser_side)}
    native = app.select_slider(key="size").value
    for fit in ("pad", "squash"):
        run(app.segmented_control(key="fit").set_value(fit))
        seen[fit] = maps_handed_over(browser_side)
        np.testing.assert_array_equal(seen[fit], compute_maps(subject_of(app, fit=fit), app.session_state["layer"]))
    assert not np.array_equal(seen["crop"], seen["pad"])
    assert not np.array_equal(seen["pad"], seen["squash"])
    run(app.select_slider(key="size").set_value(native * 2))
    assert maps_handed_over(browser_side).shape[1] == 2 * seen["crop"].shape[1]
    assert browser_side.networks["network"]["columns"][0].shape == (3, 2 * native, 2 * native)
    said = f"{2 * native} × {2 * native} pixels"
    assert not any(said in str(image.captions) for image in app.image)  # what is behind a closed line is not made
    app.session_state["network_input"] = True
    run(app)
    assert any(said in str(image.captions) for image in app.image)
    assert any("a dark one stays dark" in caption.value for caption in app.caption)
    dark, bright = (Image.new("RGB", (9, 9), (grey, grey, grey)) for grey in (40, 90))
    difference = subject_of(app).model.preprocessing.tensor(bright) - subject_of(app).model.preprocessing.tensor(dark)
    assert difference.min() > 0  # whatever the picture, no light is made up for


@pytest.mark.parametrize("order", ORDERS)
def test_order_of_maps(order: str, browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    run(app.selectbox(key="order").set_value(order))
    maps = maps_handed_over(browser_side)
    units = [int(label.split(":")[0].removeprefix("map ")) for label in browser_side.grids["maps"]["labels"]]
    assert sorted(units) == list(range(len(maps)))
    measure = {
        "index": lambda unit: -unit,
        "mean": lambda unit: maps[unit].mean(dtype=np.float64),
        "max": lambda unit: maps[unit].max(),
        "active": lambda unit: (maps[unit] > 0).mean(),
    }[order]
    values = [measure(unit) for unit in units]
    assert all(earlier >= later - 1e-6 for earlier, later in pairwise(values))


def test_own_scale_and_one_scale(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    each = browser_side.downloads["offer-png"][1]
    assert any("own scale" in caption.value for caption in app.caption)
    run(app.segmented_control(key="scale").set_value("shared"))
    shared = browser_side.downloads["offer-png"][1]
    assert any("One scale" in caption.value for caption in app.caption)
    assert each != shared
    grid = browser_side.grids["maps"]
    assert grid["png"] == shared
    with Image.open(io.BytesIO(shared)) as picture:
        assert picture.size == (grid["cells"].width, grid["cells"].height)


def test_signed_maps_are_said_to_be_signed(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    run(app.selectbox(key="layer").set_value(first_convolution(subject_of(app))))
    assert maps_handed_over(browser_side).min() < 0
    assert any("below zero" in caption.value for caption in app.caption)


def test_one_map_in_numbers(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    assert not app.metric
    run(app.number_input(key="unit").set_value(2))
    values = maps_handed_over(browser_side)[2]
    told = {metric.label: metric.value for metric in app.metric}
    assert float(told["largest"].replace(",", "")) == pytest.approx(values.max(), rel=5e-3)
    assert float(told["mean"].replace(",", "")) == pytest.approx(values.mean(), rel=5e-3)
    assert float(told["smallest"].replace(",", "")) == pytest.approx(values.min(), rel=5e-3)
    assert float(told["active"].rstrip("%")) == pytest.approx(100 * (values > 0).mean(), abs=0.051)
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert any(f"cell ({row}, {column})" in str(image.captions) for image in app.image)
    assert browser_side.grids["maps"]["selected"] == 2
    png, npz = (browser_side.downloads[f"unit-map-{kind}"] for kind in ("png", "npz"))
    np.testing.assert_array_equal(np.load(io.BytesIO(npz[1]()))["map"], values)
    with Image.open(io.BytesIO(png[1]())) as picture:
        assert picture.height % values.shape[0] == picture.width % values.shape[1] == 0
    assert "map-2.png" in png[2]
    run(app.number_input(key="unit").set_value(100_000))
    assert not app.metric
    assert any("no map 100000" in info.value.replace(",", "") for info in app.info)
    run(app.number_input(key="unit").set_value(None))
    assert not app.metric


def test_kernel_is_the_layers_own(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL, "unit": "0"})
    run(app.selectbox(key="layer").set_value(first_convolution(subject_of(app))))
    assert any(caption.value.startswith("Its kernel, 3 × 3 × 3") for caption in app.caption)
    run(app.selectbox(key="layer").set_value(next(f.name for f in facts_of(subject_of(app)) if "Pool" in f.kind)))
    assert any("has no kernel" in caption.value for caption in app.caption)


def test_pictures_are_ranked_by_what_excites_a_map(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL, "unit": "1"})
    subject, layer = subject_of(app), app.session_state["layer"]
    peaks = {}
    for sample in SAMPLES:
        other = replace(subject, picture=get_picture(sample.title))
        peaks[sample.title] = compute_maps(other, layer)[1].max()
    told = [text.value.split("\n")[-1] for text in app.main.text]
    assert [title for title in told if title in peaks] == sorted(peaks, key=lambda title: -peaks[title])


# Clicks, as the components report them.


def test_a_click_on_a_map_opens_it(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL, "order": "Mean"})
    browser_side.clicks["maps"] = 3
    run(app)
    unit = int(browser_side.grids["maps"]["labels"][3].split(":")[0].removeprefix("map "))
    assert app.number_input(key="unit").value == unit
    assert browser_side.grids["maps"]["selected"] == 3
    assert app.metric


def test_a_click_in_the_network_chooses_layer_and_map(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    column = browser_side.networks["network"]["columns"][2]
    browser_side.clicks["network"] = NetworkClick(column.key, column.units[1], "select")
    run(app)
    assert app.session_state["layer"] == column.key.rsplit(":", 1)[-1]
    assert app.session_state["unit"] == column.units[1]
    assert browser_side.networks["network"]["selected"] == (column.key, column.units[1])
    browser_side.clicks["network"] = NetworkClick("input", 0, "select")
    run(app)  # the photo is no layer
    assert app.session_state["layer"] == column.key.rsplit(":", 1)[-1]


@pytest.mark.parametrize("name", list_shipped())
def test_stages_open_and_close(name: str, browser_side: Browser) -> None:
    app = open_layers({"model": name})
    before = browser_side.networks["network"]["columns"]
    closed = [column for column in before if column.opens]
    if not closed:
        assert len(before) == 1 + len(facts_of(subject_of(app)))
        return
    browser_side.clicks["network"] = NetworkClick(closed[0].key, None, "open")
    run(app)
    opened = browser_side.networks["network"]["columns"]
    assert len(opened) > len(before)
    first = next(column for column in opened if column.closes)
    browser_side.clicks["network"] = NetworkClick(first.key, None, "close")
    run(app)
    assert browser_side.networks["network"]["columns"] == before


# Side by side.


def test_two_networks(browser_side: Browser) -> None:
    left, right = list_shipped()[:2]
    app = open_layers({"model": left})
    run(app.segmented_control(key="compare").set_value("network"))
    run(app.selectbox(key="model2").select(right))
    assert left in browser_side.networks["network"]["label"]
    assert right in browser_side.networks["network2"]["label"]
    run(app.selectbox(key="layer2").select_index(0))
    subject = subject_of(app, network=right, size=0)
    np.testing.assert_array_equal(
        maps_handed_over(browser_side, "offer2"), compute_maps(subject, app.selectbox(key="layer2").value)
    )
    run(app.selectbox(key="order").set_value("mean"))  # one control for both
    assert {"maps", "maps2"} <= browser_side.grids.keys()
    run(app.number_input(key="unit").set_value(0))
    assert len(app.metric) == 8


def test_a_network_beside_itself(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL, "model2": SMALL, "compare": "Second network", "unit": "0"})
    assert app.selectbox(key="model2").value == SMALL
    assert len(app.metric) == 8


def test_a_link_brings_a_second_picture_of_another_session(photo_bytes: bytes, browser_side: Browser) -> None:
    label = add_picture("second.jpg", photo_bytes).label
    app = open_layers({"model": SMALL, "unit": "0", "compare": "Second picture", "image2": label})
    assert app.selectbox(key="image").value == CAT
    assert app.selectbox(key="image2").value == label
    assert "second.jpg" in browser_side.networks["network2"]["label"]


def test_two_pictures(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL, "unit": "0"})
    run(app.segmented_control(key="compare").set_value("image"))
    run(app.selectbox(key="image2").select(COFFEE))
    assert {CAT, COFFEE} <= {heading.value for heading in app.subheader}  # each half carries its name
    assert CAT in browser_side.networks["network"]["label"]
    assert COFFEE in browser_side.networks["network2"]["label"]
    run(app.selectbox(key="layer").select_index(1))  # the second picture follows
    subject = subject_of(app, picture=get_picture(COFFEE))
    np.testing.assert_array_equal(
        maps_handed_over(browser_side, "offer2"), compute_maps(subject, app.session_state["layer"])
    )
    assert len(app.metric) == 8
    column = browser_side.networks["network2"]["columns"][4]
    browser_side.clicks["network2"] = NetworkClick(column.key, column.units[0], "select")
    run(app)
    assert app.session_state["layer"] == column.key.rsplit(":", 1)[-1]


# A person's own weights, and networks that are not here.


def state_of(name: str) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in load_model(name, "cpu").network.state_dict().items()}


def upload_weights(app: AppTest, file: str, data: bytes) -> AppTest:
    app.file_uploader(key="weights").set_value((file, data, "application/octet-stream"))
    return run(app)


def test_own_weights_are_used(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    before = maps_handed_over(browser_side)
    state = {key: value * 2 if value.is_floating_point() else value for key, value in state_of(SMALL).items()}
    upload_weights(app, "mine.safetensors", as_bytes(state))
    assert not app.error
    assert not np.array_equal(before, maps_handed_over(browser_side))
    app.file_uploader(key="weights").clear()
    run(app)
    np.testing.assert_array_equal(before, maps_handed_over(browser_side))


def test_dead_and_infinite_channels_are_named(browser_side: Browser) -> None:
    state = state_of(SMALL)
    first = next(key for key, value in state.items() if value.ndim == 4)
    state[first][0] = 0
    state[first.replace("weight", "bias")][0] = -1
    app = open_layers({"model": SMALL})
    upload_weights(app, "dead.safetensors", as_bytes(state))
    subject = subject_of(app)
    relu = next(facts.name for facts in facts_of(subject) if facts.kind == "ReLU")
    run(app.selectbox(key="layer").set_value(relu))
    assert 0 in browser_side.grids["maps"]["marked"]
    assert any("zero everywhere" in caption.value for caption in app.caption)
    run(app.number_input(key="unit").set_value(0))
    assert {metric.label: metric.value for metric in app.metric}["active"] == "0.0%"
    state[first][1] = float("inf")
    upload_weights(app, "wild.safetensors", as_bytes(state))
    assert any("not finite" in warning.value for warning in app.warning)
    run(app.number_input(key="unit").set_value(1))


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_is_refused(legacy: bool) -> None:
    app = open_layers({"model": SMALL})
    upload_weights(app, "weights.pth", as_torch_file(state_of(SMALL), legacy))
    assert len(app.error) == 1
    assert "pickle" in app.error[0].value
    assert "safetensors" in app.error[0].value
    app.file_uploader(key="weights").clear()
    run(app)
    assert not app.error
    assert app.selectbox(key="layer").value


def test_a_mismatch_is_listed() -> None:
    app = open_layers({"model": SMALL})
    state = state_of(SMALL)
    keys = [key for key, value in state.items() if value.ndim == 4]
    state["strange.weight"] = state.pop(keys[0])
    state[keys[1]] = state[keys[1]][:, :1]
    upload_weights(app, "other.safetensors", as_bytes(state))
    said = app.error[0].value
    assert keys[0] in said
    assert "strange.weight" in said
    assert keys[1] in said


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


@pytest.mark.usefixtures("no_network")
def test_offline_the_shipped_networks_stay_usable() -> None:
    app = open_layers({"model": "resnet18"})
    assert len(app.error) == 1
    assert "resnet18" in app.error[0].value
    assert "could not be downloaded" in app.error[0].value
    assert not app.main.selectbox
    run(app.selectbox(key="model").select(SMALL))
    assert not app.error
    assert app.selectbox(key="layer").value
    # The same for the second network of a comparison: the first one stays on the page.
    run(app.segmented_control(key="compare").set_value("network"))
    run(app.selectbox(key="model2").select("vgg11"))
    assert "vgg11" in app.error[0].value
    assert app.selectbox(key="layer").value


@pytest.mark.usefixtures("torch_home", "no_network")
def test_a_cached_network_of_torchvision(browser_side: Browser) -> None:
    app = open_layers({"model": "mobilenet_v2"})
    columns = browser_side.networks["network"]["columns"]
    assert len(columns) <= 21
    assert any(column.opens for column in columns)
    subject = subject_of(app)
    widest = max(facts_of(subject), key=lambda facts: facts.channels)
    assert widest.channels == 1280
    run(app.selectbox(key="layer").set_value(widest.name))
    grid = app.get_by_key("grid")
    assert grid.num_pages == 3
    assert len(browser_side.grids["maps"]["labels"]) == 512
    run(grid.set_value(3))
    assert len(browser_side.grids["maps"]["labels"]) == 256
    assert browser_side.grids["maps"]["labels"][0].startswith("map 1024:")
    names = {name for name, _ in browser_side.networks["network"]["probabilities"]}
    assert names <= set(subject.model.classes)
    assert max(share for _, share in browser_side.networks["network"]["probabilities"]) > 0.2  # it knows a cat


# The address, and what is handed over.


def test_a_link_reopens_the_view(photo_bytes: bytes, browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    app.file_uploader(key="uploads").upload("mine.jpg", photo_bytes, "image/jpeg")
    run(app.selectbox(key="layer").select_index(3))
    app.segmented_control(key="fit").set_value("squash")
    app.segmented_control(key="scale").set_value("shared")
    app.selectbox(key="order").set_value("max")
    app.number_input(key="unit").set_value(2)
    size = 2 * app.select_slider(key="size").value
    app.select_slider(key="size").set_value(size)
    run(app)
    png = browser_side.downloads["offer-png"][1]
    address = {  # as the browser writes it: what the controls show
        "image": app.session_state["image"],
        "model": SMALL,
        "layer": app.session_state["layer"],
        "fit": "Squash",
        "scale": "One scale",
        "order": "Largest value",
        "unit": "2",
        "size": f"{size} px",
    }
    again = reopen(open_layers, address, app)
    assert browser_side.downloads["offer-png"][1] == png
    assert not again.warning


def test_a_link_reopens_stages_and_a_comparison(browser_side: Browser) -> None:
    left, right = list_shipped()[:2]
    open_layers({"model": left})
    closed = [column.key for column in browser_side.networks["network"]["columns"] if column.opens][:1]
    layer = facts_of(Subject(get_picture(CAT), right))[1].name
    app = open_layers({"model": left, "open": closed, "compare": "Second network", "model2": right, "layer2": layer})
    assert app.selectbox(key="model2").value == right
    assert app.selectbox(key="layer2").value == layer
    assert closed[0] not in [column.key for column in browser_side.networks["network"]["columns"]]


def test_a_link_to_a_forgotten_picture_says_so() -> None:
    app = open_layers({"model": SMALL, "image": "holiday.jpg · 0123456789ab", "unit": "1"})
    assert [warning.value for warning in app.warning if "no longer on the server" in warning.value]
    assert app.selectbox(key="image").value == CAT
    assert app.metric  # the rest of the view is there
    run(app)
    assert not app.warning  # said once


@pytest.mark.parametrize("value", ["nonsense", "", "-1", "<b>", "99999999999999999999"])
def test_a_link_with_nonsense_opens_a_view(value: str) -> None:
    names = ("image", "model", "layer", "fit", "scale", "order", "unit", "size", "compare", "open", "image2", "model2")
    app = open_layers(dict.fromkeys(names, value))
    assert app.selectbox(key="model").value in list_shipped()
    assert app.selectbox(key="layer").value in app.selectbox(key="layer").options


Prepare = Callable[[AppTest, bytes], None]


def upload_picture(app: AppTest, photo: bytes) -> None:
    app.file_uploader(key="uploads").upload('it\'s "mine".jpg', photo, "image/jpeg")


def use_own_weights(app: AppTest, photo: bytes) -> None:
    state = {key: value * 2 if value.is_floating_point() else value for key, value in state_of(SMALL).items()}
    Path("weights.safetensors").write_bytes(as_bytes(state))
    app.file_uploader(key="weights").set_value(("w.safetensors", as_bytes(state), "application/octet-stream"))


def use_both(app: AppTest, photo: bytes) -> None:
    upload_picture(app, photo)
    use_own_weights(app, photo)


def fit_and_size(app: AppTest, photo: bytes) -> None:
    app.segmented_control(key="fit").set_value("squash")
    app.select_slider(key="size").set_value(app.select_slider(key="size").value * 2)


@pytest.mark.parametrize("prepare", [upload_picture, use_own_weights, use_both, fit_and_size])
def test_the_snippet_gives_the_numbers_of_the_page(
    prepare: Prepare, photo_bytes: bytes, browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('it\'s "mine".jpg').write_bytes(photo_bytes)
    app = open_layers({"model": SMALL})
    prepare(app, photo_bytes)
    run(app)
    names, printed = run_snippet(app.code[0].value)
    maps = names["maps"].float().cpu().numpy()
    np.testing.assert_array_equal(maps, maps_handed_over(browser_side))
    assert printed == numbers_of(maps)


@pytest.mark.parametrize("name", list_shipped())
def test_the_snippet_of_every_network(name: str, browser_side: Browser) -> None:
    app = open_layers({"model": name, "compare": "Second picture"})
    for key, code in zip(("offer", "offer2"), app.code, strict=True):
        maps = run_snippet(code.value)[0]["maps"].float().cpu().numpy()
        np.testing.assert_array_equal(maps, maps_handed_over(browser_side, key))


def test_the_snippet_runs_as_it_stands(browser_side: Browser) -> None:
    app = open_layers({"model": SMALL})
    _, printed = run_snippet(app.code[0].value)
    shape, mean, largest = printed.rsplit(" ", 2)
    maps = maps_handed_over(browser_side)
    assert shape == str(maps.shape)
    assert float(mean) == pytest.approx(maps.mean(), rel=1e-5)
    assert float(largest) == pytest.approx(maps.max(), rel=1e-5)


def test_the_device_is_named() -> None:
    app = open_layers({"model": SMALL})
    device = app.selectbox(key="device")
    assert device.value == "auto"
    assert device.options[0].startswith("Auto: ")
    run(device.set_value("cpu"))
    assert app.session_state["device"] == "cpu"
    assert any("float32" in caption.value for caption in app.sidebar.caption)
