"""The Generators page's part on the digits' GAN: what it says is what PyTorch does."""

import re

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.generators.latent.networks import load_gan
from explorer.neurons.digits import load_digits
from tests.pages.opening import Browser, open_page, run, run_snippet, texts_of


def open_latent(**address: str) -> AppTest:
    return open_page("generators", {"model": "tiny-vgg", "part": "Latent walk", **address})


def apart(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.sqrt(((first - second) ** 2).sum()))


def test_samples_beside_what_was_learned(browser_side: Browser) -> None:
    app = open_latent(ask="true")
    assert "from the nearest training digit" not in texts_of(app)
    run(app.radio(key="ask-walk-samples-1.0").set_value("no: new digits come as near, or nearer"))
    told, arrays = texts_of(app), browser_side.arrays("walk-samples-offer")
    data, gan = load_digits(), load_gan()
    torch.manual_seed(0)
    made = gan.generator(torch.randn(500, 16))
    np.testing.assert_allclose(arrays["made"], made[:, 0].numpy(), atol=1e-6)
    known = torch.from_numpy(data.images[data.training]).double().flatten(1)
    pictures = (made[:, 0].double(), torch.from_numpy(data.images[data.held_out]).double())
    of_made, honest = (torch.cdist(each.flatten(1), known).min(dim=1).values for each in pictures)
    bound = honest.quantile(0.05)
    near = 100 * (of_made < bound).double().mean()
    assert f"are {of_made.mean():.2f} from the nearest training digit on average" in told
    assert (
        f"come {honest.mean():.2f} near. Nearer than {bound:.2f} are 5 % of those and {near:.3g} % of the made" in told
    )
    assert ("they are not learned by heart" in told) == bool(near <= 10)
    real = 100 * (gan.discriminator(made) > 0).double().mean()
    assert f"| taken for real | {real:.3g} % |" in told
    judge = gan.card["accuracy"]["judge"]
    assert f"sure of {100 * judge['named_of_samples']:.3g} % of 2,000 samples" in told
    for difference in re.findall(r"(?:differ by|logits by) (\S+?)[,.]", told):
        assert float(difference) < 1e-12
    assert "What GANs are used for" in told
    assert browser_side.downloads["walk-samples-offer-png"][1]().startswith(b"\x89PNG")
    _, printed = run_snippet(app.code[0].value)
    lines = [line.split() for line in printed.splitlines()]
    assert [float(word) for word in lines[0][1:]] == pytest.approx(
        [of_made.mean().item(), of_made.median().item()], abs=1e-4
    )
    assert float(lines[1][2]) == pytest.approx(honest.mean().item(), abs=1e-9)
    assert float(lines[2][-1]) == pytest.approx(real.item() / 100, abs=1e-6)

    run(app.select_slider(key="walk_scale").set_value(0.25))
    assert "16 random numbers times" not in texts_of(app)  # another question, not yet answered
    run(app.radio(key="ask-walk-samples-0.25").set_value("no: new digits come as near, or nearer"))
    assert "made of a latent vector z of 16 random numbers times 0.25 are" in texts_of(app)


def test_z_is_dragged_and_walked(browser_side: Browser) -> None:
    app = open_latent(walk_look="Drag z", walk_sample="3", walk_at="1,-2")
    gan = load_gan()
    pad, arrays = browser_side.latents["walk-pad"], browser_side.arrays("walk-drag-offer")
    assert pad["place"] == (1, -2)
    plane = pad["plane"]
    z = np.array(plane.centre) + np.array(plane.right) - 2 * np.array(plane.up)
    np.testing.assert_allclose(arrays["z"], z)
    torch.manual_seed(0)
    drawn = torch.randn(500, 16)
    difference = drawn[2].double().numpy() - plane.centre
    rest = (
        difference - (difference @ plane.right) * np.array(plane.right) - (difference @ plane.up) * np.array(plane.up)
    )
    np.testing.assert_allclose(rest, 0, atol=1e-12)  # sample 3 lies in the plane
    with torch.inference_mode():
        made = gan.generator(torch.from_numpy(z).float()[None])
        moved = gan.generator(drawn + torch.from_numpy(arrays["directions"][0]).float()) - gan.generator(drawn)
    np.testing.assert_allclose(pad["pytorch"], made.numpy().ravel(), atol=1e-6)
    step = moved.flatten(1).norm(dim=1).mean().item()
    assert f"A step of 1 changes the picture by {step:.2f} along direction 1" in texts_of(app)
    names, printed = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names["made"].numpy(), made.numpy(), atol=1e-6)
    assert float(printed.split()[-1]) == pytest.approx(gan.discriminator(made).sigmoid().item(), abs=1e-5)
    browser_side.clicks["walk-pad"] = (0.5, 0.25)
    run(app)
    assert app.query_params["walk_at"] == "0.5,0.25"
    run(app.button(key="walk-back").click())
    assert "walk_at" not in app.query_params
    inside = np.array(plane.right) @ drawn[2].double().numpy()
    assert browser_side.latents["walk-pad"]["place"][0] == pytest.approx(inside, abs=0.006)

    run(app.segmented_control(key="walk_look").set_value("between"))
    told, arrays = texts_of(app), browser_side.arrays("walk-between-offer")
    halves = (drawn[::2] + drawn[1::2]) / 2
    assert f"Halfway on the straight line z is {halves.norm(dim=1).mean():.2f} long on average" in told
    assert "(250 walks)" in told
    names, printed = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names["made"][:, 0].numpy(), arrays["made"], atol=1e-5)
    run(app.number_input(key="walk_to").set_value(1))
    assert "choose two" in texts_of(app)


def test_a_digit_is_inverted_and_what_is_none_is_said_to_be_far(browser_side: Browser) -> None:
    app = open_latent(walk_look="Your digit")
    told, arrays = texts_of(app), browser_side.arrays("walk-own-offer")
    data = load_digits()
    digit = data.images[data.held_out[33]]
    ends = [apart(each, digit) for each in arrays["pictures"]]
    assert f"The picture of the best z is {min(ends):.2f} from held-out digit 33 (a 6)." in told
    nearest = min(apart(digit, data.images[each]) for each in data.training)
    assert f"which is {nearest:.2f} away" in told
    assert f"They end between {min(ends):.2f} and {max(ends):.2f}" in told
    _, printed = run_snippet(app.code[0].value)
    assert [float(each) for each in printed.strip("[]\n").split(",")] == pytest.approx(ends, abs=0.02)

    browser_side.clicks["digit-pad"] = "10101099_50105099_90109099_10109010_10509050_10999099"  # a grid of lines
    run(app)
    told = texts_of(app)
    assert "Which digit is it?" not in {each.label for each in app.selectbox}  # nobody here would tell it
    assert "from your digit. That is far: 95 % of the held-out digits come nearer" in told
    found = float(re.search(r"best z is (\S+) from", told)[1])
    assert found > load_gan().card["accuracy"]["inversion"]["of_held_out"]["95%"]


@pytest.mark.parametrize("value", ["", "nonsense", "1e999", "9" * 5000], ids=["", "nonsense", "endless", "digits"])
def test_a_mangled_address_shows_the_first_numbers(value: str, browser_side: Browser) -> None:
    names = ("seed", "sample", "across", "up", "at", "scale", "way", "from", "to")
    app = open_latent(walk_look="Drag z", **{f"walk_{name}": value for name in names})
    assert app.number_input(key="walk_sample").value == 1
    assert browser_side.latents["walk-pad"]["plane"].names == ("1", "2")
