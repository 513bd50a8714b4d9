from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn
from torch.nn import functional as F

from explorer.images import open_image
from explorer.operations.convolution import BORDERS
from explorer.operations.kernels import PRESETS, preset_kernel
from explorer.samples import SAMPLES, read_sample
from explorer.ui.convolution.controls import ACTIVATIONS
from tests.pages.opening import Browser, open_page, run, run_snippet

SMALL = "tiny-vgg"


def open_convolution(**address: str | list[str]) -> AppTest:
    return open_page("convolution", {"model": SMALL, **address})


def photo(longest: int = 64, grey: bool = False) -> torch.Tensor:
    """The cat, by Pillow and NumPy alone."""
    image = open_image(read_sample(SAMPLES[0].name))
    scale = longest / max(image.size)
    small = image.convert("L" if grey else "RGB").resize([round(side * scale) for side in image.size], 1)
    pixels = np.atleast_3d(np.asarray(small, np.float32) / 255)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def check_consistent(app: AppTest, side: Browser) -> np.ndarray:
    """Picture, numbers and snippet agree; gives the maps."""
    found = side.arrays()
    names, printed = run_snippet(app.code[-1].value)
    maps = names["maps"].numpy()
    np.testing.assert_allclose(maps, found["maps"], rtol=1e-6, atol=1e-7)
    assert printed.startswith(str(tuple(found["maps"].shape)))
    channel_view, _ = side.channel_views["microscope"]
    assert any(np.array_equal(channel_view.output, values) for values in found["output"])
    return found["maps"]


def line_of(app: AppTest) -> str:
    """The page's line that makes the layer."""
    [line] = [text.value.strip("`") for text in app.markdown if text.value.startswith("`nn.")]
    return line


def test_it_works_at_once(browser_side: Browser) -> None:
    app = open_convolution()
    x = photo()
    kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]).expand(1, 3, 3, 3)
    maps = check_consistent(app, browser_side)
    np.testing.assert_allclose(maps, F.conv2d(x[None], kernel, padding=1)[0].numpy(), rtol=1e-4, atol=1e-5)
    channel_view, pinned = browser_side.channel_views["microscope"]
    assert pinned is None
    assert channel_view.channel_names == ("red", "green", "blue")
    assert channel_view.backdrop.startswith(b"\x89PNG")
    np.testing.assert_allclose(channel_view.input, x.numpy(), atol=1e-6)
    # Three channels of three rows, as the textbook has them.
    np.testing.assert_array_equal(channel_view.kernel, [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]] * 3)
    line = "nn.Conv2d(3, 1, kernel_size=3, padding=1, bias=False)"
    assert eval(line_of(app), {"nn": nn}).weight.shape == kernel.shape
    assert line_of(app) == line
    said = [text.value for text in app.markdown]
    assert any("output cells" in text and "n + 2p - d" in text for text in said)  # in letters
    assert any(text.startswith("rows:") and text.endswith(f"= {x.shape[1]}$") for text in said)  # and in numbers


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset(name: str, browser_side: Browser) -> None:
    app = open_convolution(filters=[PRESETS[name].label], ksize="5", angle="45", wave="3.0", grey="true")
    maps = check_consistent(app, browser_side)
    kernel = torch.from_numpy(preset_kernel(name, 5, 45, 3.0))[None, None]
    expected = F.conv2d(photo(grey=True)[None], kernel, padding=1)[0].numpy()
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [1, 2, 11])
def test_every_kernel_size(side: int, browser_side: Browser) -> None:
    app = open_convolution(filters=["Box blur"])
    run(app.slider(key="ksize").set_value(side))
    assert check_consistent(app, browser_side).shape[1] == photo().shape[1] + 2 - side + 1


def test_a_preset_that_needs_more_room_says_so(browser_side: Browser) -> None:
    app = open_convolution(ksize="1")
    assert any("at least 2 × 2" in caption.value for caption in app.caption)
    assert not app.error


