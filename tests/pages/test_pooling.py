import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.anatomy.surgery import CHANGES, operate, predict_shifted, run_once
from explorer.operations.photo import to_tensor
from explorer.operations.pooling import POOLINGS, Pooling, pool, psnr, unpool
from explorer.operations.pooling_comparison import POOLING_LABELS
from explorer.operations.shifting import pooled_drift, total_variation
from explorer.samples import SAMPLES
from explorer.text import shape_text, with_unit
from explorer.ui.pooling.in_network import CHANGE_LABELS
from explorer.ui.pooling.kinds import PHOTO
from explorer.ui.session.pictures import get_picture
from explorer.ui.shared.recorded import compute_maps, facts_of
from explorer.zoo import list_shipped
from tests.pages.opening import Browser, open_page, reopen, run, run_snippet, subject_of, texts_of

SMALL = "tiny-vgg"
CAT = SAMPLES[0].title
NETWORK, SHIFT = {"part": "Inside a network"}, {"part": "Shift"}


def open_pooling(address: dict[str, str] | None = None) -> AppTest:
    return open_page("pooling", {"model": SMALL, **(address or {})})


def check_arrays(arrays: dict[str, np.ndarray], x: torch.Tensor, window: int, stride: int, padding: int) -> None:
    np.testing.assert_array_equal(arrays["input"], x.numpy())
    for kind in POOLINGS:
        output = pool(x, Pooling(kind, window, stride, padding)).output.numpy()
        np.testing.assert_allclose(arrays[kind], output, rtol=1e-6, atol=1e-7)
    sources = pool(x, Pooling("max", window, stride, padding)).sources
    assert sources is not None
    np.testing.assert_array_equal(arrays["max_cells"], sources.numpy())


def photo() -> torch.Tensor:
    return to_tensor(get_picture(CAT).intake.image, 128)


# Pictures.


@pytest.mark.parametrize("name", list_shipped())
def test_it_works_at_once(name: str, browser_side: Browser) -> None:
    app = open_page("pooling", {"model": name})
    assert not app.error
    x = photo()
    check_arrays(browser_side.arrays(), x, 4, 4, 0)
    told = texts_of(app)
    for kind in POOLINGS:
        pooled = pool(x, Pooling(kind, 4, 4))
        assert POOLING_LABELS[kind] in told
        assert f"`{shape_text(pooled.output.shape)}`" in told
        assert f"{psnr(x, unpool(pooled), 1.0):.1f} dB" in told
    assert "microscope" in "".join(browser_side.channel_views)


def test_window_stride_and_padding(browser_side: Browser) -> None:
    app = open_pooling()
    run(app.slider(key="window").set_value(3))
    run(app.slider(key="pool_stride").set_value(2))
    run(app.slider(key="pool_padding").set_value(1))
    assert not app.error
    check_arrays(browser_side.arrays(), photo(), 3, 2, 1)


def test_impossible_settings_leave_the_last_pictures(browser_side: Browser) -> None:
    app = open_pooling()
    run(app.slider(key="window").set_value(5))
    before = browser_side.arrays()
    run(app.slider(key="pool_padding").set_value(3))
    assert len(app.error) == 1
    assert "half of the window (5)" in app.error[0].value
    assert any("still window 5, stride 4, padding 0" in caption.value for caption in app.caption)
    for name, values in browser_side.arrays().items():
        np.testing.assert_array_equal(values, before[name])
    run(app.slider(key="window").set_value(6))
    assert not app.error
    check_arrays(browser_side.arrays(), photo(), 6, 4, 3)


def test_a_window_larger_than_a_small_map(browser_side: Browser) -> None:
    layer = next(facts.name for facts in facts_of_small() if facts.resolution == (4, 4))
    app = open_pooling({"pooled": layer, "window": "6", "pool_stride": "1"})
    assert "does not fit on 4 rows" in app.error[0].value
    assert browser_side.arrays()["max"].shape == (1, 2, 2)  # window 2, stride 2 is always possible here
    run(app.slider(key="pool_padding").set_value(1))
    assert not app.error


def facts_of_small() -> Any:
    app = open_pooling()
    return facts_of(subject_of(app))


