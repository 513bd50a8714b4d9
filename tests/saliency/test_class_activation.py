"""HiRes-, Finer-, Refine-, SS- and IS-CAM by the formulas of their papers, written with autograd and PyTorch alone."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_grad_cam import HiResCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn
from torch.nn import functional as F
from torchcam import methods as cams

from explorer.saliency import METHODS, explain
from explorer.saliency.class_activation import MAPS, WEIGHTS, ClassActivationMap, Wanted
from explorer.saliency.class_activation.refine_cam import find_stages
from explorer.saliency.diagnosis import diagnose_maps
from explorer.saliency.layers import find_layer
from explorer.saliency.scores import TargetScore
from tests.anatomy.networks import as_model

from .networks import make_input, open_model, small_model, small_network

X = torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(5))


def close(got: np.ndarray | None, wanted: torch.Tensor, tolerance: float = 1e-5) -> None:
    """Within a share of the largest value."""
    assert got is not None
    assert wanted.abs().max() > 0
    np.testing.assert_allclose(got, wanted.detach(), rtol=0, atol=tolerance * float(wanted.abs().max()))


def maps_and_gradients(
    network: nn.Sequential, after: int, score: Any, x: torch.Tensor = X
) -> tuple[torch.Tensor, torch.Tensor]:
    """Maps (C, h, w) after some modules of a sequence, and the gradients of a score of the logits."""
    maps = network[:after](x).detach().requires_grad_()
    (gradients,) = torch.autograd.grad(score(network[after:](maps)[0]), maps)
    return maps.detach()[0], gradients[0]


def test_every_class_activation_map_is_computed_once() -> None:
    names = [name for name, method in METHODS.items() if method.family == "activation"]
    assert sorted([*WEIGHTS, *MAPS]) == sorted(names)


def test_hires_cam_adds_up_to_the_logit_before_a_dense_layer() -> None:
    """Draelos & Carin: sum over maps of gradient times activation, cell by cell; no cell of it is cut."""
    torch.manual_seed(2)
    network = nn.Sequential(nn.Conv2d(3, 5, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 25, 3))
    heatmap = explain(as_model(network, classes=3), X, "hires-cam", 1, "1")
    maps, rows = network[:2](X)[0], network[3].weight[1].reshape(5, 5, 5)
    close(heatmap.raw, (maps * rows).sum(0))
    assert heatmap.signed
    assert heatmap.raw.min() < 0 < heatmap.raw.max()
    assert heatmap.raw.sum() + float(network[3].bias[1]) == pytest.approx(float(network(X)[0, 1]), abs=1e-5)


def test_hires_cam_is_pytorch_grad_cams() -> None:
    bare = small_network()
    wanted = HiResCAM(bare, [bare[3]])(X, [ClassifierOutputTarget(2)])[0]  # stretched to [0, 1], enlarged
    raw = explain(small_model(), X, "hires-cam", 2, "3").raw.clip(0)
    wide = F.interpolate(torch.from_numpy(raw)[None, None], (12, 12), mode="bilinear", align_corners=False)[0, 0]
    np.testing.assert_allclose((wide - wide.min()) / (wide.max() - wide.min()), wanted, atol=1e-3)


@pytest.mark.parametrize("contrast", [0, None])
def test_finer_cam_is_grad_cam_of_the_difference(contrast: int | None) -> None:
    """Zhang et al.: weights y_c - 0.6 y_d, a mean over the three nearest logits where no d is named; as torchcam's."""
    network = small_network(classes=6)
    logits = network(X)[0].detach()
    nearest = sorted({0, 2, 3, 4, 5}, key=lambda index: abs(float(logits[index] - logits[1])))[:3]
    rivals = nearest if contrast is None else [contrast]
    maps, gradients = maps_and_gradients(
        network, 4, lambda logits: sum(logits[1] - 0.6 * logits[each] for each in rivals) / len(rivals)
    )
    heatmap = explain(small_model(classes=6), X, "finer-cam", 1, "3", contrast=contrast)
    close(heatmap.raw, (gradients.mean((1, 2), keepdim=True) * maps).sum(0).relu())
    assert (heatmap.contrast, list(heatmap.similar)) == (contrast, nearest if contrast is None else [])
    bare = copy.deepcopy(network)
    with cams.FinerCAM(bare, "3") as extractor:
        chosen = {} if contrast is None else {"comparison_idx": contrast}
        close(heatmap.raw, extractor(1, bare(X.clone().requires_grad_()), normalized=False, **chosen)[0][0])


def test_refine_cam_multiplies_the_maps_of_all_resolutions() -> None:
    """Domeniconi et al.: Grad-CAM++ of each layer, cut, stretched to [0, 1], enlarged to the finest, multiplied."""
    network = small_network()
    stretched = []
    for after in (4, 2):  # the last layers with 6 x 6 and with 12 x 12 cells
        maps, gradients = maps_and_gradients(network, after, lambda logits: logits[1])
        alpha = gradients**2 / (2 * gradients**2 + maps.sum((1, 2), keepdim=True) * gradients**3)
        signed = ((alpha * gradients.relu()).nansum((1, 2), keepdim=True) * maps).sum(0).relu()
        signed = (signed - signed.min()) / (signed.max() - signed.min())
        stretched.append(signed)
    wide = [F.interpolate(each[None, None], (12, 12), mode="bilinear", align_corners=False)[0, 0] for each in stretched]
    heatmap = explain(small_model(), X, "refine-cam", 1, "3")
    close(heatmap.raw, wide[0] * wide[1])
    bare = copy.deepcopy(network)
    with cams.RefineCAM(bare, ["1", "3"], base_method=cams.LayerCAM) as extractor:
        by_torchcam = extractor.fuse_cams([each[None] for each in stretched], normalized=False)
    close(heatmap.raw, by_torchcam[0])


