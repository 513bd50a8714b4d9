"""`VisionModel.logits` and `probabilities` against the network asked picture by picture."""

import pytest
import torch
from PIL import Image

from explorer.zoo import VisionModel, list_shipped, load_model, random_model, served


@pytest.fixture(params=[*list_shipped(), "squeezenet1_1"])
def opened(request: pytest.FixtureRequest) -> VisionModel:
    name = request.param
    return load_model(name, "cpu") if name in list_shipped() else random_model(name, num_classes=7, seed=3)


def test_logits_are_those_of_each_picture(opened: VisionModel, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(5, 3, 64, 48, generator=torch.Generator().manual_seed(2))
    before = x.clone()
    with torch.inference_mode():
        wanted = torch.cat([opened.network(each[None].clone()) for each in x])
    for pixels in (served.PIXELS, 2 * 64 * 48, 1):  # together, two at a time, one by one
        monkeypatch.setattr(served, "PIXELS", pixels)
        logits = opened.logits(x)
        assert (logits.dtype, logits.device.type, logits.shape) == (torch.float32, "cpu", (5, len(opened.classes)))
        # A convolution sums in another order where there are more pictures.
        assert (logits - wanted).abs().max() < 1e-5 * wanted.abs().max()
    assert torch.equal(x, before)


def test_probabilities_are_the_softmax_of_a_picture(opened: VisionModel, photo: Image.Image) -> None:
    small = opened.with_preprocessing(opened.preprocessing.with_size(64))
    with torch.inference_mode():
        wanted = small.network(small.preprocessing.tensor(photo))[0].double().softmax(0)
    torch.testing.assert_close(torch.from_numpy(small.probabilities(photo)).double(), wanted, rtol=1e-5, atol=1e-7)