def test_several_filters_make_a_deeper_output(browser_side: Browser) -> None:
    app = open_convolution(filters=["Sobel x", "Sobel y", "Box blur"])
    maps = check_consistent(app, browser_side)
    assert len(maps) == 3
    grid = browser_side.grids["filter-maps"]
    assert [label.split(":")[0] for label in grid["labels"]] == ["Box blur", "Sobel x", "Sobel y"]
    browser_side.clicks["filter-maps"] = 2
    run(app)
    assert app.query_params["map"] == "2"
    channel_view, _ = browser_side.channel_views["microscope"]
    assert channel_view.title == "Sobel y"
    assert np.array_equal(channel_view.output, browser_side.arrays()["output"][2])


def test_stride_padding_dilation_and_size(browser_side: Browser) -> None:
    app = open_convolution(filters=["Laplacian"])
    for key, value in (("stride", 2), ("padding", 3), ("dilation", 2)):
        run(app.number_input(key=key).set_value(value))
    run(app.select_slider(key="side").set_value(48))
    kernel = torch.from_numpy(preset_kernel("laplacian", 3)).expand(1, 3, 3, 3)
    expected = F.conv2d(photo(48)[None], kernel, stride=2, padding=3, dilation=2)[0].numpy()
    np.testing.assert_allclose(check_consistent(app, browser_side), expected, rtol=1e-4, atol=1e-5)
    assert any(f"= {expected.shape[1]}" in text.value for text in app.markdown)


@pytest.mark.parametrize("border", BORDERS)
def test_every_border(border: str, browser_side: Browser) -> None:
    app = open_convolution(filters=["Box blur"], padding="2")
    run(app.segmented_control(key="border").set_value(border))
    x = photo()
    cells = 0 if border == "valid" else 2
    mode = "constant" if border in ("valid", "zeros") else border
    expected = F.avg_pool2d(F.pad(x[None], [cells] * 4, mode=mode), 3, 1).sum(1)[0].numpy()
    np.testing.assert_allclose(check_consistent(app, browser_side)[0], expected, rtol=1e-4, atol=1e-5)


def test_groups_keep_the_colours_apart(browser_side: Browser) -> None:
    app = open_convolution(filters=["Identity", "Box blur", "Sobel x"], groups="3")
    maps = check_consistent(app, browser_side)
    x = photo()
    np.testing.assert_allclose(maps[0], np.pad(x[0].numpy(), 0), atol=1e-6)  # the first filter reads red only
    blurred = F.avg_pool2d(F.pad(x[1][None, None], [1] * 4), 3, 1)[0, 0].numpy()
    np.testing.assert_allclose(maps[1], blurred, rtol=1e-4, atol=1e-5)
    assert browser_side.channel_views["microscope"][0].channel_names == ("red",)


def test_transposed(browser_side: Browser) -> None:
    app = open_convolution(filters=["Box blur"], stride="2", padding="0", transposed="true", outpad="1")
    kernel = torch.full((3, 1, 3, 3), 1 / 9)
    expected = F.conv_transpose2d(photo()[None], kernel, stride=2, output_padding=1)[0].numpy()
    np.testing.assert_allclose(check_consistent(app, browser_side), expected, rtol=1e-4, atol=1e-5)
    assert any("not divisible by stride 2" in text.value for text in app.markdown)
    run(app.slider(key="ksize").set_value(4))
    assert any("4 is divisible by stride 2" in text.value for text in app.markdown)
    run(app.toggle(key="transposed").set_value(False))
    assert not any("divisible by" in text.value for text in app.markdown)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation: str, browser_side: Browser) -> None:
    app = open_convolution(filters=["Sobel x"])
    run(app.selectbox(key="activation").set_value(activation))
    maps = check_consistent(app, browser_side)
    before = torch.from_numpy(browser_side.arrays()["output"])
    functions = {"none": lambda v: v, "ReLU": F.relu, "leaky ReLU": F.leaky_relu, "GELU": F.gelu}
    functions |= {"sigmoid": torch.sigmoid, "tanh": torch.tanh}
    np.testing.assert_allclose(maps, functions[activation](before).numpy(), atol=1e-6)
    shares = [metric.value for metric in app.metric if metric.label == "cells it silences"]
    if activation == "none":
        assert not shares
    elif activation == "ReLU":
        assert shares == [f"{float((before < 0).float().mean()):.1%}"]
    else:
        assert len(shares) == 1


# A kernel of one's own.


