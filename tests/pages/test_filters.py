import copy
import io
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch import nn

from explorer.anatomy import FilterOrder, filter_products, find_convolutions, summarise_filters
from explorer.rendering import MOST_APART
from explorer.samples import SAMPLES
from explorer.ui.filters.compute import convolutions_of
from explorer.ui.filters.one_filter import SILENCED
from explorer.ui.session.subject import Subject
from explorer.zoo import list_shipped, load_model
from tests.pages.opening import ROOT, SECONDS, Browser, open_page, reopen, run, run_snippet, subject_of, texts_of
from tests.zoo.making import as_bytes

SMALL = "tiny-vgg" if "tiny-vgg" in list_shipped() else list_shipped()[-1]
NORMED = "mini-resnet" if "mini-resnet" in list_shipped() else list_shipped()[0]


def open_filters(address: dict[str, str] | None = None) -> AppTest:
    return open_page("filters", {"model": SMALL, **(address or {})})


def headings(app: AppTest) -> list[str]:
    return [heading.value for heading in app.subheader]


def weights_of(network: str, path: str) -> np.ndarray:
    return load_model(network, "cpu").network.get_submodule(path).weight.numpy()


def layers_of(network: str) -> list[str]:
    modules = load_model(network, "cpu").network.named_modules()
    return [path for path, module in modules if isinstance(module, nn.Conv2d)]


def upload_weights(app: AppTest, state: dict[str, torch.Tensor]) -> AppTest:
    app.file_uploader(key="weights").set_value(("mine.safetensors", as_bytes(state), "application/octet-stream"))
    return run(app)


def state_of(name: str) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in load_model(name, "cpu").network.state_dict().items()}


def shown_filters(side: Browser) -> list[int]:
    return [int(label.split(":")[0].split(",")[0].removeprefix("filter ")) for label in side.grids["filters"]["labels"]]


# The page works at once, with everything on offer.


@pytest.mark.parametrize("name", list_shipped())
def test_every_shipped_network_shows_its_filters(name: str, browser_side: Browser) -> None:
    app = open_filters({"model": name})
    options = app.selectbox(key="conv").options
    assert sorted(options) == sorted(layers_of(name))
    first = weights_of(name, options[0])
    assert first.shape[1] == 3
    arrays = browser_side.arrays()
    np.testing.assert_array_equal(arrays["weights"], first)
    np.testing.assert_allclose(arrays["norms"], np.linalg.norm(first.reshape(len(first), -1), axis=1), rtol=1e-5)
    grid = browser_side.grids["filters"]
    assert len(grid["labels"]) == len(first)
    assert grid["selected"] == 0
    assert grid["png"] == browser_side.downloads["offer-png"][1]
    with Image.open(io.BytesIO(grid["png"])) as picture:
        assert picture.size == (grid["cells"].width, grid["cells"].height)
        assert picture.mode == "RGBA"  # in colour
    said = texts_of(app)
    count, depth, height, width = first.shape
    assert f"{count} filters of {height} × {width} × {depth}." in said
    parameters = sum(p.numel() for p in load_model(name, "cpu").network.get_submodule(options[0]).parameters())
    assert f"**{parameters:,}**" in said
    assert "Grey is zero" in said


def test_every_convolution_opens(browser_side: Browser) -> None:
    app = open_filters()
    for path in layers_of(SMALL):
        run(app.selectbox(key="conv").select(path))
        weights = weights_of(SMALL, path)
        np.testing.assert_array_equal(browser_side.arrays()["weights"], weights)
        assert len(browser_side.grids["filters"]["labels"]) == len(weights)
        assert len(browser_side.grids["slices"]["labels"]) == min(weights.shape[1], MOST_APART)


def test_the_dense_layer_is_worked_out(browser_side: Browser) -> None:
    app = open_filters()
    first = convolutions_of(subject_of(app))[0]
    assert first.dense_parameters is not None
    assert f"**{first.dense_parameters:,}**" in texts_of(app)
    size = 2 * app.select_slider(key="size").value
    run(app.select_slider(key="size").set_value(size))
    model = load_model(SMALL, "cpu")
    larger = find_convolutions(model, size)[0].dense_parameters
    assert larger is not None
    assert larger > 15 * first.dense_parameters
    assert f"**{larger:,}**" in texts_of(app)


# How the grid is drawn.


