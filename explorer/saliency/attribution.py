"""Attributions of a score S to the pixels x, by captum; each function has its formula and its paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from captum.attr import InputXGradient, IntegratedGradients, NoiseTunnel, Saliency
from torch import Tensor, nn

from explorer.saliency.guided import GuidedReLUs
from explorer.saliency.heatmap import Progress, SaliencyImpossible, Stopped
from explorer.saliency.scores import SeededNoise, TargetScore
from explorer.zoo import VisionModel

STEPS = 32  # of Integrated Gradients
COPIES = 32  # noisy ones, of SmoothGrad
NOISE = 0.15  # their standard deviation, as a share of the photo's range (Smilkov et al. 2017 find 0.1 to 0.2 best)
BATCH = 8  # images at a time


@dataclass(frozen=True, eq=False)
class Attributed:
    """A map of pixels, and what it was made of.

    Attributes:
        values: (H, W).
        logits: (num_classes,).
        target_score: the score, with its class.
        raw: (rows, columns) before it was spread over the pixels; None where there is no such thing.
    """

    values: Tensor
    logits: Tensor
    target_score: TargetScore
    raw: Tensor | None = None


class _Scorer(nn.Module):
    """A network that gives one score an image, and tells how many it has seen."""

    def __init__(self, network: nn.Module, target_score: TargetScore, total: int, progress: Progress | None) -> None:
        super().__init__()
        self.network, self.target_score, self.total, self.progress = network, target_score, total, progress
        self.done = 0

    def forward(self, x: Tensor) -> Tensor:
        scores = self.target_score.of_batch(self.network(x.clone()))  # a clone, for networks that overwrite their input
        self.done += len(x)
        if self.progress and self.progress(min(self.done, self.total), self.total) is False:
            raise Stopped("Stopped before the heatmap was complete.")
        return scores


def attribute(
    model: VisionModel,
    x: Tensor,
    method: str,
    target_score: TargetScore,
    progress: Progress | None = None,
    seed: int = 0,
) -> Attributed:
    """One attribution to pixels.

    The channels of a pixel become one number: the largest of their sizes where they have no sign (Simonyan et al.
    2014), their sum where they have.

    Args:
        model: from the zoo.
        x: (1, 3, H, W) on the model's device.
        method: a name of the family "attribution", but for "occlusion".
        target_score: the score.
        progress: called after each batch.
        seed: of SmoothGrad's noise.

    Raises:
        SaliencyImpossible: guided backpropagation of a network without a ReLU.
        Stopped: `progress` gave False.
    """
    compute, images, strongest = _COMPUTE[method]
    logits = model.logits(x)[0]
    target_score = target_score.settle(logits)
    leaf = x.detach().clone().requires_grad_(True)
    with torch.enable_grad(), SeededNoise(seed):
        gradients = (
            compute(_Scorer(model.network, target_score, images, progress), leaf).detach()[0].float()
        )  # (3, H, W)
    return Attributed(gradients.abs().amax(0) if strongest else gradients.sum(0), logits.clone(), target_score)


def _saliency(scorer: _Scorer, x: Tensor) -> Tensor:
    """dS/dx (Simonyan et al. 2014), https://arxiv.org/abs/1312.6034."""
    return Saliency(scorer).attribute(x, abs=False)


def _input_x_gradient(scorer: _Scorer, x: Tensor) -> Tensor:
    """The product x * dS/dx (Shrikumar et al. 2016), https://arxiv.org/abs/1605.01713; zero is the mean colour."""
    return InputXGradient(scorer).attribute(x)


def _integrated(scorer: _Scorer, x: Tensor) -> Tensor:
    """The integral of x * dS/dx(a * x) over a from 0 to 1 (Sundararajan et al. 2017), https://arxiv.org/abs/1703.01365.

    Gauss-Legendre quadrature with `STEPS` points; the sum over all pixels is S(x) - S(0).
    """
    return IntegratedGradients(scorer).attribute(x, n_steps=STEPS, internal_batch_size=BATCH)


def _smoothed(scorer: _Scorer, x: Tensor) -> Tensor:
    """Mean of dS/dx at x + n for `COPIES` draws of n ~ N(0, spread^2) (Smilkov et al. 2017), arXiv 1706.03825."""
    spread = NOISE * float(x.detach().max() - x.detach().min())
    tunnel = NoiseTunnel(Saliency(scorer))
    return tunnel.attribute(
        x, nt_type="smoothgrad", nt_samples=COPIES, nt_samples_batch_size=BATCH, stdevs=spread, abs=False
    )


def _guided_backprop(scorer: _Scorer, x: Tensor) -> Tensor:
    """dS/dx, where each ReLU hands back only what is positive (Springenberg et al. 2015), arXiv 1412.6806."""
    with GuidedReLUs() as relus:
        gradients = Saliency(scorer).attribute(x, abs=False)
    if not relus.calls:
        raise SaliencyImpossible(
            "This network has no ReLU for guided backpropagation to cut at; it would be a plain gradient, as in "
            "Saliency."
        )
    return gradients


_COMPUTE: dict[str, tuple[Callable[[_Scorer, Tensor], Tensor], int, bool]] = {  # images it takes; strongest channel
    "saliency": (_saliency, 1, True),
    "input-x-gradient": (_input_x_gradient, 1, False),
    "integrated-gradients": (_integrated, STEPS, False),
    "smoothgrad": (_smoothed, COPIES, True),
    "guided-backprop": (_guided_backprop, 1, False),
}