def test_a_kernel_as_text_with_a_plane_for_each_colour(browser_side: Browser) -> None:
    text = "1 0 0;0 0 0;0 0 0|0 0 0;0 2 0;0 0 0|0 0 0;0 0 0;0 0 -1"
    app = open_convolution(filters=["Your own"], kernel=text)
    maps = check_consistent(app, browser_side)
    kernel = torch.zeros(1, 3, 3, 3)
    kernel[0, 0, 0, 0], kernel[0, 1, 1, 1], kernel[0, 2, 2, 2] = 1, 2, -1
    np.testing.assert_allclose(maps, F.conv2d(photo()[None], kernel, padding=1)[0].numpy(), rtol=1e-4, atol=1e-5)
    run(app.toggle(key="grey").set_value(True))  # one channel is left: the planes are added
    grey = check_consistent(app, browser_side)
    expected = F.conv2d(photo(grey=True)[None], kernel.sum(1, keepdim=True), padding=1)[0].numpy()
    np.testing.assert_allclose(grey, expected, rtol=1e-4, atol=1e-5)


def test_a_bad_kernel_gets_a_sentence_and_loses_nothing(browser_side: Browser) -> None:
    app = open_convolution(filters=["Your own"], kernel="0 0 0;0 5 0;0 0 0")
    before = check_consistent(app, browser_side)
    for text in ("a b", "1 2;3", "1|2"):
        run(app.text_input(key="kernel").set_value(text))
        assert len(app.error) == 1
        np.testing.assert_array_equal(check_consistent(app, browser_side), before)
    run(app.text_input(key="kernel").set_value("0 0 0;0 1 0;0 0 0"))
    assert not app.error
    np.testing.assert_allclose(check_consistent(app, browser_side), before / 5, atol=1e-6)


def test_editing_a_preset_makes_it_ones_own(browser_side: Browser) -> None:
    """The table's edit arrives as the page itself hands it on; a real browser types it in tests/browser."""
    app = open_convolution(filters=["Sobel x", "Box blur"])
    app.session_state["chosen_by_click"] = {"kernel": "0 0 0;0 3 0;0 0 0", "filters": ["own", "box"]}
    run(app)
    assert app.text_input(key="kernel").value == "0 0 0;0 3 0;0 0 0"
    maps = check_consistent(app, browser_side)
    np.testing.assert_allclose(maps[1], 3 * photo().sum(0).numpy(), rtol=1e-4, atol=1e-5)


# Impossible settings.


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"groups": "2"}, "cannot be split into 2 groups"),
        ({"ksize": "11", "dilation": "8", "padding": "0"}, "more than the"),
        ({"transposed": "true", "outpad": "2"}, "must be smaller than the stride"),
    ],
)
def test_impossible_settings_keep_the_last_picture(changes: dict[str, str], rule: str, browser_side: Browser) -> None:
    app = open_convolution(filters=["Sharpen"])
    before = check_consistent(app, browser_side)
    for key, value in changes.items():
        widget = {"ksize": app.slider, "transposed": app.toggle}.get(key, app.number_input)
        run(widget(key=key).set_value(True if value == "true" else int(value)))
    assert len(app.error) == 1
    assert rule in app.error[0].value
    assert any("last that was possible" in caption.value for caption in app.caption)
    after = check_consistent(app, browser_side)
    if set(changes) == {"groups"}:
        np.testing.assert_array_equal(after, before)


def test_an_impossible_link_still_shows_something(browser_side: Browser) -> None:
    app = open_convolution(groups="7")
    assert len(app.error) == 1
    check_consistent(app, browser_side)


# Predict first.


def test_a_prediction_is_checked(browser_side: Browser) -> None:
    app = open_convolution(filters=["Sobel x", "Sobel y"], stride="2", predict="true")
    assert "microscope" not in browser_side.channel_views  # the pictures wait
    rows, columns = F.conv2d(photo()[None], torch.zeros(1, 3, 3, 3), stride=2, padding=1).shape[2:]
    for name, value in (("channels", 2), ("rows", rows), ("columns", columns + 1)):
        app.number_input(key=f"predict-{name}").set_value(value)
    run(press(app, "Check"))
    assert "columns" in app.warning[0].value
    assert "rows" not in app.warning[0].value
    app.number_input(key="predict-columns").set_value(columns)
    run(press(app, "Check"))
    assert app.success
    assert "microscope" in browser_side.channel_views
    run(app.number_input(key="stride").set_value(3))  # a new question
    browser_side.channel_views.clear()
    run(app)
    assert "microscope" not in browser_side.channel_views
    run(press(app, "Show me"))
    assert "microscope" in browser_side.channel_views


