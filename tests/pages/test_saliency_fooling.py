"""The Saliency page's part "Fool it": what it says, hands over and keeps in the address."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.adversarial import patch
from explorer.ui.kit.slow import STOPPED
from tests.pages.opening import Browser, open_page, run, run_snippet, subject_of
from tests.pages.test_experiments import texts_of


def open_fooling(**address: str) -> AppTest:
    return open_page("saliency", {"part": "Fool it", "model": "tiny-vgg", **address})


def test_the_smallest_change_is_handed_over_as_it_is_shown(
    browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_fooling()
    told = texts_of(app)
    found = re.search(r"becomes\*\* \*\*(.+?)\*\*, .* changes by more than (\d+) of 255", told)
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
    with np.load(io.BytesIO(browser_side.downloads["fool-offer-npz"][1]())) as arrays:
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
    assert "changes by more than 16 of 255" in texts_of(app)


def test_layers_and_survival_of_a_targeted_sign(browser_side: Browser) -> None:
    app = open_fooling(fool_view="Through the layers", fool_attack="Gradient sign", fool_bound="4 of 255")
    told = texts_of(app)
    with np.load(io.BytesIO(browser_side.downloads["fool-layers-offer-npz"][1]())) as arrays:
        fooled, signs = arrays["fooled"], arrays["signs"]
    assert f"The change is {fooled[0]:.3g} of the input's length and {fooled[-1]:.3g}" in told
    assert signs[-1] < fooled[-1]
    _, printed = run_snippet(app.code[0].value)
    assert float(printed.splitlines()[-1].split()[1]) == pytest.approx(fooled[-1], rel=1e-5)
    app = run(app.segmented_control(key="fool_view").set_value("survival"))
    told = texts_of(app)
    with np.load(io.BytesIO(browser_side.downloads["fool-survival-offer-npz"][1]())) as arrays:
        outcomes = arrays["outcomes"].tolist()
    assert f"survives {outcomes.count('fooled')} of {len(outcomes)} treatments" in told
    _, printed = run_snippet(app.code[0].value)
    assert [line.split()[1] for line in printed.splitlines()] == outcomes
    assert re.search(r"Its price: \d of 6 photos", told)


def test_a_patch_is_placed_and_the_address_holds_it(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patch, "STEPS", 8)
    app = open_fooling(fool_view="A patch to place", fool_patch_class="ship", fool_row="1", fool_column="5")
    told = texts_of(app)
    assert "Placed in row 1, column 5 of 5" in told
    with np.load(io.BytesIO(browser_side.downloads["fool-patch-offer-npz"][1]())) as arrays:
        hits = int((arrays["probabilities"].argmax(-1) == subject_of(app).model.classes.index("ship")).sum())
        side = len(arrays["patch"])
    assert f"at {hits} of 25 places" in told
    assert side == round(0.3 * 32)
    assert app.slider(key="fool_column").value == 5


def test_what_cannot_be_attacked_is_said_and_stop_is_kept(browser_side: Browser) -> None:
    app = open_fooling()
    best = subject_of(app)
    label = best.model.classes[int(best.model.network(best.input).argmax())]
    app = run(app.selectbox(key="fool_class").set_value(label))
    assert f"The network already says {label}" in texts_of(app)
    assert not app.session_state[STOPPED]
