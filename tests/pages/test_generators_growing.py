"""The Generators page's part on growing maps."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.generators.growing import decoder
from explorer.ui.generators.growing import decoder as view
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, texts_of
from tests.pages.test_learning_links import go, links_of, open_dashboard


def open_growing(**address: str) -> AppTest:
    return open_page("generators", {"model": "tiny-vgg", "part": "Growing", **address})


def test_a_picture_of_ones_shows_the_phases(browser_side: Browser) -> None:
    app = open_growing(ask="true", growing_kernel_seed="4")
    told = answer_first(app, "1", "No: 4.", "A picture of ones becomes")
    assert "becomes 4 values in turn with kernel 3 and stride 2, 4 values with kernel 4, 1 value after resizing" in told
    assert re.search(r"largest difference from PyTorch's layers (0|\de−1\d)\.", told)
    _, printed = run_snippet(app.code[0].value)
    for line in printed.splitlines():
        title, values = re.fullmatch(r"(.*) \[(.*)\]", line).groups()  # type: ignore[union-attr]
        rows = re.search(r"\| even, even \| (.*) \|", told)
        assert rows
        number = ["3, stride 2", "4, stride 2", "convolve"].index(title.split("kernel ")[-1].split("then ")[-1])
        shown = rows[1].split(" | ")[number].partition(": ")[2].replace("−", "-")
        assert float(shown) == pytest.approx(float(values.split(", ")[0]), rel=0.006)
    told = texts_of(run(app.segmented_control(key="growing_kernel").set_value("bilinear")))
    assert "Uneven counts do no harm" in told
    arrays = browser_side.arrays("growing-offer")
    np.testing.assert_allclose(arrays["output_k3"][1:-1, 1:-1], 1.0)
    assert arrays["taps_k3"].tolist() == [[1, 2], [2, 4]]


def test_the_same_training_in_three_ways(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "SEEDS", 2)
    for module in (decoder, view):
        monkeypatch.setattr(module, "SHOWN", (0, 10, 30))
    monkeypatch.setattr(decoder, "LONGEST", 32)
    app = open_growing(growing_view="The same training", growing_step="0", growing_seed="7")
    told = texts_of(app)
    said = re.findall(r"(?:kernel 3|kernel 4|resizing): ([\d.]+) % to ([\d.]+) %", told)
    assert len(said) == 3
    arrays = browser_side.arrays("growing-decoder-offer")
    shares, ways = arrays["shares"][:, 0], arrays["ways"]
    assert arrays["seeds"].tolist() == [7, 8] * 3
    assert arrays["errors"][:, -1].max() < arrays["errors"][:, 0].min()
    for (low, high), way in zip(said, ("k3", "k4", "resize"), strict=True):
        own = 100 * shares[ways == way]
        assert (float(low), float(high)) == (pytest.approx(own.min(), rel=0.01), pytest.approx(own.max(), rel=0.01))
    assert "Before the first step" in told
    assert "= 8$" in texts_of(run(app.segmented_control(key="growing_way").set_value("k4")))
    run(app.select_slider(key="growing_step").set_value(10))
    printed = run_snippet(app.code[0].value.replace("/ max(image.size)", "/ max(image.size) / 3"))[1]
    arrays = browser_side.arrays("growing-decoder-offer")
    errors = arrays["errors"][::2, 1]
    for line, error in zip(printed.splitlines()[1:], errors, strict=True):
        assert float(line.split()[-2]) == pytest.approx(error, rel=0.01)


def test_growing_and_the_photos_cells_lead_to_each_other(browser_side: Browser) -> None:
    app = open_dashboard("generators", {"model": "tiny-vgg", "part": "Growing"})
    go(app, *links_of(app)["A transposed convolution on the photo, cell by cell"])
    assert "How many stamps meet in a cell" in [each.value for each in app.subheader]
    go(app, *links_of(app)["Three ways of making maps larger, and a decoder that learns"])
    assert "A picture of ones becomes" in texts_of(app)