def press(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label == label).click()


# The pinned cell.


def test_a_pinned_cell_stands_in_the_address(browser_side: Browser) -> None:
    app = open_convolution()
    browser_side.clicks["microscope"] = (4, 7)
    run(app)
    assert app.query_params["microscope.cell"] == "4,7"
    assert browser_side.channel_views["microscope"][1] == (4, 7)
    again = open_convolution(**{"microscope.cell": "4,7"})
    assert browser_side.channel_views["microscope"][1] == (4, 7)
    browser_side.clicks["microscope"] = (4, 7)  # a second click lets it go
    run(again)
    assert "microscope.cell" not in again.query_params
    assert browser_side.channel_views["microscope"][1] is None


@pytest.mark.parametrize("cell", ["4", "a,b", "-1,2", "999,0", ""])
def test_a_cell_that_is_not_there_is_not_pinned(cell: str, browser_side: Browser) -> None:
    open_convolution(**{"microscope.cell": cell})
    assert browser_side.channel_views["microscope"][1] is None


# A layer of the network.


@pytest.mark.parametrize("network", ["tiny-vgg", "mini-resnet", "photo-net"])
def test_every_convolution_of_a_network(network: str, browser_side: Browser) -> None:
    app = open_page("convolution", {"model": network, "look": "A layer of the network"})
    layers = app.selectbox(key="layer").options
    modules = {name: m for name, m in load(network).network.named_modules() if isinstance(m, nn.Conv2d)}
    assert layers == list(modules)
    for name in (layers[0], layers[-1]):
        run(app.selectbox(key="layer").set_value(name))
        run(app.number_input(key="unit").set_value(modules[name].out_channels - 1))
        channel_view, _ = browser_side.channel_views["layer-microscope"]
        assert channel_view.kernel.shape == tuple(modules[name].weight.shape[1:])
        np.testing.assert_array_equal(channel_view.kernel, modules[name].weight[-1].detach().numpy())
        assert browser_side.arrays()["maps"].shape[0] == modules[name].out_channels
        maps = run_snippet(app.code[-1].value)[0]["maps"].numpy()
        np.testing.assert_allclose(maps, browser_side.arrays()["maps"], rtol=1e-5, atol=1e-6)
        again = eval(line_of(app), {"nn": nn})
        again.load_state_dict(modules[name].state_dict())
        x = torch.randn(1, modules[name].in_channels, 9, 9)
        torch.testing.assert_close(again(x), modules[name](x))
        assert sum("output cells" in text.value for text in app.markdown) == 1


def load(network: str) -> Any:
    from explorer.zoo import load_model

    return load_model(network, "cpu")


def test_the_first_layer_shows_the_photo(browser_side: Browser) -> None:
    app = open_page("convolution", {"model": SMALL, "look": "A layer of the network"})
    channel_view, _ = browser_side.channel_views["layer-microscope"]
    assert channel_view.channel_names == ("red", "green", "blue")
    assert channel_view.backdrop is not None
    assert [step.kind for step in channel_view.steps] == ["relu"]
    run(app.selectbox(key="layer").select_index(1))
    assert browser_side.channel_views["layer-microscope"][0].backdrop is None


def test_a_large_layer_is_fetched_cell_by_cell(browser_side: Browser) -> None:
    address = {"model": "photo-net", "size": "256 px", "look": "A layer of the network"}
    app = open_page("convolution", address)
    name = "stem.conv2"
    run(app.selectbox(key="layer").set_value(name))
    channel_view, _ = browser_side.channel_views["layer-microscope"]
    assert channel_view.input is None
    browser_side.clicks["layer-microscope"] = (0, 0)
    run(app)
    channel_view, pinned = browser_side.channel_views["layer-microscope"]
    assert channel_view.patch_cell == pinned == (0, 0)
    value = (channel_view.patch.astype(np.float64) * channel_view.kernel).sum()
    assert value == pytest.approx(float(channel_view.output[0, 0]), rel=1e-4, abs=1e-4)