def test_any_map_of_any_layer(browser_side: Browser) -> None:
    app = open_pooling()
    subject = subject_of(app)
    layers = [facts.name for facts in facts_of(subject) if min(facts.resolution) > 1]
    assert app.selectbox(key="pooled").options == [PHOTO, *layers]
    app.slider(key="window").set_value(2)
    app.slider(key="pool_stride").set_value(2)
    for layer in (layers[0], layers[-1]):  # one is signed, one is not
        run(app.selectbox(key="pooled").set_value(layer))
        run(app.number_input(key="pooled_map").set_value(5))
        maps = compute_maps(subject, layer)
        check_arrays(browser_side.arrays(), torch.from_numpy(maps[[5]]), 2, 2, 0)
        words = "Blue is below zero" if maps[5].min() < 0 else "Dark is zero"
        assert words in texts_of(app)
    run(app.number_input(key="pooled_map").set_value(1000))
    assert any("there is no map 1000" in info.value for info in app.info)
    run(app.selectbox(key="pooled").set_value(PHOTO))
    assert browser_side.arrays()["input"].shape[0] == 3


def test_another_network_puts_an_unknown_layer_back_to_the_photo(browser_side: Browser) -> None:
    app = open_pooling({"pooled": "features.pool1"})
    assert browser_side.arrays()["input"].shape[0] == 1
    run(app.selectbox(key="model").select("photo-net"))
    assert app.selectbox(key="pooled").value == PHOTO
    assert browser_side.arrays()["input"].shape[0] == 3


def test_three_ways_to_look(browser_side: Browser) -> None:
    app = open_pooling()
    pictures = {}
    for show in ("pooled", "restored", "spread"):
        run(app.segmented_control(key="show").set_value(show))
        pictures[show] = browser_side.downloads["offer-png"][1]
        assert browser_side.downloads["offer-png"][2] == f"pooling-{show}.png"
    assert len(set(pictures.values())) == 3
    with Image.open(io.BytesIO(pictures["restored"])) as grid:
        assert grid.size[0] == 4 * 384 + 3 * 8
        width, height = 384, (grid.size[1] - 8) // 2
        tile = np.asarray(grid)[:height, 392 : 392 + width]  # max, every value back in its place
    assert (tile == 0).mean() > 0.8


def test_of_a_single_colour_nothing_is_lost(browser_side: Browser) -> None:
    image = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 100, 50)).save(image, "PNG")
    app = open_pooling()
    app.file_uploader(key="uploads").upload("plain.png", image.getvalue(), "image/png")
    run(app)
    assert "nothing lost" in texts_of(app)  # an average of equal values
    assert np.ptp(browser_side.arrays()["average"][0]) < 1e-6


# One cell.


@pytest.mark.parametrize("kind", POOLINGS)
def test_every_kind_under_the_microscope(kind: str, browser_side: Browser) -> None:
    app = open_pooling({"window": "3", "pool_stride": "2", "pool_padding": "1"})
    run(app.segmented_control(key="kind").set_value(kind))
    for number, colour in enumerate(("red", "green", "blue")):
        run(app.segmented_control(key="colour").set_value(colour))
        channel_view, pinned = browser_side.channel_views["pooling-microscope"]
        output = pool(photo(), Pooling(kind, 3, 2, 1)).output[number].numpy()
        np.testing.assert_allclose(channel_view.output, output, rtol=1e-6)
        assert colour in channel_view.title
        assert channel_view.channel_names == (colour,)
        assert pinned is None


def test_a_pinned_cell_stands_in_the_address(browser_side: Browser) -> None:
    app = open_pooling()
    browser_side.clicks["pooling-microscope"] = (3, 4)
    run(app)
    assert "3,4" in app.query_params["pooling-microscope.cell"]
    assert browser_side.channel_views["pooling-microscope"][1] == (3, 4)
    run(app.segmented_control(key="kind").set_value("global"))  # it has one cell only
    assert browser_side.channel_views["pooling-microscope"][1] is None


def test_a_map_under_the_microscope(browser_side: Browser) -> None:
    app = open_pooling({"pooled": "features.relu1_1", "pooled_map": "2"})
    channel_view, _ = browser_side.channel_views["pooling-microscope"]
    assert "features.relu1_1, map 2" in channel_view.title
    maps = compute_maps(subject_of(app), "features.relu1_1")
    np.testing.assert_array_equal(channel_view.input[0], maps[2])
    with pytest.raises(KeyError):
        app.segmented_control(key="colour")


def test_where_the_maximum_was(browser_side: Browser) -> None:
    app = open_pooling({"window": "3", "pool_stride": "1", "colour": "green"})
    cells = browser_side.arrays()["max_cells"][1].reshape(-1, 2)
    distinct = len(np.unique(cells, axis=0))
    told = {metric.label: metric.value for metric in app.metric}
    assert told["cells that go on"] == f"{distinct / (85 * 128):.1%}"
    assert f"{distinct:,} are the largest" in texts_of(app)
    assert "won more than one" in texts_of(app)  # windows overlap
    run(app.slider(key="pool_stride").set_value(3))
    assert "won more than one" not in texts_of(app)


