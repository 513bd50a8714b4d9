"""The Generators page's part on a GAN in the plane: what it says, hands to the browser and takes from it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.generators.plane.points import edge_points, shape_points
from explorer.ui.components import GanStop
from explorer.ui.components.gan_plane import read_stop
from tests.pages.opening import Browser, open_page, run, subject_of


def open_plane(**address: str) -> AppTest:
    return open_page("generators", {"model": "tiny-vgg", "part": "GAN in the plane", **address})


def texts(app: AppTest) -> str:
    return "\n".join(each.value for kind in (app.markdown, app.caption, app.warning, app.error) for each in kind)


def test_the_first_screen_has_played_and_measured(browser_side: Browser) -> None:
    app = open_plane()
    said = texts(app)
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
    turned = texts(run(app.segmented_control(key="plane_turns").set_value("1:5")))
    game = browser_side.games["gan-plane"]
    assert (game["state"].rounds, game["fake"], game["recipe"].turns) == (250, 3, (1, 5))
    assert "**Mode collapse: after 250 rounds the fakes cover" in turned


def test_asked_first_the_finding_waits(browser_side: Browser) -> None:
    app = open_plane(ask="true", plane_round="0", plane_points="ring")
    assert "real points do fakes cover?" in app.radio[0].label
    assert "the fakes cover" not in texts(app)
    told = texts(run(app.radio[0].set_value("more than 90 %")))
    assert "No: less than 30 %." in told
    assert "**After 0 rounds the fakes cover" in told


def test_points_of_a_photo_a_drawing_and_ones_own(browser_side: Browser) -> None:
    app = open_plane(plane_points="edges of your photo", plane_round="5")
    picture = subject_of(app).picture
    assert browser_side.games["gan-plane"]["reals"] == edge_points(Image.fromarray(picture.pixels))
    assert "p is the kernel density of the 400 real points, bandwidth 0.08" in texts(app)

    drawn = run(app.selectbox(key="plane_points").set_value("drawn"))
    assert "Until you draw, the real points are those of a W." in texts(drawn)
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
