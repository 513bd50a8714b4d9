"""The part of the Learning page on scale and batch norm."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch.nn import functional as F

from explorer.learning.scale.normalisation import KINDS
from explorer.ui.learning.scale.part import VIEWS
from explorer.ui.learning.scale.sharing import LEARNED
from explorer.ui.session.pictures import add_picture
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, subject_of, texts_of


def open_scale(view: str, **address: str) -> AppTest:
    part = {"model": "mini-resnet", "part": "Scale and batch norm", "scale_view": VIEWS[view][0]}
    return open_page("learning", {**part, **address})


def test_numbers_by_hand(browser_side: Browser) -> None:
    app = open_scale("numbers")
    told = texts_of(app)
    assert "standard deviation 1; divided by the variance, 0.267.**" in told
    assert "**18.67**" in told
    assert all(float(each) < 1e-14 for each in re.findall(r"difference (\S+?)[;.] ", told + " "))
    assert run_snippet(app.code[0].value)[1]
    run(app.text_input(key="norm_numbers").set_value("1 x"))
    assert "“x”, number 2, is not a number" in app.error[0].value
    assert "**18.67**" in texts_of(app)
    run(app.text_input(key="norm_numbers").set_value("7"))
    assert "Expected more than 1 value per channel when training" in texts_of(app)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_that_share_a_mean(kind: str, browser_side: Browser) -> None:
    app = open_scale("norms", norm_kind=kind.capitalize(), norm_learned=LEARNED["network"])
    given = browser_side.batches["norm-maps"]
    values, rule = given["values"], given["rule"]
    assert values.shape == (4, 8, 12, 12)
    norm = subject_of(app).model.network.get_submodule("stem.bn1")
    gamma, beta = (each.double()[list(given["filters"])] for each in (norm.weight, norm.bias))
    expected = {
        "batch": lambda x: F.batch_norm(x, None, None, gamma, beta, training=True),
        "layer": lambda x: F.layer_norm(x, x.shape[1:]) * gamma[:, None, None] + beta[:, None, None],
        "instance": lambda x: F.instance_norm(x, None, None, gamma, beta),
        "group": lambda x: F.group_norm(x, 4, gamma, beta),
    }[kind](torch.from_numpy(values)).numpy()
    arrays = browser_side.arrays("norm-offer")
    np.testing.assert_allclose(arrays["after"], expected, atol=1e-12)
    np.testing.assert_array_equal(arrays["mean"], rule.mean)
    shared = {"batch": 4 * 144, "layer": 8 * 144, "instance": 144, "group": 2 * 144}[kind]
    told = texts_of(app)
    assert f"shares its mean with {shared:,} cells" in told
    assert re.search(r"largest difference (0|\de-1[4-6]) over all 4,608 cells", told)
    browser_side.clicks["norm-maps"] = (2, 3, 0, 5)
    run(app)
    assert app.query_params["norm_cell"] == "3,4,1,6"
    assert browser_side.batches["norm-maps"]["chosen"] == (2, 3, 0, 5)
    _, printed = run_snippet(app.code[0].value)
    assert float(printed.split()[0]) == pytest.approx(expected[2, 3, 0, 5], abs=1e-5)


def test_by_the_variance_and_typed_numbers(browser_side: Browser) -> None:
    app = open_scale("norms", norm_by_variance="true", norm_learned=LEARNED["typed"], norm_pictures="2")
    given = browser_side.batches["norm-maps"]
    assert (given["rule"].gamma, given["rule"].beta) == ([2.0] * 8, [-1.0] * 8)
    assert len(given["pictures"]) == 2
    spread = given["values"][:, 0].std()
    assert f"standard deviation **{1 / spread:.3g}**; divided by its root, 1 " in texts_of(app)
    run(app.text_input(key="norm_typed").set_value("2"))
    assert "Type 2 numbers" in app.error[0].value
    assert browser_side.batches["norm-maps"]["rule"].gamma == [2.0] * 8


@pytest.mark.parametrize(
    ("view", "asked", "said"),
    [
        ("norms", "ask-norm-sets", ["filter 5 of all 4 pictures"]),
        ("numbers", "ask-norm-variance", ["divided by the variance, 0.267"]),
        ("modes", "ask-norm-modes", ["by 0 in evaluation", "instance norm, difference 0."]),
        ("running", "ask-norm-running", ["(1 − 0.1)^30 = 4.24 % is left", "n = 576"]),
        ("light", "ask-norm-light", ["standard deviations from itself"]),
    ],
)
def test_every_view_says_its_finding_and_asks_first(
    view: str, asked: str, said: list[str], browser_side: Browser
) -> None:
    app = open_scale(view, ask="true")
    told = answer_first(app, app.radio(key=asked).options[-1], "", *said)
    for difference in re.findall(r"difference (?:of the running averages )?(\S+?)[;. ]", told):
        assert float(difference) < 1e-12
    assert run_snippet(app.code[-1].value)[1]


def test_a_neighbour_moves_the_result_in_training_alone(browser_side: Browser) -> None:
    app = open_scale("modes", norm_light="0.3")
    rows = re.findall(r"^\| (alone|beside.*?) \| (\S+) \| (\S+) \|$", texts_of(app), re.MULTILINE)
    assert len(rows) == 4
    assert len({training for _, training, _ in rows}) == 4
    assert len({evaluation for *_, evaluation in rows}) == 1
    arrays = browser_side.arrays("norm-modes")
    x, g, b, m, v = (
        torch.from_numpy(arrays[name]) for name in ("maps", "gamma", "beta", "running_mean", "running_variance")
    )
    trained = F.batch_norm(x, None, None, g, b, training=True)[0]
    np.testing.assert_allclose(arrays["training_3"], trained, atol=1e-12)
    np.testing.assert_allclose(arrays["evaluation_3"], F.batch_norm(x, m, v, g, b)[0], atol=1e-12)
    run(app.toggle(key="norm_pooled").set_value(True))
    assert "| alone | refused |" in texts_of(app)
    assert "Expected more than 1 value per channel when training" in texts_of(app)


def test_the_light_of_the_data_set_and_of_the_picture(browser_side: Browser) -> None:
    app = open_scale("light", norm_dim="0.3 ×")
    arrays = browser_side.arrays("norm-light-offer")
    gaps = arrays["gaps"]
    by_set, by_own, convolution, evaluation, training, _, _, instance = gaps
    assert by_own < 0.01 < 0.5 < by_set
    assert evaluation == pytest.approx(convolution)
    assert training == pytest.approx(convolution)
    assert instance < 0.01 < 0.5 < convolution
    _, printed = run_snippet(app.code[-1].value)
    assert [float(word) for word in printed.split()] == pytest.approx([by_set, by_own, convolution, instance], rel=0.02)


NAMES = ["norm_kind", "norm_groups", "norm_by_variance", "norm_pictures", "norm_learned", "norm_typed", "norm_eps"]
NAMES += ["norm_cell", "norm_with", "norm_numbers", "norm_neighbour", "norm_light", "norm_filter", "norm_pooled"]
NAMES += ["norm_momentum", "norm_batches", "norm_batch", "norm_dim"]


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "columns"])
def test_a_mangled_address_still_opens_the_view(view: str, browser_side: Browser) -> None:
    for value in ("nonsense", "9" * 500, "0,0,0,0"):
        app = open_scale(view, **dict.fromkeys(NAMES, value))
        assert "**" in texts_of(app)


def test_a_link_brings_the_uploads_of_its_batch(browser_side: Browser) -> None:
    files = [io.BytesIO() for _ in range(2)]
    for number, file in enumerate(files):
        Image.fromarray(np.full((9, 9, 3), 80 * number, np.uint8)).save(file, "PNG")
    first, second = (add_picture(f"own {k}.png", file.getvalue()).label for k, file in enumerate(files))
    app = open_page(
        "learning", {"part": "Scale and batch norm", "scale_view": "Who shares a mean", "norm_with": [first, second]}
    )
    assert browser_side.batches["norm-maps"]["pictures"][1:3] == ["own 0.png", "own 1.png"]
    assert app.query_params["norm_with"] == [first, second]