# Inside a network.


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_the_pooling(change: str, browser_side: Browser) -> None:
    app = open_pooling(NETWORK)
    run(app.segmented_control(key="change").set_value(change))
    assert not app.warning
    subject = subject_of(app)
    surgery = operate(subject.model, change, subject.input)
    after = run_once(surgery.model, subject.input)
    (table, _) = app.table
    rows = table.value.to_dict("records")
    assert [row["layer"] for row in rows] == [f"`{replaced.name}`" for replaced in surgery.replaced]
    assert [(row["before"], row["after"]) for row in rows] == [(r.before, r.after) for r in surgery.replaced]
    if change == "last-removed":
        assert (rows[0]["maps before"], rows[0]["maps after"]) == ("48 × 4 × 4", "48 × 8 × 8")
    told = {metric.label: metric.value for metric in app.metric}
    assert told["multiply-adds"] == with_unit(after.macs, "")
    assert told["weights"] == with_unit(subject.model.parameters, "")
    cells = 64 if change == "last-removed" else 16
    assert told["dense head"] == with_unit(48 * cells * 10 + 10, "")
    names, printed = run_snippet(app.code[0].value)
    torch.testing.assert_close(names["outcome"].probabilities, after.probabilities)
    assert str(after.macs) in printed


def test_a_network_with_strides_only_says_what_to_choose() -> None:
    app = open_page("pooling", {"model": "photo-net", **NETWORK})
    assert any("tiny-vgg" in info.value for info in app.info)
    assert not app.warning
    assert app.table  # the sizes are there all the same
    # Its one pooling layer, at the end, is an average: only that can be changed, and no other change is offered.
    offered = app.segmented_control(key="change")
    assert (offered.options, offered.value) == (["Average → max"], "average-max")
    assert any("photo-net has no max pooling" in caption.value for caption in app.caption)
    linked = open_page("pooling", {"model": "photo-net", "change": CHANGE_LABELS["max-slicing"], **NETWORK})
    assert linked.segmented_control(key="change").value == "average-max"
    assert not linked.warning


def test_heads_and_sizes() -> None:
    app = open_pooling(NETWORK)
    told = {metric.label: metric.value for metric in app.metric}
    assert told["flatten + dense"] == with_unit(48 * 4 * 4 * 10 + 10, "")
    assert told["global average + dense"] == told["this network's own"] == with_unit(48 * 10 + 10, "")
    rows = app.table[1].value.to_dict("records")
    assert [row["input"] for row in rows] == [f"{side} px" for side in range(32, 257, 32)]
    assert all(row["as it is"].endswith("runs") for row in rows)
    assert rows[0]["flatten + dense"].endswith("runs")
    assert all("instead of 768" in row["flatten + dense"] for row in rows[1:])


@pytest.mark.usefixtures("torch_home")
def test_networks_of_torchvision() -> None:
    app = open_page("pooling", {"model": "squeezenet1_1", "change": CHANGE_LABELS["max-slicing"], **NETWORK})
    rows = app.table[0].value.to_dict("records")
    assert [row["maps after"] for row in rows] == ["64 × 56 × 56", "128 × 28 × 28", "256 × 14 × 14"]
    assert any("other layers changed shape" in caption.value for caption in app.caption)
    assert "one map for each class" in texts_of(app)
    app = open_page("pooling", {"model": "mobilenet_v2", **NETWORK})
    assert not app.warning
    assert any("convolutions with a stride" in caption.value for caption in app.caption)
    assert app.table[0].value.to_dict("records")[6]["flatten + dense"].endswith("runs")


# Shift.


