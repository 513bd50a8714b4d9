"""The Saliency page's part "Fool it": what it says, hands over and keeps in the address."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.adversarial import patch as patches
from explorer.adversarial.patch import PatchTraining
from explorer.samples import SAMPLES
from explorer.slices import finish
from explorer.ui.kit.slow import STOPPED
from explorer.ui.saliency import page
from explorer.ui.saliency.fooling import patch as page_of_patch
from explorer.ui.session.pictures import Picture, get_picture
from explorer.ui.session.subject import Subject
from tests.pages.opening import Browser, everything_in, open_page, run, run_snippet, subject_of


def pixels(subject: Subject, picture: Picture) -> np.ndarray:
    return subject.model.preprocessing.with_fit(subject.fit).pixels(picture.intake.image).copy()


def open_fooling(**address: str) -> AppTest:
    return open_page("saliency", {"part": "Fool it", "model": "tiny-vgg", **address})


def test_the_smallest_change_is_handed_over_as_it_is_shown(
    browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_fooling()
    told = everything_in(app)
    found = re.search(r"becomes (.+?)\*\*, .* changes by more than (\d+) of 255", told)
    assert found, told
    name, bound = found[1], int(found[2])
    data = browser_side.downloads["fool-photo-png"][1]
    saved = np.asarray(Image.open(io.BytesIO(data)))
    subject = subject_of(app)
    photo = subject.model.preprocessing.pixels(subject.picture.intake.image)
    assert np.abs(saved.astype(int) - photo.astype(int)).max() == bound
    assert f"difference of any channel is {bound} of 255, the bound {bound};" in told
    mean, std = (
        torch.tensor(each).view(3, 1, 1) for each in (subject.model.preprocessing.mean, subject.model.preprocessing.std)
    )
    x = (torch.from_numpy(saved.copy()).permute(2, 0, 1) / 255 - mean) / std
    assert subject.model.classes[int(subject.model.network(x[None]).argmax())] == name
    arrays = browser_side.arrays("fool-offer")
    np.testing.assert_array_equal(arrays["fooled"], saved)
    np.testing.assert_array_equal(arrays["change"], saved.astype(int) - photo)
    bounds = arrays["bounds"].tolist()
    named = arrays["probabilities"].argmax(1)
    # Nothing smaller that was tried does it.
    assert (named[: bounds.index(bound)] == named[0]).all()
    monkeypatch.chdir(tmp_path)  # where the snippet saves its picture
    names, printed = run_snippet(app.code[0].value)
    np.testing.assert_array_equal(names["changed"], saved)
    torch.testing.assert_close(names["x"][0], x)
    assert printed.splitlines()[bounds.index(bound)].split()[:2] == [str(bound), name]
    run(app.select_slider(key="fool_bound").set_value("16"))
    assert "changes by more than 16 of 255" in everything_in(app)


def test_layers_and_survival_of_a_targeted_sign(browser_side: Browser) -> None:
    app = open_fooling(fool_view="Through the layers", fool_attack="Gradient sign", fool_bound="4 of 255")
    told = everything_in(app)
    arrays = browser_side.arrays("fool-layers-offer")
    fooled, signs = arrays["fooled"], arrays["signs"]
    said = re.search(r"The change is (.+?) % of the input's length and (.+?) % of the output's", told)
    assert said, told
    assert [float(each) for each in said.groups()] == pytest.approx([100 * fooled[0], 100 * fooled[-1]], rel=0.01)
    assert signs[-1] < fooled[-1]
    thirds = re.search(r"third of the layers it is (.+?) %, (.+?) %, (.+?) % on average", told)
    assert thirds, told
    layers, third = 100 * fooled[1:], (len(fooled) - 1) // 3
    assert float(thirds[3]) == pytest.approx(layers[-third:].mean(), rel=0.01)
    assert float(thirds[1]) == pytest.approx(layers[: -(-len(layers) // 3)].mean(), rel=0.01)
    _, printed = run_snippet(app.code[0].value)
    assert float(printed.splitlines()[-1].split()[1]) == pytest.approx(fooled[-1], rel=1e-5)
    app = run(app.segmented_control(key="fool_view").set_value("survival"))
    told = everything_in(app)
    arrays = browser_side.arrays("fool-survival-offer")
    outcomes = arrays["outcomes"].tolist()
    assert f"stays fooled after {outcomes.count('fooled')} of {len(outcomes)} treatments" in told
    _, printed = run_snippet(app.code[0].value)
    assert [line.split()[1] for line in printed.splitlines()] == outcomes
    assert re.search(r"Its price: \d of 6 photos", told)


def test_a_patch_is_shown_where_it_was_stopped_and_placed_by_a_click(
    browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_of_patch, "STEPS", 8)
    app = open_fooling(fool_view="A patch to place", fool_patch_class="ship", fool_row="1", fool_column="5")
    assert "has to be trained first" in everything_in(app)
    subject = subject_of(app)
    target, pictures = subject.model.classes.index("ship"), [get_picture(sample.title) for sample in SAMPLES]
    asked = ("patch", subject, target, round(0.4 * 32), *pictures)
    begun = PatchTraining(subject.model, np.stack([pixels(subject, each) for each in pictures]), target, 13)
    finish(begun.go_on_in_slices(3))
    app.session_state[STOPPED] = {asked}  # what the button does, which is there while it works
    app.session_state[page_of_patch._TRAINING] = asked, begun
    app = run(app.toggle(key="fool_train").set_value(True))
    assert "Stopped after 3 of 8 steps" in everything_in(app)
    names, _ = run_snippet(app.code[0].value)
    np.testing.assert_array_equal(names["patch"].pixels, begun.look().pixels)
    app = run(app.button(key="fool-patch-go-on").click())
    told = everything_in(app)
    assert "Stopped after" not in told
    arrays = browser_side.arrays("fool-patch-offer")
    assert len(arrays["losses"]) == 8
    hits = int((arrays["probabilities"].argmax(-1) == target).sum())
    assert f"at {hits} of 25 places" in told
    assert "Placed in row 1, column 5 of 5" in told
    browser_side.clicks["fool-places"] = 17
    app = run(app)
    assert "Placed in row 4, column 3 of 5" in everything_in(app)
    assert browser_side.grids["fool-places"]["selected"] == 17


def test_the_patch_that_comes_along_fools_at_once(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (patches, page_of_patch):
        monkeypatch.setattr(module, "PER_SIDE", 2)
    app = open_page("saliency", {"part": "Fool it", "fool_view": "A patch to place"})
    subject = subject_of(app)
    arrays = browser_side.arrays("fool-patch-offer")
    patch, shares = arrays["patch"], arrays["probabilities"]
    assert "called toaster at 4 of 4 places; with the same pixels in a random order at 0." in everything_in(app)
    names, _ = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names["shares"], shares[..., subject.model.classes.index("toaster")], rtol=1e-4)
    photo = pixels(subject, subject.picture)
    photo[134:, :90] = patch  # the lower left corner
    x = subject.model.preprocessing.with_fit("squash").tensor(Image.fromarray(photo))
    torch.testing.assert_close(
        torch.from_numpy(shares[1, 0]), subject.model.network(x)[0].softmax(0), rtol=1e-3, atol=1e-5
    )
    assert subject.model.classes[int(shares[1, 0].argmax())] == "toaster"


def test_the_fooled_photo_is_seen_by_other_parts_as_it_was_made(
    browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "show_maps", lambda *given: None)  # what it says of the photo stands above
    app = open_fooling(fool_attack="Gradient sign")
    label = re.search(r"becomes (.+?)\*\*", everything_in(app))
    saved = np.asarray(Image.open(io.BytesIO(browser_side.downloads["fool-photo-png"][1])))
    app = run(app.button(key="fool-open").click())
    assert app.session_state["part"] == "maps"
    subject = subject_of(app)
    np.testing.assert_array_equal(pixels(subject, subject.picture), saved)
    assert label
    assert f"The network says: {label[1]}" in everything_in(app)


def test_a_class_that_the_network_says_already_is_no_aim(browser_side: Browser) -> None:
    app = open_fooling()
    best = subject_of(app)
    label = best.model.classes[int(best.model.network(best.input).argmax())]
    app = run(app.selectbox(key="fool_class").set_value(label))
    assert f"The network already says {label}" in everything_in(app)
    app = run(app.segmented_control(key="fool_view").set_value("patch"))
    app = run(app.selectbox(key="fool_patch_class").set_value(label))
    assert f"The network already says {label}" in everything_in(app)
