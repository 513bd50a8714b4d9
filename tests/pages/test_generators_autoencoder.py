"""The Generators page's part on autoencoders: the photo through a few numbers, and what becomes of other data."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.generators.autoencoder.training import SEEDS, Recipe
from explorer.ui.generators.autoencoder import controls
from explorer.ui.kit.slow import STOPPED, known
from explorer.ui.session.pictures import Picture, get_picture
from tests.pages.opening import Browser, answer_first, everything_in, open_page, run, run_snippet, texts_of


def open_autoencoder(**address: str) -> AppTest:
    return open_page("generators", {"model": "tiny-vgg", "part": "Autoencoder", **address})


def numbers_of(pattern: str, told: str) -> list[float]:
    found = re.search(pattern, told)
    assert found, told
    return [float(each.replace(",", "")) for each in found.groups()]


def test_the_photo_through_sixteen_numbers(browser_side: Browser) -> None:
    app = open_autoencoder(ask="true")
    told = answer_first(app, "90 to 99 %", "You were right.", "the error is")
    (error,) = numbers_of(r"from 16 numbers for each patch of 192: the error is ([\d.]+)\*\*", told)
    _, printed = run_snippet(app.code[0].value)
    for number in printed.split():
        assert float(f"{float(number):.3g}") == error
    assert re.search(r"difference (0|\de−1\d|\de−2\d)\.", told)
    arrays = browser_side.arrays("code-offer")
    values, codes, drawn = arrays["patches"], arrays["codes"], arrays["drawn"]
    weight, bias = arrays["decoder_weight_0"], arrays["decoder_bias_0"]
    assert codes.shape == (672, 16)
    np.testing.assert_allclose(codes @ weight.T + bias, drawn, atol=1e-12)
    assert float(f"{((drawn - values) ** 2).mean():.3g}") == error
    size, jpeg = numbers_of(r"together ([\d,]+) bytes.* A JPEG of ([\d,]+) bytes", told)
    assert jpeg <= size

    browser_side.clicks["code-photo"] = 5 * 32 + 7
    app.run()
    assert app.query_params["code_patch"] == "6,8"
    assert "**The patch in row 6, column 8 is 16 numbers.**" in texts_of(app)
    before = texts_of(app)
    slider = next(each for each in app.slider if each.label == "Number 2")
    standard = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    assert slider.value == round(float(standard[5 * 32 + 7, 1]), 2)
    run(slider.set_value(3.0))
    assert app.query_params["code_moved"] == "2:3"
    run(next(each for each in app.slider if each.label == "Number 7").set_value(-1.0))
    assert app.query_params["code_moved"] == "2:3,7:-1"
    own = round(float(standard[5 * 32 + 7, 6]), 2)
    run(next(each for each in app.slider if each.label == "Number 7").set_value(own))
    assert app.query_params["code_moved"] == "2:3"
    moved = codes[5 * 32 + 7].copy()
    moved[1] = codes[:, 1].mean() + 3 * codes[:, 1].std()
    wanted = ((moved @ weight.T + bias - values[5 * 32 + 7]) ** 2).mean()
    assert "moved: error" not in before
    assert f"moved (error {wanted:.3g})." in everything_in(app)
    assert open_autoencoder(code_moved="2:3,99:1,x", code_patch="6,8").query_params["code_moved"] == "2:3"


def test_what_is_learned_from_one_photo_is_for_its_like(browser_side: Browser) -> None:
    app = open_autoencoder(code_view="Other photo", code_size="8")
    told = texts_of(app)
    error, home, times, floor, noise = numbers_of(
        r"with an error of ([\d.]+), at home ([\d.]+)\*\*; ([\d.]+) times the ([\d.]+) .* it leaves ([\d.]+)\.", told
    )
    assert error > floor > 0
    assert times == pytest.approx(error / floor, rel=0.02)
    assert noise == pytest.approx(1 / 12, rel=0.1)
    _, printed = run_snippet(app.code[0].value)
    assert [float(f"{float(each):.3g}") for each in printed.split()] == [error, floor]
    assert home < error
    run(app.segmented_control(key="code_view").set_value("noise"))
    told = texts_of(app)
    before, after = numbers_of(r"Noise in: an error of ([\d.]+)\. Out of 8 numbers per patch comes ([\d.]+)\.", told)
    _, printed = run_snippet(app.code[0].value)
    assert [float(f"{float(each):.3g}") for each in printed.split()[:2]] == [before, after]
    assert float(printed.split()[2]) == pytest.approx(after, rel=0.05)


def test_the_linear_one_stays_above_the_floor_from_every_seed(browser_side: Browser) -> None:
    app = open_autoencoder(code_view="Train", code_steps="100", code_size="4", code_seed="3")
    told = texts_of(app)
    assert "and never passes it" in told
    arrays = browser_side.arrays("code-training-offer")
    errors, floor, kinds, seeds = (arrays[name] for name in ("errors", "floor", "kinds", "seeds"))
    assert seeds.tolist() == [3, 4, 5] * 2
    assert len(errors) == 2 * SEEDS
    assert (errors[kinds == "linear"] > floor).all()
    lines = app.code[0].value.replace(
        str([(str(kind), int(seed)) for kind, seed in zip(kinds, seeds, strict=True)]), ""
    )
    _, printed = run_snippet(re.sub(r"in \[\('linear', 3.*\]:", "in [('mlp', 4, 0.003)]:", lines))
    kind, seed, error = printed.split()
    assert (kind, seed) == ("mlp", "4")
    assert float(error) == pytest.approx(errors[4], rel=1e-3)


@pytest.mark.parametrize(
    ("image", "said"),
    [(Image.new("RGB", (200, 200), (80, 80, 80)), "nothing to encode"), (Image.new("RGB", (50, 50)), "36 patches")],
)
def test_a_photo_without_anything_to_encode_is_said(
    image: Image.Image, said: str, browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    cat = get_picture("Chelsea the cat")
    plain = Picture(said, "plain_one", "", "", replace(cat.intake, image=image))
    original = controls.open_photo
    monkeypatch.setattr("explorer.ui.generators.autoencoder.part.open_photo", lambda _: original(plain))
    app = open_autoencoder()
    assert said in app.info[0].value
    assert not app.error


def test_what_is_trained_stays_when_the_next_is_stopped(browser_side: Browser) -> None:
    app = open_autoencoder(code_steps="100", code_size="3", code_seed="7")
    picture = get_picture("Chelsea the cat")
    first, second = (("code-trained", picture, Recipe("linear", 3, 100, seed)) for seed in (7, 8))
    app.session_state[STOPPED] = {second}
    run(app.segmented_control(key="code_view").set_value("train"))
    assert "Training autoencoder 2 of 6 was stopped." in [each.value for each in app.info]
    kept = known(first)
    assert kept is not None
    run(app.button(key="code-trained-2-go-on").click())
    assert known(first) is kept
    assert "| seed 9 |" in texts_of(app)


def test_black_and_white_squares_need_one_number(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither code nor JPEG loses anything of them."""
    squares = np.random.default_rng(0).integers(0, 2, (25, 32, 1)).astype(np.uint8) * 255
    image = Image.fromarray(squares.repeat(8, axis=0).repeat(8, axis=1).repeat(3, axis=2))
    cat = get_picture("Chelsea the cat")
    plain = Picture("squares", "*star* <a>", "", "", replace(cat.intake, image=image))
    original = controls.open_photo
    monkeypatch.setattr("explorer.ui.generators.autoencoder.part.open_photo", lambda _: original(plain))
    app = open_autoencoder()
    told = texts_of(app)
    assert "the error is 0**, 100 % of the variance comes back. Nothing is lost: 1 number would be enough" in told
    assert re.search(r"A JPEG of [\d,]+ bytes \(quality \d+\) has 0[.,]", told)
    assert r"**\*star\* \<a> from 16 numbers" in told
    figures = [each.proto.spec for each in open_autoencoder(code_view="Other photo").get("plotly_chart")]
    assert "*star*" in figures[0]
    assert "<a>" not in figures[0]
    assert "\\u003ca\\u003e" not in figures[0]


@pytest.mark.parametrize("value", ["nonsense", "1e999"])
def test_a_mangled_address_opens_what_there_is_at_first(value: str, browser_side: Browser) -> None:
    names = ("code_view", "code_size", "code_by", "code_steps", "code_seed", "code_patch", "code_moved", "code_other")
    told = texts_of(open_autoencoder(**dict.fromkeys(names, value)))
    assert "from 16 numbers for each patch" in told