@pytest.mark.parametrize(("way", "step"), [("right", (0, 1)), ("down", (1, 0)), ("diagonal", (1, 1))])
def test_curves_are_what_the_library_gives(way: str, step: tuple[int, int], browser_side: Browser) -> None:
    app = open_pooling(SHIFT)
    run(app.segmented_control(key="way").set_value(way))
    label, text, file = browser_side.downloads["curves-csv"]
    assert (label, file) == ("Curves (CSV)", "tiny-vgg-shift.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["shift"] for row in rows] == [str(number) for number in range(9)]
    subject = subject_of(app)
    for name in ("as it is", *CHANGES):
        model = subject.model if name == "as it is" else operate(subject.model, name, subject.input).model
        shares = predict_shifted(model, subject.input, *step)
        moved = total_variation(shares, shares[:1])
        np.testing.assert_allclose([float(row[f"moved probability, {name}"]) for row in rows], moved, atol=1e-5)
    for kind in POOLINGS:
        wanted = pooled_drift(photo(), Pooling(kind, 4, 4), *step)
        np.testing.assert_allclose([float(row[f"pooled maps, {kind}"]) for row in rows], wanted, rtol=1e-4, atol=1e-6)


def test_pooled_maps_follow_the_settings(browser_side: Browser) -> None:
    app = open_pooling(SHIFT)
    before = browser_side.downloads["curves-csv"][1]
    run(app.slider(key="pool_stride").set_value(2))
    rows = list(csv.DictReader(io.StringIO(browser_side.downloads["curves-csv"][1])))
    assert browser_side.downloads["curves-csv"][1] != before
    assert max(float(rows[number]["pooled maps, slicing"]) for number in (0, 2, 4, 6, 8)) < 1e-5
    run(app.slider(key="pool_padding").set_value(7))
    assert len(app.error) == 1
    assert list(csv.DictReader(io.StringIO(browser_side.downloads["curves-csv"][1]))) == rows


# The address, and what is handed over.


def test_a_link_reopens_the_view(browser_side: Browser) -> None:
    app = open_pooling()
    run(app.selectbox(key="pooled").set_value("features.relu1_2"))
    app.number_input(key="pooled_map").set_value(3)
    app.slider(key="window").set_value(3)
    app.slider(key="pool_stride").set_value(2)
    app.slider(key="pool_padding").set_value(1)
    app.segmented_control(key="show").set_value("spread")
    app.segmented_control(key="kind").set_value("l2")
    run(app)
    png = browser_side.downloads["offer-png"][1]
    address = {
        "pooled": "features.relu1_2",
        "pooled_map": "3",
        "window": "3",
        "pool_stride": "2",
        "pool_padding": "1",
        "show": "Un-pooled, spread",
        "kind": "L2",
    }
    reopen(open_pooling, address, app)
    assert browser_side.downloads["offer-png"][1] == png


def test_settings_outlive_a_look_at_another_part(browser_side: Browser) -> None:
    app = open_pooling()
    run(app.slider(key="window").set_value(7))
    run(app.segmented_control(key="part").set_value("network"))
    run(app.segmented_control(key="change").set_value("last-removed"))
    run(app.segmented_control(key="part").set_value("shift"))
    assert app.slider(key="window").value == 7
    run(app.segmented_control(key="part").set_value("network"))
    assert app.segmented_control(key="change").value == "last-removed"


NAMES = (
    "part",
    "pooled",
    "pooled_map",
    "window",
    "pool_stride",
    "pool_padding",
    "show",
    "colour",
    "kind",
    "change",
    "way",
)


@pytest.mark.parametrize("value", ["nonsense", "", "-1", "99999999999999999999"])
@pytest.mark.parametrize("part", ["Pictures", "Inside a network", "Shift"])
def test_a_link_with_nonsense_opens_a_view(value: str, part: str, browser_side: Browser) -> None:
    app = open_pooling({**dict.fromkeys(NAMES, value), "pooling-microscope.cell": value, "part": part})
    assert not app.error


def test_only_what_is_looked_at_is_computed(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.ui.pooling import in_network as pooling_in_network

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("not looked at")

    for name in ("compute_effect", "compute_sizes", "compute_prediction_drift", "compute_pooled_drift"):
        monkeypatch.setattr(pooling_in_network, name, refuse)
    open_pooling()


@pytest.mark.parametrize("pooled", [PHOTO, "features.conv1_1"])
@pytest.mark.parametrize("upload", [False, True])
def test_the_snippet_gives_the_numbers_of_the_page(
    pooled: str,
    upload: bool,
    photo_bytes: bytes,
    browser_side: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('it\'s "mine".jpg').write_bytes(photo_bytes)
    app = open_pooling({"window": "3", "pool_stride": "2", "pool_padding": "1"})
    if upload:
        app.file_uploader(key="uploads").upload('it\'s "mine".jpg', photo_bytes, "image/jpeg")
    run(app)
    run(app.selectbox(key="pooled").set_value(pooled))
    names, printed = run_snippet(app.code[0].value)
    arrays = browser_side.arrays()
    told = texts_of(app)
    for kind in POOLINGS:
        np.testing.assert_array_equal(names["outputs"][kind].numpy(), arrays[kind])
    for line in printed.splitlines():
        assert f"{float(line.rsplit(' ', 1)[1]):.1f} dB" in told