@pytest.mark.parametrize("order", get_args(FilterOrder))
def test_order_of_filters(order: str, browser_side: Browser) -> None:
    app = open_filters()
    run(app.selectbox(key="filter_order").set_value(order))
    summary = summarise_filters(browser_side.arrays()["weights"])
    numbers = shown_filters(browser_side)
    assert sorted(numbers) == list(range(len(summary.norms)))
    measure = {"index": lambda n: n, "norm": lambda n: -summary.norms[n], "group": lambda n: summary.groups[n]}[order]
    assert all(measure(earlier) <= measure(later) for earlier, later in pairwise(numbers))
    assert browser_side.grids["filters"]["selected"] == numbers.index(0)


def test_own_scale_and_one_scale(browser_side: Browser) -> None:
    app = open_filters()
    each = browser_side.downloads["offer-png"][1]
    assert "own scale" in texts_of(app)
    run(app.segmented_control(key="filter_scale").set_value("shared"))
    assert browser_side.downloads["offer-png"][1] != each
    assert "All are drawn on one scale." in texts_of(app)


def test_one_slice_of_every_filter(browser_side: Browser) -> None:
    app = open_filters()
    colour = browser_side.downloads["offer-png"][1]
    run(app.number_input(key="slice").set_value(2))
    assert browser_side.downloads["offer-png"][1] != colour
    assert all(", slice 2:" in label for label in browser_side.grids["filters"]["labels"])
    assert browser_side.grids["slices"]["selected"] == 2
    assert "over blue" in texts_of(app)
    run(app.selectbox(key="conv").select_index(1))
    run(app.number_input(key="slice").set_value(None))
    weights = browser_side.arrays()["weights"]
    strongest = np.linalg.norm(weights.reshape(*weights.shape[:2], -1), axis=2).argmax(axis=1)
    for number, label in enumerate(browser_side.grids["filters"]["labels"]):
        assert label.startswith(f"filter {number}, slice {strongest[number]}:")
    run(app.number_input(key="slice").set_value(999))
    assert any("there is no slice 999" in info.value for info in app.info)
    assert "strongest slice" in texts_of(app)


# One filter.


def test_clicks_choose_filter_slice_and_a_similar_one(browser_side: Browser) -> None:
    app = open_filters({"filter_order": "Norm"})
    browser_side.clicks["filters"] = 3
    run(app)
    number = shown_filters(browser_side)[3]
    assert app.number_input(key="filter").value == number
    assert browser_side.grids["filters"]["selected"] == 3
    assert any(f", filter {number}: " in heading.value for heading in app.subheader)
    browser_side.clicks["slices"] = 1
    run(app)
    assert app.number_input(key="slice").value == 1
    other = int(browser_side.grids["similar"]["labels"][0].split(":")[0].removeprefix("filter "))
    browser_side.clicks["similar"] = 0
    run(app)
    assert app.number_input(key="filter").value == other


def test_one_filter_in_numbers(browser_side: Browser) -> None:
    app = open_filters({"filter": "5"})
    weights = browser_side.arrays()["weights"].astype(np.float64)
    norms = np.linalg.norm(weights.reshape(len(weights), -1), axis=1)
    told = {metric.label: metric.value for metric in app.metric}
    assert float(told["norm"]) == pytest.approx(norms[5], rel=5e-3)
    assert told["rank by norm"] == f"{1 + int((norms > norms[5]).sum())} of {len(norms)}"
    units = weights.reshape(len(weights), -1) / norms[:, None]
    cosines = units @ units[5]
    nearest = [number for number in np.argsort(-cosines) if number != 5][:6]
    expected = [f"filter {number}: cosine {cosines[number]:.3f}" for number in nearest]
    assert browser_side.grids["similar"]["labels"] == expected
    assert "of its energy lies below half the Nyquist frequency" in texts_of(app)
    assert any("Map 5" in str(image.captions) for image in app.image)


def test_a_filter_that_is_not_there(browser_side: Browser) -> None:
    app = open_filters({"filter": "999"})
    count = len(browser_side.arrays()["weights"])
    assert any(f"has {count} filters" in info.value for info in app.info)
    assert browser_side.grids["filters"]["selected"] is None
    assert not app.metric
    run_snippet(app.code[-1].value)
    run(app.number_input(key="filter").set_value(count - 1))
    assert app.metric


# The solid.


