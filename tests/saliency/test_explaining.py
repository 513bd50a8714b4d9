"""The libraries called bare, and autograd by hand, are the oracles; what cannot be done is said."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from captum import attr
from torch import nn
from torch.nn import functional as F
from torchcam import methods as cams

from explorer.saliency import METHODS, SaliencyImpossible, Stopped, default_layer, explain, layers_for, possible_methods
from explorer.saliency.attribution import BATCH, COPIES, NOISE, STEPS
from explorer.saliency.class_activation.smooth_grad_cam_pp import COPIES as NOISY_PHOTOS
from explorer.saliency.class_activation.smooth_grad_cam_pp import NOISE as PHOTO_NOISE
from explorer.zoo import VisionModel
from tests.anatomy.networks import as_model

from .networks import block_model, make_input, open_model, small_model, small_network

LAYERS = {
    "tiny-vgg": "features.relu3_2",
    "photo-net": "stages.stage2.block2.relu2",
    "resnet18": "layer4.1.relu_1",
    "efficientnet-lite0": "stages.stage5.block3.add",
}
CONTAINERS = {
    **LAYERS,
    "photo-net": "stages.stage2",
    "resnet18": "layer4",
    "efficientnet-lite0": "stages.stage5",
}  # modules whose output that layer is
EXTRACTORS: dict[str, Any] = {
    "grad-cam": cams.GradCAM,
    "xgrad-cam": cams.XGradCAM,
    "layer-cam": cams.LayerCAM,
    "cam": cams.CAM,
    "score-cam": cams.ScoreCAM,
}


def close(got: np.ndarray, wanted: torch.Tensor, tolerance: float = 1e-3) -> None:
    """Within a share of the largest value."""
    np.testing.assert_allclose(got, wanted.numpy(), rtol=0, atol=tolerance * float(wanted.abs().max()))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("method", [name for name in EXTRACTORS if name != "cam"])
def test_class_activation_maps_are_torchcams(name: str, method: str) -> None:
    model = open_model(name)
    x = make_input(model, 48)
    heatmap = explain(model, x, method, 3, LAYERS[name])
    bare = copy.deepcopy(model.network)
    with EXTRACTORS[method](bare, CONTAINERS[name]) as extractor:
        scores = bare(x.clone().requires_grad_())
        wanted = extractor(3, scores, normalized=False)[0]
    assert heatmap.raw is not None
    close(heatmap.raw, wanted[0].detach())
    close(heatmap.values, F.interpolate(wanted[None].detach(), (48, 48), mode="bilinear")[0, 0])
    assert (heatmap.layer, heatmap.target, heatmap.method) == (LAYERS[name], 3, method)
    assert heatmap.values.dtype == np.float32
    assert heatmap.values.max() > 0


@pytest.mark.parametrize(
    ("name", "layer", "dense"),
    [("photo-net", "stages", "classifier"), ("resnet18", "layer4", "fc"), ("efficientnet-lite0", "head", "classifier")],
)
def test_cam_is_torchcams_and_its_mean_is_the_logit(name: str, layer: str, dense: str) -> None:
    model = open_model(name)
    x = make_input(model, 64)
    heatmap = explain(model, x, "cam", 5)
    bare = copy.deepcopy(model.network)
    with cams.CAM(bare, layer, dense) as extractor, torch.no_grad():
        logits = bare(x)
        close(heatmap.raw, extractor(5, normalized=False)[0][0])
    bias = model.network.get_submodule(dense).bias[5]
    assert heatmap.raw.mean() + float(bias) == pytest.approx(float(logits[0, 5]), abs=1e-4)


def test_cam_of_a_head_of_convolutions_gives_the_class_maps_before_their_bias() -> None:
    model = open_model("squeezenet1_1")
    x = make_input(model, 97)
    heatmap = explain(model, x, "cam", 7)
    assert (heatmap.layer, default_layer(model, x)) == ("features.12.cat", "features.12.cat")
    with torch.no_grad():
        maps = F.conv2d(model.network.features(x), model.network.classifier[1].weight[7:8])
    close(heatmap.raw, maps[0, 0])


@pytest.mark.parametrize("name", LAYERS)
def test_grad_cam_is_captums(name: str) -> None:
    model = open_model(name)
    x = make_input(model, 64)
    bare = copy.deepcopy(model.network)
    wanted = attr.LayerGradCam(bare, bare.get_submodule(CONTAINERS[name])).attribute(x, 3, relu_attributions=True)
    close(explain(model, x, "grad-cam", 3, LAYERS[name]).raw, wanted.detach()[0, 0])


def test_grad_cam_pp_by_the_papers_derivatives() -> None:
    """Equations 10 to 13 of Chattopadhay et al. 2018, with the derivatives of exp(S) that autograd finds."""
    model = small_model()
    torch.manual_seed(3)
    x = torch.randn(1, 3, 6, 6)
    network = model.network
    maps = network[:4](x).detach().double().requires_grad_()
    tail = copy.deepcopy(network[4:]).double()
    for target in range(3):
        y = tail(maps)[0, target].exp()
        (first,) = torch.autograd.grad(y, maps, create_graph=True)
        second, third = torch.zeros_like(maps), torch.zeros_like(maps)
        for place in np.ndindex(*maps.shape):
            twice = torch.autograd.grad(first[place], maps, create_graph=True)[0][place]
            second[place] = twice.detach()
            third[place] = torch.autograd.grad(twice, maps, retain_graph=True)[0][place]
        alpha = second / (2 * second + maps.detach().sum((2, 3), keepdim=True) * third)
        weights = (alpha * first.detach().relu()).nansum((2, 3), keepdim=True)
        wanted = (weights * maps.detach()).sum(1)[0].relu() / y.detach()
        close(explain(model, x, "grad-cam-pp", target, "3").raw, wanted, 1e-5)


def test_smooth_grad_cam_pp_by_hand_and_the_same_every_time() -> None:
    """Omeiza et al. 2019: means of g, g^2 and g^3 over noisy photos, the maps of the photo itself."""
    model = small_model()
    x = torch.randn(1, 3, 12, 12)
    heatmap = explain(model, x, "smooth-grad-cam-pp", 1, "3")
    torch.randn(5)  # the process's generator has moved on
    assert np.array_equal(heatmap.raw, explain(model, x, "smooth-grad-cam-pp", 1, "3").raw)
    network, generator, gradients = model.network, torch.Generator().manual_seed(0), []
    for _ in range(NOISY_PHOTOS):
        noisy = x + PHOTO_NOISE * torch.randn(x.shape, generator=generator)
        maps = network[:4](noisy).detach().requires_grad_()
        gradients.append(torch.autograd.grad(network[4:](maps)[0, 1], maps)[0].numpy())
    g, maps = np.stack(gradients), network[:4](x).detach().numpy()
    d1, d2, d3 = (np.mean(g**power, axis=0) for power in (1, 2, 3))
    bottom = 2 * d2 + maps.sum(axis=(2, 3), keepdims=True) * d3
    alpha = np.divide(d2, bottom, out=np.zeros_like(d2), where=d2 > 0)
    weights = (alpha * np.maximum(d1, 0)).sum(axis=(2, 3), keepdims=True)
    wanted = np.maximum((weights * maps).sum(axis=1)[0], 0)
    close(heatmap.raw, torch.from_numpy(wanted), 1e-5)
    assert heatmap.raw.max() > 0


def test_grad_cam_by_hand() -> None:
    model = small_model()
    x = torch.randn(1, 3, 12, 12)
    network = model.network
    maps = network[:4](x).requires_grad_()
    logits = network[4:](maps)[0]
    for target, contrast in ((1, None), (2, 0)):
        score = logits[target] - (0 if contrast is None else logits[contrast])
        (gradient,) = torch.autograd.grad(score, maps, retain_graph=True)
        wanted = (gradient.mean((2, 3), keepdim=True) * maps).sum(1)[0].relu()
        heatmap = explain(model, x, "grad-cam", target, "3", contrast=contrast)
        np.testing.assert_allclose(heatmap.raw, wanted.detach().numpy(), atol=1e-6)
        assert heatmap.contrast == contrast


def test_the_default_layer_of_a_network_is_the_one_before_its_average() -> None:
    for name, layer in (("photo-net", "stages.stage3.block2.relu2"), ("efficientnet-lite0", "head.relu")):
        model = open_model(name)
        assert default_layer(model, make_input(model)) == layer


@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
@pytest.mark.parametrize("name", ["tiny-vgg", "photo-net", "resnet18", "efficientnet-lite0"])
def test_attributions_are_captums(name: str) -> None:
    model = open_model(name)
    x = make_input(model, 48)
    bare = copy.deepcopy(model.network)

    def leaf() -> torch.Tensor:
        return x.clone().requires_grad_()

    wanted = {
        "saliency": attr.Saliency(bare).attribute(leaf(), target=3)[0].amax(0),
        "input-x-gradient": attr.InputXGradient(bare).attribute(leaf(), target=3)[0].sum(0),
        "integrated-gradients": attr.IntegratedGradients(bare).attribute(leaf(), target=3, n_steps=STEPS)[0].sum(0),
        "guided-backprop": attr.GuidedBackprop(bare).attribute(leaf(), target=3)[0].sum(0),
        "occlusion": attr.Occlusion(bare)
        .attribute(x, (3, 7, 7), (3, 3, 3), target=3, perturbations_per_eval=BATCH)[0]
        .mean(0),
    }
    if name == "efficientnet-lite0":
        del wanted["guided-backprop"]  # captum does not know ReLU6; ours is guided below
    for method, values in wanted.items():
        close(explain(model, x, method, 3).values, values.detach().float())


def test_smoothgrad_averages_the_gradients_of_noisy_copies() -> None:
    model = open_model("tiny-vgg")
    x = make_input(model)
    heatmap = explain(model, x, "smoothgrad", 3)
    assert np.array_equal(heatmap.values, explain(model, x, "smoothgrad", 3).values)
    spread = torch.full((BATCH, 3, 32, 32), NOISE * float(x.max() - x.min()))
    generator = torch.Generator().manual_seed(0)
    noise = torch.cat([torch.normal(0.0, spread, generator=generator) for _ in range(COPIES // BATCH)])
    noisy = (x + noise).requires_grad_()
    (gradients,) = torch.autograd.grad(model.network(noisy)[:, 3].sum(), noisy)
    close(heatmap.values, gradients.mean(0).abs().amax(0))


def test_shares_of_integrated_gradients_are_the_change_of_the_score() -> None:
    model = open_model("tiny-vgg")
    x = make_input(model)
    with torch.inference_mode():
        logits = model.network(torch.cat([x, torch.zeros_like(x)]))
    best, worst = int(logits[0].argmax()), int(logits[0].argmin())
    heatmap = explain(model, x, "integrated-gradients", best, contrast=worst)
    change = (logits[0, best] - logits[0, worst]) - (logits[1, best] - logits[1, worst])
    assert abs(change) > 5
    assert heatmap.values.sum() == pytest.approx(float(change), rel=0.05)


def test_a_network_that_reads_one_block_is_seen_through() -> None:
    model = block_model(size=28, top=8, left=12, side=4)
    x = torch.ones(1, 3, 28, 28)
    inside = np.zeros((28, 28), bool)
    inside[8:12, 12:16] = True
    for method in ("saliency", "input-x-gradient", "integrated-gradients"):
        values = explain(model, x, method, 1).values
        assert np.array_equal(np.abs(values) > 1e-6, inside)
    covered = explain(model, x, "occlusion", 1).values
    assert covered[inside].min() > covered[~inside].mean()
    assert np.allclose(covered[:, 24:], 0)


def test_relu6_is_guided_like_relu() -> None:
    torch.manual_seed(1)
    clipped = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.Flatten(), nn.Linear(4 * 36, 2))
    plain = copy.deepcopy(clipped)
    plain[1] = nn.ReLU()  # nothing is large enough to be clipped
    x = torch.randn(1, 3, 8, 8)
    results = [explain(as_model(network, classes=2), x, "guided-backprop", 1).values for network in (clipped, plain)]
    np.testing.assert_allclose(*results, atol=1e-6)
    assert not np.allclose(results[0], explain(as_model(clipped, classes=2), x, "input-x-gradient", 1).values)


@pytest.mark.parametrize("name", ["densenet121", "googlenet", "mobilenet_v3_small", "swin_t", "resnet18"])
def test_any_layer_with_maps_will_do(name: str) -> None:
    """Functions, a module's second call, channels-last maps; the network may overwrite what the layer gave."""
    model = open_model(name)
    x = make_input(model, 64)
    layers = layers_for(model, x)
    for facts in [*layers[:: max(1, len(layers) // 8)], layers[-1]]:
        heatmap = explain(model, x, "grad-cam", 3, facts.name)
        assert heatmap.raw is not None
        assert heatmap.raw.shape == facts.resolution


@pytest.mark.usefixtures("two_pictures_a_map")
def test_the_most_probable_class_is_the_target() -> None:
    model = open_model("photo-net")
    x = make_input(model, 64)
    with torch.inference_mode():
        top = int(model.network(x).argmax())
    for method in possible_methods(model, x):
        assert explain(model, x, method).target == top


class Pointwise(nn.Module):
    """No convolution at all."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.BatchNorm2d(3)
        self.head = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.scale(x).mean((2, 3)))


class Branch(nn.Module):
    """A layer that the first class does not see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.unseen = nn.Conv2d(3, 2, 3), nn.Conv2d(3, 2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.unseen(x)
        return self.seen(x).mean((2, 3))


def test_what_cannot_be_done_is_said_in_one_sentence() -> None:
    x = torch.randn(1, 3, 12, 12)
    small = small_model()
    cases = [
        (lambda: explain(small_model(classes=1), x, "grad-cam"), "one class only"),
        (lambda: explain(small, x, "grad-cam", 3), "no class 3"),
        (lambda: explain(small, x, "saliency", -1), "no class -1"),
        (lambda: explain(small, x, "saliency", 0, contrast=9), "no class 9"),
        (lambda: explain(small, x, "occlusion", 1, contrast=1), "against itself"),
        (lambda: explain(small, x, "grad-cam", layer="nothing"), "no layer 'nothing'"),
        (lambda: explain(small, x, "grad-cam", layer="6"), "without rows and columns"),
        (lambda: explain(small, x, "eigen-cam"), "no method 'eigen-cam'"),
        (lambda: explain(small, x, "cam", layer="1"), "see 3 and no other layer"),
        (lambda: explain(open_model("mobilenet_v3_small"), make_input(small, 64), "cam"), "single dense layer"),
        (lambda: explain(as_model(Pointwise(), classes=2), x, "grad-cam"), "no convolution"),
        (
            lambda: explain(as_model(Pointwise(), classes=2), x, "grad-cam", layer="scale"),
            "No convolution stands before",
        ),
        (lambda: explain(as_model(Pointwise(), classes=2), x, "guided-backprop"), "no ReLU"),
        (lambda: explain(as_model(Branch(), classes=2), x, "grad-cam", layer="unseen"), "does not depend on unseen"),
    ]
    for attempt, words in cases:
        with pytest.raises(SaliencyImpossible) as caught:
            attempt()
        said = str(caught.value)
        assert words in said
        assert said.endswith(".")
        assert "\n" not in said
    with pytest.raises(ValueError, match="One image"):
        explain(small, x[0], "saliency")


@pytest.mark.parametrize(
    ("model", "impossible"),
    [
        (small_model(), {"legrad"}),
        (
            as_model(Pointwise(), classes=2),
            {name for name in METHODS if METHODS[name].needs_layer} | {"guided-backprop", "legrad"},
        ),
        (open_model("mobilenet_v3_small"), {"cam", "legrad"}),
        (open_model("photo-vit"), {"cam"}),
        (open_model("swin_t"), {"guided-backprop", "legrad"}),
    ],
    ids=["ReLUs and a dense head", "neither maps nor ReLU", "two dense layers", "tokens", "windows without a ReLU"],
)
def test_the_methods_that_are_possible_are_those_that_work(model: VisionModel, impossible: set[str]) -> None:
    x = make_input(model, 0 if model.only_size else 64)
    assert possible_methods(model, x) == tuple(name for name in METHODS if name not in impossible)
    for name in impossible:
        with pytest.raises(SaliencyImpossible):
            explain(model, x, name)
    for name in ("cam", "grad-cam", "guided-backprop"):
        if name not in impossible:
            assert explain(model, x, name).values.shape == x.shape[2:]


@pytest.mark.usefixtures("two_pictures_a_map")
def test_slow_methods_tell_how_far_they_are_and_stop() -> None:
    model = open_model("photo-net")
    x = make_input(model, 48)
    for method in (name for name, facts in METHODS.items() if facts.slow and name != "smooth-grad-cam-pp"):
        seen: list[tuple[int, int]] = []
        explain(model, x, method, 3, progress=lambda done, total, seen=seen: seen.append((done, total)))
        assert [done for done, _ in seen] == sorted({done for done, _ in seen})
        assert seen[-1][0] == seen[-1][1]
        assert len(seen) > 1
        calls: list[int] = []

        def stop(done: int, total: int, calls: list[int] = calls) -> bool:
            calls.append(done)
            return len(calls) < 2

        with pytest.raises(Stopped):
            explain(model, x, method, 3, progress=stop)
        assert len(calls) == 2


def test_maps_that_are_constant_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = small_network()
    with torch.no_grad():
        network[2].bias[:5] = -100.0  # five of eight maps are zero
    model = as_model(network, classes=3)
    x = torch.randn(1, 3, 12, 12)
    totals: list[int] = []
    heatmap = explain(model, x, "score-cam", 1, "3", progress=lambda done, total: totals.append(total))
    assert set(totals) == {4}
    with cams.ScoreCAM(copy.deepcopy(network), "3") as extractor, torch.no_grad():
        extractor.model(x)
        close(heatmap.raw, extractor(1, normalized=False)[0][0])
