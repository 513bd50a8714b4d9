"""Networks built to fail in one way each; the diagnosis names that way, and a healthy map gets none."""

import pytest
import torch
from torch import nn

from explorer.saliency import METHODS, explain
from explorer.zoo import VisionModel
from tests.anatomy.networks import as_model

from .networks import block_model, make_input, open_model, small_network


def broken(change: str) -> VisionModel:
    network = small_network(classes=2)
    with torch.no_grad():
        if change in ("dead", "behind", "below"):
            network[2].bias.fill_(-1000.0)  # the ReLU after it never opens
        elif change == "negative":
            network[6].weight[1] = -network[6].weight[1].abs()  # every map speaks against class 1
        elif change == "unread":
            network[6].weight[1] = 0.0
        elif change == "nan":
            network[2].weight[0, 0, 0, 0] = torch.nan
        elif change == "huge":
            network[2].weight.fill_(1e30)
            network[0].weight.fill_(1e30)
        elif change in ("small", "tiny"):
            network[6].weight[1] = {"small": 1e-20, "tiny": 1e-33}[change]
    return as_model(network, classes=2)


X = torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    ("change", "method", "words"),
    [
        ("dead", "grad-cam", "all 8 maps of 3 are zero"),
        ("dead", "score-cam", "all 8 maps of 3 are zero"),
        ("dead", "saliency", "gradient is zero at every pixel (3 is the first layer that gives nothing but zeros)"),
        ("dead", "occlusion", "no window changes the score (3 is the first layer"),
        ("negative", "grad-cam", "negative everywhere, and what is below zero is cut"),
        ("negative", "cam", "negative everywhere: the maps of 3 speak against"),
        ("negative", "layer-cam", "no active cell of 3 has a positive gradient"),
        ("unread", "grad-cam", "all weights of 6 for this class are zero"),
        ("unread", "cam", "all weights of 6 for this class are zero"),
        ("behind", "grad-cam", "every gradient is zero (3 is the first layer that gives nothing but zeros)"),
        ("below", "score-cam", "the maps of 2 have no value above zero"),
        ("nan", "grad-cam", "weights of 2 are not"),
        ("nan", "score-cam", "weights of 2 are not"),
        ("nan", "integrated-gradients", "weights of 2 are not"),
        ("huge", "saliency", "gives values beyond what single precision holds"),
        ("tiny", "grad-cam", "single precision has lost them"),
    ],
)
def test_the_cause_is_named(change: str, method: str, words: str) -> None:
    layer = {"behind": "1", "below": "2"}.get(change)
    diagnosis = explain(broken(change), X, method, 1, layer).diagnosis
    assert words in diagnosis
    assert diagnosis.endswith(".")


def test_all_negative_weights_are_counted() -> None:
    diagnosis = explain(broken("negative"), X, "grad-cam", 1).diagnosis
    maps = broken("negative").network[:4](X)
    active = int(maps[0].flatten(1).any(1).sum())
    assert f"{active} of the {active} active maps have a negative weight" in diagnosis


def test_small_gradients_are_not_lost_by_grad_cam_pp() -> None:
    """Their third power would be zero in single precision."""
    heatmap = explain(broken("small"), X, "grad-cam-pp", 1)
    assert heatmap.diagnosis == ""
    assert heatmap.values.max() > 0


def test_a_single_cell() -> None:
    model = open_model("tiny-vgg")
    heatmap = explain(model, torch.randn(1, 3, 8, 8), "grad-cam", 3, "features.pool3")
    assert heatmap.raw is not None
    assert heatmap.raw.shape == (1, 1)
    assert "single cell" in heatmap.diagnosis
    assert "earlier layer" in heatmap.diagnosis


def test_one_cell_outshines_the_others() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        network[0].weight.fill_(1.0)
        network[0].bias.zero_()
        network[4].weight.fill_(1.0)
    x = torch.zeros(1, 3, 6, 6)
    x[0, :, 2, 4] = 5.0
    model = as_model(network, classes=2)
    assert "(row 2, column 4) holds 100 % of the map; channel 0 of 1" in explain(model, x, "grad-cam", 1).diagnosis
    assert "One pixel (row 2, column 4)" in explain(model, x, "input-x-gradient", 1).diagnosis


def test_the_same_value_everywhere() -> None:
    network = small_network(classes=2)
    with torch.no_grad():
        network[0].weight.zero_()
        network[2].weight.zero_()
        network[2].bias.fill_(1.0)
    diagnosis = explain(as_model(network, classes=2), X, "cam", 1).diagnosis
    assert "same value everywhere" in diagnosis or "negative everywhere" in diagnosis


def test_pictures_at_fault() -> None:
    grey = torch.zeros(1, 3, 12, 12)
    assert "mean colour everywhere" in explain(block_model(size=12), grey, "occlusion", 1).diagnosis
    assert "mean colour everywhere" in explain(broken(""), grey, "input-x-gradient", 1).diagnosis
    bad = X.clone()
    bad[0, 0, 0, 0] = torch.inf
    assert "the picture's values are not" in explain(broken(""), bad, "saliency", 1).diagnosis


def test_against_everything() -> None:
    model = block_model(size=12, gain=-5.0)
    assert (
        "whichever window is covered, the score rises"
        in explain(model, torch.ones(1, 3, 12, 12), "occlusion", 1).diagnosis
    )
    assert "every pixel speaks against" in explain(model, torch.ones(1, 3, 12, 12), "input-x-gradient", 1).diagnosis


@pytest.mark.usefixtures("two_pictures_a_map")
@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("grad-cam", "xgrad-cam")])
def test_healthy_maps_get_none(method: str) -> None:
    model = open_model("photo-vit" if method == "legrad" else "photo-net")
    side = 48 if method in ("ss-cam", "is-cam") else 0  # a tenth of the passes
    assert explain(model, make_input(model, side, "cat"), method).diagnosis == ""


def with_rows(first: torch.Tensor, second: torch.Tensor) -> VisionModel:
    """A network whose dense layer has these rows; of the maps that it reads only 0 and 1 are active, and alike."""
    network = small_network(classes=2)
    with torch.no_grad():
        network[2].weight[1], network[2].bias[:] = network[2].weight[0], torch.tensor([1.0, 1.0] + [-1000.0] * 6)
        network[6].weight[0], network[6].weight[1] = first, second
    return as_model(network, classes=2)


def test_a_blank_cam_is_blamed_on_what_made_it_blank() -> None:
    """Weights that are zero, for both classes alike, zero where maps are active, or cancelling: no matter of digits."""
    ones, late = torch.ones(8), torch.tensor([0.0, 0.0] + [1.0] * 6)
    against = torch.tensor([1.0, -1.0] + [0.0] * 6)
    for rows, contrast, words in (
        ((ones, ones), 0, "all weights of 6 are the same for both classes"),
        ((ones, late), None, "2 maps of 3 are active, and their weights in 6 for this class are zero"),
        ((ones, ones + late), 0, "2 maps of 3 are active, and their weights in 6 are the same for both classes"),
        ((ones, against), None, "adds up to zero everywhere"),
        ((ones, 1e-44 * ones), None, "single precision has lost them"),
    ):
        heatmap = explain(with_rows(*rows), X, "cam", 1, contrast=contrast)
        assert words in heatmap.diagnosis, rows
        assert ("single precision" in heatmap.diagnosis) == ("single precision" in words)
    assert explain(with_rows(ones, ones), X, "cam", 1).diagnosis == ""
