"""Cause and effect, mixing and normalisation on the Augmentation page, against the library called directly."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.augmentation import (
    EXAMPLE,
    MOTIONS,
    SWEEPS,
    DrawProbabilities,
    Motion,
    average_draws,
    compare_maps,
    cut_mix,
    dim_and_bright,
    flips,
    measure_invariance,
    mix_up,
    normalise,
    sweep,
)
from explorer.augmentation.describing import say_average, say_draw_probabilities, say_flip, say_invariance, say_steady
from explorer.augmentation.invariance import CHANNELS, strongest_changes
from explorer.images import open_image
from explorer.rendering import decode_png
from explorer.samples import SAMPLES, read_sample
from explorer.text import class_labels, format_percent
from explorer.ui.session.subject import Subject
from tests.pages.opening import Browser, run, run_snippet, subject_of, texts_of
from tests.pages.test_augmentation import open_augmentation, square

EFFECT = {"part": "Cause and effect"}


def viewer(subject: Subject):
    return subject.model.with_preprocessing(subject.model.preprocessing.with_fit("squash"))


def photo(subject: Subject) -> Image.Image:
    return subject.picture.intake.image


def of_the_photo(subject: Subject) -> np.ndarray:
    """The probabilities of every other page: those for the photo brought to the network's size once."""
    with torch.inference_mode():
        return subject.model.network(subject.model.preprocessing.tensor(photo(subject)))[0].softmax(0).numpy()


@pytest.mark.parametrize("network", ["efficientnet-lite0", "photo-net"])
def test_draws_are_sorted_and_averaged(network: str, browser_side: Browser) -> None:
    app = open_augmentation({**EFFECT, "seed": "5", "model": network})
    assert not app.error
    subject = subject_of(app)
    average = average_draws(viewer(subject), square(subject), EXAMPLE, 16, 5)
    single = of_the_photo(subject)
    scaled = format_percent(float(average.single[single.argmax()]))
    average = replace(average, single=single)
    found = DrawProbabilities(int(single.argmax()), single, average.probabilities)
    said = f"scaled to the network's 128 px; without any change, this alone makes the probability {scaled}."
    assert (said in texts_of(app)) == (network == "photo-net")
    arrays = browser_side.arrays("probabilities-offer")
    for name in ("single", "probabilities", "mean", "spread"):
        np.testing.assert_allclose(arrays[name], getattr(average, name), atol=1e-6)
    shown = arrays["probabilities"][arrays["order"], found.target]
    assert (np.diff(shown) <= 0).all()
    names = class_labels(subject.model.classes)
    description = texts_of(app)
    assert say_draw_probabilities(found, names) in description
    assert say_average(average, names) in description
    kept = int((found.probabilities.argmax(axis=1) == found.target).sum())
    assert f"**{kept} of 16 draws** are still seen as **{names[found.target]}**" in description
    picture = decode_png(browser_side.downloads["probabilities-offer-png"][1]())
    assert (picture[:224, :224] == np.asarray(average.draws[int(found.order[0])].image)).all()
    names_there, printed = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names_there["average"].mean, arrays["mean"], atol=1e-6)
    assert names_there["found"].order.tolist() == arrays["order"].tolist()
    assert f"draw {arrays['order'][0] + 1}" in printed
    np.testing.assert_allclose(names_there["single"], single, atol=1e-6)


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_with_its_flips(name: str, browser_side: Browser) -> None:
    app = open_augmentation({**EFFECT, "effect": "Sweep", "sweep": SWEEPS[name].title})
    subject = subject_of(app)
    result = sweep(subject.model, photo(subject), name)
    np.testing.assert_allclose(result.single, of_the_photo(subject), atol=1e-5)
    arrays = browser_side.arrays("sweep-offer")
    np.testing.assert_allclose(arrays["probabilities"], result.probabilities, atol=1e-5)
    np.testing.assert_array_equal(arrays["pixels"], result.pixels)
    names = class_labels(subject.model.classes)
    description = texts_of(app)
    assert say_steady(SWEEPS[name], result, names) in description
    turns = flips(result)
    nearest = min(turns, key=lambda flip: abs((flip.before + flip.after) / 2 - SWEEPS[name].neutral), default=None)
    if nearest is not None:
        assert say_flip(SWEEPS[name], nearest, names) in description
    # The slider picks the picture, and what the network makes of it stands below.
    slider = app.select_slider(key=f"at_{name}")
    run(slider.set_value(slider.options[3]))
    best = int(result.probabilities[3].argmax())
    assert f"**{names[best]}**" in texts_of(app)


def test_the_snippet_of_a_sweep(browser_side: Browser) -> None:
    app = open_augmentation({**EFFECT, "effect": "Sweep", "sweep": "Blur", "model": "photo-net"})
    assert "Knows only: tench, English springer" in texts_of(app)
    names, _ = run_snippet(app.code[0].value)
    arrays = browser_side.arrays("sweep-offer")
    np.testing.assert_allclose(names["result"].probabilities, arrays["probabilities"], atol=1e-5)