def test_the_example_is_a_solid_of_25_slices(browser_side: Browser) -> None:
    app = run(AppTest.from_file(ROOT / "explorer/ui/front_door.py", default_timeout=SECONDS))
    run(app.selectbox(key="model").select(NORMED))  # a choice of the session does not win over the link
    app.query_params["example"] = "5x5x25"
    run(app.switch_page(str(ROOT / "pages/filters.py")))
    assert app.selectbox(key="model").value == "five-by-five"
    assert "example" not in app.query_params
    assert headings(app)[:3] == [
        "features.conv1_2, filter 26: 5 × 5 × 25",
        "All 32 filters",
        "25 slices × 25 input maps, summed + bias = 1 output map",
    ]
    said = texts_of(app)
    assert "**One filter is one block** of 625 weights and a bias: 25 slices of 5 × 5, one for each input" in said
    labels = browser_side.grids["slices"]["labels"]
    assert [label.split(":")[0] for label in labels] == [f"slice {n} × input channel {n}" for n in range(25)]


def test_products_and_bias_add_up_to_the_networks_map(browser_side: Browser) -> None:
    app = open_page("filters", {"example": "5x5x25"})
    network, x = load_model("five-by-five", "cpu").network, subject_of(app).input
    arrays = browser_side.arrays("solid")
    with torch.inference_mode():
        read = network.features.conv1_1(x).relu()
        weight, bias = network.features.conv1_2.weight[26:27], network.features.conv1_2.bias[26:27]
        expected = torch.nn.functional.conv2d(read, weight, bias, padding=2)[0, 0].numpy()
        np.testing.assert_allclose(arrays["inputs"], read[0].numpy(), rtol=1e-5, atol=1e-6)
        for part in (0, 24):
            alone = torch.nn.functional.conv2d(read[:, part : part + 1], weight[:, part : part + 1], padding=2)
            np.testing.assert_allclose(arrays["products"][part], alone[0, 0].numpy(), rtol=1e-4, atol=1e-5)
    summed = arrays["products"].sum(axis=0) + arrays["bias"]
    np.testing.assert_allclose(summed, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(summed, arrays["output"], rtol=1e-5, atol=1e-5)
    png = browser_side.downloads["solid-png"][1]
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width == 1280
    names, printed = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names["products"], arrays["products"], rtol=1e-6, atol=1e-9)
    assert "(25, 32, 32)" in printed


def test_of_many_slices_those_that_contribute_most_are_shown(
    browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[np.ndarray, ...]] = []
    original = filter_products.product_tiles

    def watch(slices: np.ndarray, maps: np.ndarray, products: np.ndarray, names: list[str], **how: Any) -> Any:
        drawn.append((slices, maps, products))
        return original(slices, maps, products, names, **how)

    monkeypatch.setattr(filter_products, "product_tiles", watch)
    path = next(path for path in layers_of(NORMED) if weights_of(NORMED, path).shape[1] == 128)
    app = open_filters({"model": NORMED, "conv": path, "filter": "7"})
    arrays = browser_side.arrays("solid")
    strength = np.sqrt((arrays["products"] ** 2).sum(axis=(1, 2)))
    labels = browser_side.grids["slices"]["labels"]
    shown = [int(label.split(" ")[1]) for label in labels[:-1]]
    assert shown == np.argsort(-strength, kind="stable")[: MOST_APART - 1].tolist()
    assert labels[-1].startswith("all others: add ")
    assert f"the {MOST_APART - 1} that contribute most" in texts_of(app)
    slices, maps, products = drawn[-1]
    np.testing.assert_array_equal(slices, weights_of(NORMED, path)[7][shown])
    np.testing.assert_array_equal(maps, arrays["inputs"][shown])
    # What is drawn, the others' tile included, adds up to the map.
    np.testing.assert_allclose(products.sum(axis=0) + arrays["bias"], arrays["output"], rtol=1e-5, atol=1e-5)
    before = app.number_input(key="slice").value
    browser_side.clicks["slices"] = len(labels) - 1
    run(app)
    assert app.number_input(key="slice").value == before  # all others are no slice


# Cause and effect.