def test_refine_cam_takes_a_layer_of_each_resolution_that_no_padding_has_made() -> None:
    model = open_model("efficientnet-lite0")
    x = make_input(model, 64)
    stages = find_stages(Wanted(model, x, find_layer(model, x, None), TargetScore(None)))
    assert stages[0].name == "head.relu"
    assert [facts.resolution for facts in stages] == [(2, 2), (4, 4), (8, 8), (16, 16)]


def test_refine_cam_of_one_resolution_is_grad_cam_pp_stretched() -> None:
    first, second = (explain(small_model(), X, method, 1, "1").raw for method in ("refine-cam", "grad-cam-pp"))
    close(first, torch.from_numpy((second - second.min()) / (second.max() - second.min())))


def masks_of(network: nn.Sequential, x: torch.Tensor = X) -> tuple[torch.Tensor, torch.Tensor]:
    """Maps (C, h, w) of the second ReLU, and the same stretched to [0, 1] and enlarged (C, 1, H, W)."""
    maps = network[:4](x).detach()[0]
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    stretched = ((maps - low) / (high - low + 1e-8))[:, None]
    return maps, F.interpolate(stretched, x.shape[2:], mode="bilinear", align_corners=False)


@pytest.fixture
def half_dead() -> nn.Sequential:
    network = small_network()
    with torch.no_grad():
        network[2].bias[:3] = -100.0  # three of eight maps are zero
    return network


def test_ss_cam_averages_the_scores_of_noisy_masks(half_dead: nn.Sequential, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wang et al.: alpha_k = mean of S(x (M_k + n)) - S(x); torchcam, given the same noise, has the same map."""
    noise = 2.0 * torch.randn(10, 12, 12, generator=torch.Generator().manual_seed(0))
    heatmap = explain(as_model(half_dead, classes=3), X, "ss-cam", 1, "3")
    with torch.no_grad():
        maps, masks = masks_of(half_dead)
        scores = torch.stack([half_dead((masks + each) * X)[:, 1] for each in noise]).mean(0) - half_dead(X)[0, 1]
        close(heatmap.raw, (scores.softmax(0)[:, None, None] * maps).sum(0))
        bare, drawn = copy.deepcopy(half_dead), iter(noise)
        with cams.SSCAM(bare, "3", num_samples=10) as extractor:
            monkeypatch.setattr(extractor._distrib, "sample", lambda size: next(drawn).expand(size))
            bare(X)
            close(heatmap.raw, extractor(1, normalized=False)[0][0])


def test_is_cam_averages_the_scores_of_masks_that_are_added_up(half_dead: nn.Sequential) -> None:
    """Naidu et al.: alpha_k = 1/N sum over i = 1 ... N of S(M_i) - S(x), M_i = sum over j < i of j/N M_k x."""
    heatmap = explain(as_model(half_dead, classes=3), X, "is-cam", 1, "3")
    with torch.no_grad():
        maps, masks = masks_of(half_dead)
        scores = torch.zeros(len(maps))
        for i in range(1, 11):
            photos = sum((j / 10 * masks * X for j in range(i)), torch.zeros(len(maps), 3, 12, 12))
            scores += (half_dead(photos)[:, 1] - half_dead(X)[0, 1]) / 10
        close(heatmap.raw, (scores.softmax(0)[:, None, None] * maps).sum(0))


def test_what_makes_them_blank_is_said() -> None:
    """A score that reacts only where nothing is active."""
    network = nn.Sequential(nn.Conv2d(3, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    x = torch.ones(1, 3, 4, 4)
    x[..., :2] = -1.0
    with torch.no_grad():
        network[0].weight.fill_(1.0)
        network[0].bias.zero_()
        network[3].weight.copy_(torch.tensor([1.0, 1.0, 0.0, 0.0] * 4).expand(2, 16))
    heatmap = explain(as_model(network, classes=2), x, "hires-cam", 1, "1")
    assert not heatmap.values.any()
    assert "reacts to no cell of 1 that is active" in heatmap.diagnosis


def test_what_is_wrong_with_a_product_of_maps_is_said_of_its_own_cells() -> None:
    """Those of the finest layer, of which the deepest one's channels know nothing."""
    ones, signed = torch.ones(8, 6, 6), torch.zeros(12, 12)
    product = ClassActivationMap(signed, ones, ones, torch.ones(3), TargetScore(1))
    blank = diagnose_maps(product, small_model(), X, "refine-cam", "3")
    assert "no place is bright in the Grad-CAM++ maps of 3 and of the layers before it at once" in blank
    signed[11, 3] = 1.0
    single = diagnose_maps(product, small_model(), X, "refine-cam", "3")
    assert single.startswith("One cell of 12 × 12 (row 11, column 3) holds 100 % of the map. Choose another layer")
