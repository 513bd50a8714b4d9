"""The Generators page's part on a GAN in the plane: what it says, hands to the browser and takes from it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.generators.plane.game import Recipe
from explorer.generators.plane.points import edge_points, shape_points
from explorer.generators.plane.snippet import gan_snippet
from explorer.ui.components import GanStop
from explorer.ui.components.gan_plane import read_stop
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, subject_of, texts_of


def open_plane(**address: str) -> AppTest:
    return open_page("generators", {"model": "tiny-vgg", "part": "GAN in the plane", **address})


def test_the_first_screen_has_played_and_measured(browser_side: Browser) -> None:
    app = open_plane()
    said = texts_of(app)
    game = browser_side.games["gan-plane"]
    assert game["state"].rounds == 1000
    assert game["reals"] == shape_points("eight")
    assert "**After 1,000 rounds the fakes cover 7 of 8 clusters.**" in said
    assert "makes **−1.268** of the game, the best there could be **−1.103**" in said
    assert "8 normal densities of standard deviation 0.06" in said
    assert "337 gradients of the discriminator and the 354 of the generator after round 1,000" in said
    difference = float(said.split("largest difference ")[1].split(".")[0])
    assert difference < 1e-12
    # The control, on from the address that a stop has written.
    browser_side.clicks["gan-plane"] = GanStop(250, 3)
    run(app)
    assert app.query_params["plane_round"] == "250"
    assert app.query_params["plane_fake"] == "4"
    turned = texts_of(run(app.segmented_control(key="plane_turns").set_value("1:5")))
    game = browser_side.games["gan-plane"]
    assert (game["state"].rounds, game["fake"], game["recipe"].turns) == (250, 3, (1, 5))
    assert "**Mode collapse: after 250 rounds the fakes cover" in turned


def test_what_is_taken_along_is_what_is_shown(browser_side: Browser) -> None:
    app = open_plane(plane_round="6", plane_points="two moons", plane_codes="1 number, normal", plane_seeds="true")
    game = browser_side.games["gan-plane"]
    arrays = browser_side.arrays("plane-files")
    np.testing.assert_array_equal(arrays["points"], game["reals"].places)
    np.testing.assert_array_equal(arrays["generator"], game["state"].generator.numbers)
    both = arrays["real_density"] + arrays["fake_density"]
    lies = both > 0
    np.testing.assert_allclose(arrays["best"][lies], arrays["real_density"][lies] / both[lies])
    assert arrays["codes"].shape == (500, 1)
    picture = Image.open(io.BytesIO(browser_side.downloads["plane-files-png"][1]()))
    assert picture.size == (1040, 512)
    assert len(picture.getcolors(picture.width * picture.height) or ()) > 100
    table = next(each.value for each in app.markdown if each.value.startswith("Mode collapse with"))
    assert [f"| seed {seed} | " in table for seed in range(6)] == [True] * 5 + [False]
    names = run_snippet(gan_snippet(game["reals"], game["recipe"], 6))[0]
    np.testing.assert_allclose(arrays["fakes"], names["fakes"], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("value", ["", "nonsense", "1e999", "9" * 5000], ids=["", "nonsense", "endless", "digits"])
def test_a_mangled_address_opens_the_part(value: str, browser_side: Browser) -> None:
    settings = ("points", "turns", "loss", "codes", "optimiser", "seed", "adam_rate_d", "adam_rate_g", "fake", "drawn")
    app = open_plane(**{f"plane_{name}": value for name in settings}, plane_round="3")
    assert (browser_side.games["gan-plane"]["recipe"], browser_side.games["gan-plane"]["fake"]) == (Recipe(), 0)
    app.query_params["plane_round"] = app.query_params["plane_drawn"] = value
    run(app.selectbox(key="plane_points").set_value("drawn"))
    assert browser_side.games["gan-plane"]["state"].rounds == 1000


def test_asked_first_the_finding_waits(browser_side: Browser) -> None:
    app = open_plane(ask="true", plane_round="0", plane_points="ring")
    assert "real points do fakes cover?" in app.radio[0].label
    told = answer_first(app, "more than 90 %", "No: less than 30 %.", "the fakes cover")
    assert "**After 0 rounds the fakes cover" in told


def test_points_of_a_photo_a_drawing_and_ones_own(browser_side: Browser) -> None:
    app = open_plane(plane_points="edges of your photo", plane_round="5")
    picture = subject_of(app).picture
    assert browser_side.games["gan-plane"]["reals"] == edge_points(Image.fromarray(picture.pixels))
    assert "p is the kernel density of the 400 real points, bandwidth 0.08" in texts_of(app)

    drawn = run(app.selectbox(key="plane_points").set_value("drawn"))
    assert "Until you draw, the real points are those of a W." in texts_of(drawn)
    browser_side.clicks["plane-pad"] = "10109010"
    run(app)
    assert np.ptp(browser_side.games["gan-plane"]["reals"].places[:, 1]) < 0.25
    assert app.query_params["plane_drawn"] == "10109010"

    own = run(app.selectbox(key="plane_points").set_value("own"))
    assert not own.error
    before = browser_side.games["gan-plane"]["reals"]
    assert len(before.rows) == 31
    for text, why in (
        ("1,2\n" * 30, "All points are equal: there is nothing to imitate but one place."),
        ("1,2\n3,4", "2 points are too few to have a shape: 20 at least."),
        ("1,2\nnan,4", "Row 2: x is “nan”, which is no finite number."),
    ):
        refused = run(app.text_area(key="plane_own").set_value(text))
        assert refused.error[0].value == f"{why} The last points that worked stay."
        assert browser_side.games["gan-plane"]["reals"] == before


@pytest.mark.parametrize(
    "sent", [None, "1", {}, {"rounds": 5001, "fake": 0}, {"rounds": 1, "fake": 500}, {"rounds": "x", "fake": 1}]
)
def test_what_is_no_stop_is_none(sent: object) -> None:
    assert read_stop(sent) is None
    assert read_stop({"rounds": 5000, "fake": 499}) == GanStop(5000, 499)
