import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer.samples import SAMPLES
from explorer.ui.session import subject as subject_module
from explorer.ui.session.pictures import get_picture
from explorer.ui.session.subject import Subject, drop_weights, find_weights, keep_weights, open_network, recall_weights
from explorer.zoo import WeightsRejected, list_shipped

TITLE = SAMPLES[0].title


@pytest.fixture(params=list_shipped())
def subject(request: pytest.FixtureRequest) -> Subject:
    return Subject(get_picture(TITLE), request.param, device="cpu")


def test_the_input_is_the_picture_as_the_network_wants_it(subject: Subject) -> None:
    preprocessing = open_network(subject.network, "cpu", "").preprocessing
    expected = preprocessing.tensor(get_picture(TITLE).intake.image)
    torch.testing.assert_close(subject.input, expected, rtol=0, atol=0)


def test_fit_and_size_change_the_input_and_not_the_network(subject: Subject) -> None:
    changed = replace(subject, fit="pad", size=96)
    assert changed.input.shape == (1, 3, 96, 96)
    assert changed.model.network is subject.model.network
    assert changed.model.preprocessing.fit == "pad"
    assert subject.model.preprocessing.fit == "crop"


def test_equal_subjects_are_one_key(subject: Subject) -> None:
    assert len({subject, replace(subject), replace(subject, size=64)}) == 2


def test_only_the_newest_weights_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject_module, "WEIGHTS_OF_SESSION", 10_000)
    subject_module._own_weights.clear()
    for number in range(6):
        keep_weights(f"digest {number}", bytes([number]) * 3000)
    assert [find_weights(f"digest {number}") is not None for number in range(6)] == 3 * [False] + 3 * [True]
    keep_weights("empty", b"")
    drop_weights("digest 3")
    assert find_weights("digest 3") is None
    with pytest.raises(WeightsRejected, match=r"^These weights are no longer on the server: it keeps 1,400 MB"):
        open_network("tiny-vgg", "cpu", "digest 3")
    subject_module._own_weights.clear()


def test_another_copy_of_the_dashboard_finds_weights_by_their_first_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLORER_STORE", str(tmp_path))
    data = b"weights"
    digest = hashlib.sha256(data).hexdigest()
    keep_weights(digest, data, "mine")
    assert recall_weights(digest[:15]) == recall_weights(digest[:16] + "x") == ""
    subject_module._own_weights.clear()  # as the memory of another copy is
    assert recall_weights(digest[:15]) == recall_weights(digest[:16] + "x") == ""
    assert recall_weights(digest[:16]) == recall_weights(digest) == digest
    assert find_weights(digest) == ("mine", data, digest)
    drop_weights(digest)  # no network opens it
    subject_module._own_weights.clear()
    assert find_weights(digest) is None


def test_pixels_of_a_picture_are_those_of_the_intake() -> None:
    picture = get_picture(TITLE)
    np.testing.assert_array_equal(picture.pixels, np.asarray(picture.intake.image))