def test_layers_that_follow_a_motion(browser_side: Browser) -> None:
    app = open_augmentation({**EFFECT, "effect": "Inside the network"})
    subject = subject_of(app)
    found = measure_invariance(subject.model, photo(subject), motion=next(iter(MOTIONS.values())))
    arrays = browser_side.arrays("inside-offer")
    np.testing.assert_allclose(arrays["invariance"], [each.invariance for each in found.layers], atol=1e-5)
    wanted = [np.nan if each.equivariance is None else each.equivariance for each in found.layers]
    np.testing.assert_allclose(arrays["equivariance"], wanted, atol=1e-5)
    assert say_invariance(found.layers) in texts_of(app)
    layer = app.selectbox(key="layer").options[2]
    run(app.selectbox(key="layer").select(layer))
    compared = compare_maps(
        viewer(subject), layer, subject.model.preprocessing.fitted(photo(subject)), Image.fromarray(found.changed)
    )
    arrays = browser_side.arrays("inside-offer")
    np.testing.assert_allclose(arrays["difference"], compared.difference, atol=1e-4)
    shown = strongest_changes(compared)
    assert len(shown) == min(CHANNELS, len(compared.original))
    lengths = np.square(compared.difference).sum(axis=(1, 2))
    assert set(shown) == set(np.argsort(-lengths)[: len(shown)].tolist())
    picture = decode_png(browser_side.downloads["inside-offer-png"][1]())
    assert picture.shape[1] == 3 * 84 + 8
    names, _ = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names["compared"].difference, arrays["difference"], atol=1e-4)


def test_a_motion_of_ones_own_and_a_draw(browser_side: Browser) -> None:
    app = open_augmentation({**EFFECT, "effect": "Inside the network", "motion": "My own"})
    subject = subject_of(app)
    app.slider(key="turn").set_value(-45)
    app.slider(key="zoom").set_value(1.5)
    app.slider(key="right").set_value(10)
    app.toggle(key="mirrored").set_value(True)
    run(app)
    motion = Motion(-45.0, 1.5, (0.1, 0.0), True)
    expected = [each.invariance for each in measure_invariance(subject.model, photo(subject), motion=motion).layers]
    np.testing.assert_allclose(browser_side.arrays("inside-offer")["invariance"], expected, atol=1e-5)
    run(app.segmented_control(key="cause").set_value("draw"))
    run(app.select_slider(key="draw").set_value(6))
    augmented = EXAMPLE.draw(square(subject), 5)
    expected = [
        each.invariance for each in measure_invariance(viewer(subject), square(subject), augmented=augmented).layers
    ]
    arrays = browser_side.arrays("inside-offer")
    np.testing.assert_allclose(arrays["invariance"], expected, atol=1e-5)
    assert np.isnan(arrays["equivariance"]).all()
    names, _ = run_snippet(app.code[0].value)
    np.testing.assert_allclose([each.invariance for each in names["found"].layers], expected, atol=1e-5)


def test_two_pictures_are_mixed(browser_side: Browser) -> None:
    app = open_augmentation({"part": "Mix two pictures", "seed": "4"})
    images = [open_image(read_sample(sample.name)) for sample in SAMPLES[:2]]
    mixture = mix_up(images, 4, 0.6)[0]
    assert (browser_side.arrays("mix-offer")["mixture"] == np.asarray(mixture.image)).all()
    assert mixture.formula in texts_of(app)
    app.segmented_control(key="mix").set_value("cutmix")
    run(app.slider(key="share").set_value(25))
    mixture = cut_mix(images, 4, 0.25)[0]
    arrays = browser_side.arrays("mix-offer")
    assert (arrays["mixture"] == np.asarray(mixture.image)).all()
    assert tuple(arrays["box"]) == mixture.box
    run(app.toggle(key="draw_share").set_value(True))
    run(app.slider(key="alpha").set_value(0.4))
    mixture = cut_mix(images, 4, None, 0.4)[0]
    arrays = browser_side.arrays("mix-offer")
    assert (arrays["mixture"] == np.asarray(mixture.image)).all()
    assert arrays["share"] == pytest.approx(mixture.share)
    names, printed = run_snippet(app.code[0].value)
    assert (np.asarray(names["mixed"].image) == arrays["mixture"]).all()
    assert mixture.formula in printed


def test_one_picture_alone_cannot_be_mixed(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.ui.augmentation import mixing as augmentation_mixing

    monkeypatch.setattr(augmentation_mixing, "list_pictures", lambda: [SAMPLES[0].title])
    app = open_augmentation({"part": "Mix two pictures"})
    assert "at least two pictures" in app.error[0].value


def test_normalisation_and_two_lights(browser_side: Browser) -> None:
    app = open_augmentation({"part": "Normalisation"})
    subject = subject_of(app)
    mean, std = subject.model.preprocessing.mean, subject.model.preprocessing.std
    arrays = browser_side.arrays("normalisation-offer")
    np.testing.assert_allclose(arrays["values"], normalise(square(subject), mean, std).values, atol=1e-6)
    app.slider(key="dim").set_value(0.25)
    run(app.slider(key="bright").set_value(2.0))
    meeting = dim_and_bright(square(subject), mean, std, 0.25, 2.0)
    arrays = browser_side.arrays("normalisation-offer")
    np.testing.assert_allclose(arrays["gaps"], [stage.gap for stage in meeting.stages])
    assert (arrays["bright"] == meeting.bright).all()
    names, _ = run_snippet(app.code[0].value)
    np.testing.assert_allclose([stage.gap for stage in names["meeting"].stages], arrays["gaps"])


def test_a_picture_of_one_pixel(browser_side: Browser) -> None:
    import io

    buffer = io.BytesIO()
    Image.new("RGB", (1, 1), (200, 30, 90)).save(buffer, "PNG")
    app = open_augmentation()
    run(app.file_uploader(key="uploads").upload("dot.png", buffer.getvalue(), "image/png"))
    assert not app.error
    assert browser_side.arrays("draws-offer")["draw1"].shape == (224, 224, 3)
    for part, effects in {"effect": ("draws", "sweep", "inside"), "one": (), "mix": (), "normalise": ()}.items():
        run(app.segmented_control(key="part").set_value(part))
        assert not app.error
        for effect in effects:
            run(app.segmented_control(key="effect").set_value(effect))
            assert not app.error