def without(subject: Subject, path: str, channels: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities before and after these channels of a module give nothing, by PyTorch's own hooks."""
    network = copy.deepcopy(subject.model.network)
    x = subject.input

    def silence(_module: nn.Module, _args: Any, output: torch.Tensor) -> torch.Tensor:
        output = output.clone()
        output[:, channels] = 0
        return output

    with torch.inference_mode():
        before = network(x)[0].softmax(0)
        network.get_submodule(path).register_forward_hook(silence)
        return before.numpy(), network(x)[0].softmax(0).numpy()


def twins_of(name: str) -> tuple[dict[str, torch.Tensor], str]:
    """Weights whose filter 1 of the first convolution is a copy of filter 0, and that convolution's path."""
    state, path = state_of(name), layers_of(name)[0]
    state[f"{path}.weight"][1] = state[f"{path}.weight"][0] * 1.5
    return state, path


@pytest.mark.parametrize("choice", list(SILENCED))
def test_filters_are_switched_off(choice: str, browser_side: Browser) -> None:
    app = open_filters()
    state, path = twins_of(SMALL)
    upload_weights(app, state)
    run(app.segmented_control(key="silence").set_value(choice))
    said = texts_of(app)
    assert "1 near-duplicate" in said
    summary = summarise_filters(browser_side.arrays()["weights"])
    assert summary.duplicates_of(0) == (1,)
    channels = {"none": [], "filter": [0], "duplicates": [0, 1], "group": list(summary.group_of(0))}[choice]
    if not channels:
        assert "Without" not in said
        return
    digest = next(iter(app.session_state["weights_digests"].values()))
    subject = subject_of(app, weights=digest)
    convolution = convolutions_of(subject)[0]
    before, after = without(subject, convolution.norm or path, channels)
    assert f"Without {len(channels)} filter" in said
    best = int(before.argmax())
    sentence = next(line for line in said.splitlines() if line.startswith("Without"))
    shares = [float(part.split(" ")[-1]) for part in sentence.replace(" %", "|").split("|")[:2]]
    assert shares == pytest.approx([100 * before[best], 100 * after[best]], rel=5e-3)
    now = subject.model.classes[int(after.argmax())]
    assert ("the prediction stays" in sentence) == (int(after.argmax()) == best)
    assert f"**{subject.model.classes[best]}**" in sentence
    assert int(after.argmax()) == best or f"**{now}**" in sentence


def test_a_filter_is_silenced_behind_its_norm(browser_side: Browser) -> None:
    app = open_filters({"model": NORMED, "silence": "This filter", "filter": "2"})
    convolution = convolutions_of(subject_of(app))[0]
    if not convolution.norm:
        assert "after the batch norm" not in texts_of(app)
        return
    assert "after the batch norm" in texts_of(app)
    before, after = without(subject_of(app), convolution.norm, [2])
    names, _ = run_snippet(app.code[-1].value)
    np.testing.assert_allclose(names["before"].numpy(), before, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(names["after"].numpy(), after, rtol=1e-4, atol=1e-6)


# Dead, double and infinite filters.


def test_dead_and_double_filters_are_counted(browser_side: Browser) -> None:
    app = open_filters({"filter": "3"})
    state, path = twins_of(SMALL)
    state[f"{path}.weight"][3] = 0
    upload_weights(app, state)
    total = len(state[f"{path}.weight"])
    said = texts_of(app)
    assert f"1 of {total} filters are dead, with a norm below a thousandth of the median (3)." in said
    assert f"2 of {total} have a near-duplicate, a filter at a cosine above 0.95 (1 pair)." in said
    assert browser_side.grids["filters"]["marked"] == {3}
    assert "This filter is dead" in said
    assert "passes nothing" in said
    assert "There is nothing to compare" in said
    state[f"{path}.weight"][4, 0, 0, 0] = float("inf")
    upload_weights(app, state)
    assert any("not finite" in warning.value for warning in app.warning)
    run(app.number_input(key="filter").set_value(4))


# Networks with depthwise and 1x1 convolutions.


@pytest.mark.usefixtures("torch_home")
def test_mobilenet(browser_side: Browser) -> None:
    app = open_filters({"model": "mobilenet_v2", "conv": "features.2.conv.1.0"})
    said = texts_of(app)
    assert "96 filters of 3 × 3 × 1." in said
    assert "Depthwise" in said
    assert "Every output channel sees one input channel of 96." in said
    assert "1 slice × 1 input map = 1 output map" in headings(app)
    assert browser_side.grids["slices"]["labels"][0].startswith("slice 0 × input channel 0: adds ")
    assert "yellow where one reads the other" in said
    # A 1x1 convolution is a matrix: a row for each filter.
    run(app.selectbox(key="conv").select("features.2.conv.2"))
    cells = browser_side.grids["filters"]["cells"]
    assert (cells.columns, cells.rows, cells.gap) == (1, 24, 0)
    assert "Every row is a filter" in texts_of(app)
    assert "mixes channels" in texts_of(app)
    run(app.number_input(key="slice").set_value(7))
    assert browser_side.grids["filters"]["cells"].columns > 1
    run(app.number_input(key="slice").set_value(None))
    # Many filters, many slices.
    run(app.selectbox(key="conv").select("features.18.0"))
    grid = app.get_by_key("filters_grid")
    assert grid.num_pages == 5
    run(grid.set_value(5))
    assert shown_filters(browser_side) == list(range(1024, 1280))
    run(app.selectbox(key="conv").select("features.17.conv.2"))
    pages = app.get_by_key("slices_grid")
    assert pages.num_pages == 25  # of 39 slices and one tile for all others
    run(pages.set_value(2))
    label = browser_side.grids["slices"]["labels"][3]
    browser_side.clicks["slices"] = 3
    run(app)
    assert label.startswith(f"slice {app.number_input(key='slice').value} ×")


@pytest.mark.usefixtures("torch_home")
def test_dead_filters_of_a_trained_network(browser_side: Browser) -> None:
    app = open_filters({"model": "mobilenet_v2"})
    assert "7 of 32 filters are dead" in texts_of(app)
    assert len(browser_side.grids["filters"]["marked"]) == 7


# The address, and what is handed over.


def test_a_link_reopens_the_view(browser_side: Browser) -> None:
    app = open_filters()
    run(app.selectbox(key="conv").select_index(1))
    app.selectbox(key="filter_order").set_value("norm")
    app.segmented_control(key="filter_scale").set_value("shared")
    app.number_input(key="filter").set_value(4)
    app.number_input(key="slice").set_value(6)
    app.segmented_control(key="silence").set_value("group")
    run(app)
    png, code = browser_side.downloads["offer-png"][1], [panel.value for panel in app.code]
    address = {  # as the browser writes it: what the controls show
        "image": SAMPLES[0].title,
        "conv": app.session_state["conv"],
        "filter_order": "Norm",
        "filter_scale": "One scale",
        "filter": "4",
        "slice": "6",
        "silence": "Its group too",
    }
    again = reopen(open_filters, address, app)
    assert browser_side.downloads["offer-png"][1] == png
    assert [panel.value for panel in again.code] == code


@pytest.mark.parametrize("value", ["nonsense", "", "-1", "<b>", "99999999999999999999"])
def test_a_link_with_nonsense_opens_a_view(value: str) -> None:
    names = ("image", "model", "conv", "filter_order", "filter_scale", "filter", "slice", "silence", "example")
    app = open_page("filters", dict.fromkeys(names, value))
    assert app.selectbox(key="model").value in list_shipped()
    assert app.selectbox(key="conv").value in app.selectbox(key="conv").options


def test_another_network_keeps_the_page_whole() -> None:
    app = open_filters({"filter": "7"})
    run(app.selectbox(key="conv").select_index(4))
    run(app.selectbox(key="model").select(NORMED))
    assert app.selectbox(key="conv").value == app.selectbox(key="conv").options[0]
    assert app.session_state["filter"] == 7


@pytest.mark.parametrize("name", list_shipped())
def test_the_snippet_gives_the_weights_of_the_page(name: str, browser_side: Browser) -> None:
    app = open_filters({"model": name, "filter": "3"})
    run(app.selectbox(key="conv").select_index(2))
    names, printed = run_snippet(app.code[-1].value)
    arrays = browser_side.arrays()
    np.testing.assert_array_equal(names["weights"], arrays["weights"])
    np.testing.assert_array_equal(names["summary"].norms, arrays["norms"])
    np.testing.assert_array_equal(names["summary"].groups, arrays["groups"])
    np.testing.assert_array_equal(names["summary"].duplicates, arrays["duplicates"])
    assert str(arrays["weights"].shape) in printed


def test_the_snippet_with_own_picture_and_weights(
    photo_bytes: bytes, browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.jpg").write_bytes(photo_bytes)
    app = open_filters()
    app.file_uploader(key="uploads").upload("mine.jpg", photo_bytes, "image/jpeg")
    state, path = twins_of(SMALL)
    Path("weights.safetensors").write_bytes(as_bytes(state))
    upload_weights(app, state)
    run(app.segmented_control(key="silence").set_value("duplicates"))
    names, _ = run_snippet(app.code[-1].value)
    np.testing.assert_array_equal(names["weights"], state[f"{path}.weight"].numpy())
    np.testing.assert_array_equal(names["weights"], browser_side.arrays()["weights"])
    sentence = next(line for line in texts_of(app).splitlines() if line.startswith("Without"))
    best = names["best"]
    assert f"{names['model'].classes[best]}" in sentence
    shares = [float(part.split(" ")[-1]) for part in sentence.replace(" %", "|").split("|")[:2]]
    expected = [100 * names[name][best].item() for name in ("before", "after")]
    assert shares == pytest.approx(expected, rel=5e-3)


def test_the_snippet_runs_as_it_stands() -> None:
    app = open_filters({"silence": "This filter"})
    for place in range(len(app.code)):
        _, printed = run_snippet(app.code[place].value)
        assert printed.startswith("(")
