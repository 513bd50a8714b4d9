"""The plane in z on the Generators page: both players in the browser, and z dragged and led by keys."""

from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page

import explorer.ui.components
from explorer.generators.latent.by_hand import Layer, fold, run_by_hand
from explorer.generators.latent.nearest import find_nearest
from explorer.generators.latent.networks import draw_latent, load_gan
from explorer.generators.latent.walking import find_directions
from explorer.neurons.digits import load_digits
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import on_every_screen
from tests.browser.watching import PATIENCE, address_of, colours_on, follow, frames_to

RUN = """([numbers, given, input, rows]) => {
    const layers = readLayers(Float64Array.from(numbers), given, 0);
    return [[...runLayers(layers, Float64Array.from(input), rows)], countNumbers(layers)];
}"""


def test_layers_in_the_browser_are_the_librarys(page: Page) -> None:
    folder = Path(explorer.ui.components.__file__).parent / "latent_pad"
    page.add_script_tag(content=(folder / "arithmetic.js").read_text(encoding="utf-8"))
    rng = np.random.default_rng(0)
    for number in range(24):
        transposed, after = bool(number % 2), ("relu", "leaky", "sigmoid", "none")[number // 2 % 4]
        read, made, side, stride = (
            int(each) for each in (*rng.integers(1, 5, 2), rng.integers(1, 5), rng.integers(1, 4))
        )
        padding, rows = int(rng.integers(0, side)), int(rng.integers(4, 7))
        shape = (read, made, side, side) if transposed else (made, read, side, side)
        layer = Layer(rng.normal(size=shape), rng.normal(size=made), stride, padding, transposed, after, 0.2)
        x = rng.normal(size=(1, read, rows, rows))
        facts = {name: value for name, value in asdict(layer).items() if name not in ("weight", "bias")}
        numbers = [*layer.weight.ravel().tolist(), *layer.bias.tolist()]
        found, count = page.evaluate(RUN, [numbers, [{"shape": shape[:3], **facts}], x.ravel().tolist(), rows])
        assert count == len(numbers)
        np.testing.assert_allclose(found, run_by_hand((layer,), x).ravel(), rtol=1e-9, atol=1e-12)


def test_z_is_dragged_and_led_by_keys(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    query = {"model": "tiny-vgg", "part": "Latent walk", "walk_look": "Drag z", "walk_across": "2", "walk_up": "1"}
    pad = follow(page, f"{dashboard}/generators?{urlencode(query)}", ".latent[data-drawn]")
    assert page.evaluate(NAMELESS) == []
    gan, data = load_gan(), load_digits()
    directions, z = find_directions(gan.generator), draw_latent(1, 0).double().numpy()[0]
    across, up = directions[1], directions[0]
    centre = z - (z @ across) * across - (z @ up) * up

    def check() -> tuple[float, float]:
        x, y = (float(each) for each in pad.get_attribute("data-place").split(","))
        cells = run_by_hand(fold(gan.generator), (centre + x * across + y * up)[None, :, None, None])
        made = [float(each) for each in pad.get_attribute("data-made").split(",")]
        np.testing.assert_allclose(made, cells.ravel(), atol=1e-5)
        logit = run_by_hand(fold(gan.discriminator), cells).item()
        assert float(pad.get_attribute("data-real")) == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4)
        near = find_nearest(cells[:, 0])
        place, distance = (float(each) for each in pad.get_attribute("data-near").split(","))
        assert data.training[int(place)] == near.places[0]
        assert distance == pytest.approx(near.distances[0], abs=1e-5)
        return x, y

    assert check() == pytest.approx((z @ across, z @ up), abs=0.006)
    assert float(pad.get_attribute("data-apart")) < 1e-5
    ground = pad.locator(".ground canvas")
    assert colours_on(ground) > 50
    handle = pad.locator("button.start")
    box = handle.bounding_box()
    before = len(sent)
    page.mouse.move(box["x"] + 22, box["y"] + 22)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(box["x"] + 22 + 14 * step, box["y"] + 22 - 9 * step)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    check()
    assert len(sent) == before  # until now nothing was asked of the server
    page.mouse.up()
    page.wait_for_function(
        "place => new URL(location).searchParams.get('walk_at') === place", arg=pad.get_attribute("data-place")
    )
    wait_until_idle(page, timeout=PATIENCE)
    place = check()
    assert float(pad.get_attribute("data-apart")) < 1e-5
    handle.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    wait_until_idle(page, timeout=PATIENCE)
    assert check() == pytest.approx((place[0] - 0.5, place[1] + 0.1), abs=1e-9)
    assert address_of(page)["walk_at"] == pad.get_attribute("data-place")
    for _ in on_every_screen(page):
        assert colours_on(ground) > 50
