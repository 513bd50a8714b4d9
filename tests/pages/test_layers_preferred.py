"""The preferred input on the Layers page: what is grown, said and handed over, against the library and plain passes."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from explorer.anatomy import record, summarize_layers
from explorer.feature_visualization import Objective, Recipe, grow
from explorer.images import open_image
from explorer.samples import SAMPLES, read_sample
from explorer.slices import finish
from explorer.ui.kit.slow import STOPPED, known
from explorer.ui.saliency import patches
from explorer.zoo import load_model
from tests.pages.opening import Browser, open_layers, open_page, run, run_snippet, subject_of

SMALL, LAYER, UNIT = "tiny-vgg", "features.pool2", 3
ADDRESS = {"model": SMALL, "layer": LAYER, "unit": str(UNIT), "preferred": "true"}


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.ui.shared.preferred_input import part

    monkeypatch.setattr(part, "Recipe", partial(Recipe, steps=12))


def test_a_map_and_the_patches_that_excite_it(browser_side: Browser) -> None:
    app = open_layers(ADDRESS)
    subject = subject_of(app)
    arrays = browser_side.arrays("prefer-offer")
    recipe = Recipe(seed=0, side=subject.model.preprocessing.size, steps=12)
    wanted = finish(grow(subject.model, Objective("channel", LAYER, UNIT), recipe))
    assert np.array_equal(arrays["pixels"], wanted.pixels)
    every = np.concatenate(
        [
            record(subject.model, subject.model.preprocessing.tensor(open_image(read_sample(sample.name))), [LAYER])[
                LAYER
            ]
            .maps[UNIT]
            .flatten()
            for sample in SAMPLES
        ]
    )
    np.testing.assert_allclose(np.sort(arrays["patches"]), np.sort(every), rtol=1e-5)
    told = next(each.value for each in app.main.markdown if "made from noise" in each.value)
    assert f"**Map {UNIT} comes to {arrays['values'][0]:.3g} on a picture made from noise, to {every.max():.3g}" in told
    assert f"{len(every):,} patches of 6 pictures, {int((every >= arrays['values'][0]).sum())} go" in told


@pytest.mark.parametrize("kind", ["The whole map", "One cell", "The photo’s direction", "A class"])
def test_the_python_grows_the_same_picture(kind: str, browser_side: Browser) -> None:
    address = {**ADDRESS, "prefer": kind, "prefer_sign": "As little as can be", "prefer_basis": "Bare pixels"}
    app = open_layers(address)
    code = next(block.value for block in app.code if "grow(" in block.value)
    assert run_snippet(code)[0]["grown"].pixels.tolist() == browser_side.arrays("prefer-offer")["pixels"].tolist()
    assert "the lowest" in next(each.value for each in app.main.markdown if "made from noise" in each.value)


def test_nothing_is_grown_unasked_and_what_was_stopped_is_a_result_of_its_own(browser_side: Browser) -> None:
    objective, recipe = Objective("channel", LAYER, UNIT), Recipe(seed=5, side=32, steps=12)
    asked = ("preferred", SMALL, "auto", "", objective, recipe)
    app = open_layers({**ADDRESS, "preferred": "false", "prefer_seed": "5"})
    assert known(asked) is None
    begun = finish(grow(subject_of(app).model, objective, replace(recipe, steps=7)))
    app.session_state[STOPPED], app.session_state["preferred_so_far"] = {asked}, (asked, begun)
    run(app.toggle(key="preferred").set_value(True))
    assert "Growing from noise was stopped." in [each.value for each in app.info]
    code = next(block.value for block in app.code if "grow(" in block.value)
    assert run_snippet(code)[0]["grown"].pixels.tolist() == browser_side.arrays("prefer-offer")["pixels"].tolist()
    assert np.array_equal(browser_side.arrays("prefer-offer")["pixels"], begun.pixels)
    run(app.button(key="prefer-go-on").click())
    assert known(asked) is not None
    assert not np.array_equal(browser_side.arrays("prefer-offer")["pixels"], begun.pixels)


def test_a_patch_leads_to_the_input_that_its_unit_prefers(monkeypatch: pytest.MonkeyPatch) -> None:
    links: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(patches, "link_to", lambda page, label, address: links.append((page, address)))
    open_page(
        "saliency",
        {"model": SMALL, "part": "Maximally activating patches", "excited_layer": LAYER, "excited_unit": str(UNIT)},
    )
    assert links[0] == ("layers", {key: ADDRESS[key] for key in ("layer", "unit", "preferred")})
    assert links[1:] == [("pictures", {"of": "Your pictures and the samples", "by": LAYER})]


@pytest.mark.parametrize("kind", ["ReLU", "Linear"])
def test_a_layer_without_slope_or_without_maps_has_one_too(kind: str, browser_side: Browser) -> None:
    mangled = {"prefer": "nonsense", "prefer_seed": "-7", "prefer_count": "99", "prefer_class": "nobody"}
    every = summarize_layers(load_model(SMALL, device="cpu"), torch.zeros(1, 3, 32, 32))
    facts = [each for each in every if each.kind == kind][-1]
    app = open_layers({**ADDRESS, **mangled, "layer": facts.name})
    wanted = Objective("channel", facts.inputs[0] if kind == "ReLU" else facts.name, UNIT)
    grown = finish(grow(subject_of(app).model, wanted, Recipe(side=32, steps=12)))
    assert np.array_equal(browser_side.arrays("prefer-offer")["pixels"], grown.pixels)
    assert (kind == "ReLU") == any(f"what {facts.name} reads, {facts.inputs[0]}," in each.value for each in app.caption)
