"""Dropout behind a hidden layer by hand: masks, what they leave of the logits, and what that is on average."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from explorer.neurons.activations import Numbers
from explorer.neurons.digits_by_hand import run_by_hand
from explorer.neurons.losses import softmax


@dataclass(frozen=True, eq=False)
class MaskedRuns:
    """One picture, many times through a network whose hidden outputs are dropped at random.

    The logits are linear in the mask: z = W (h m / (1 - p)) + b, for every m_i is 0 with probability p and else 1, each
    by itself (Srivastava et al. 2014; divided in training and not in evaluation, as PyTorch does it).

    Attributes:
        p: the probability with which a hidden output is dropped, below 1.
        divided: whether what is kept is divided by 1 - p.
        hidden: (H,) outputs of the hidden layer.
        weight, bias: (K, H) and (K,) of the layer that reads them.
        masks: (N, H) 0 for dropped and 1 for kept, one row for each time.
    """

    p: float
    divided: bool
    hidden: Numbers
    weight: Numbers
    bias: Numbers
    masks: Numbers

    @property
    def factor(self) -> float:
        """By what the kept outputs are multiplied."""
        return 1 / (1 - self.p) if self.divided else 1.0

    @property
    def kept(self) -> Numbers:
        """(N, H) what the next layer reads."""
        return self.hidden * self.masks * self.factor

    @property
    def logits(self) -> Numbers:
        """(N, K) of every run."""
        return self.kept @ self.weight.T + self.bias

    @property
    def evaluation(self) -> Numbers:
        """(K,) logits in evaluation: nothing is dropped, nothing divided."""
        return self.weight @ self.hidden + self.bias

    @property
    def expected(self) -> Numbers:
        """(K,) mean of the logits over all masks there are: a mask keeps 1 - p of every output on average."""
        return self.weight @ self.hidden * ((1 - self.p) * self.factor) + self.bias

    @property
    def deviation(self) -> Numbers:
        """(K,) standard deviation of the logits over all masks: var = factor² p (1 - p) Σ (w h)²."""
        variance = self.factor**2 * self.p * (1 - self.p) * ((self.weight * self.hidden) ** 2).sum(axis=1)
        return np.asarray(np.sqrt(variance))


@dataclass(frozen=True)
class MeanBesideEvaluation:
    """The mean over masks of one number beside its value in evaluation.

    Attributes:
        mean: over the masks that were drawn.
        deviation: standard deviation over those masks.
        evaluation: without any mask.
        errors: how many standard errors of the mean it is off; 0 where the masks make no difference.
    """

    mean: float
    deviation: float
    evaluation: float
    errors: float


def draw_masks(p: float, times: int, units: int, seed: int) -> Numbers:
    """(times, units) 0 for dropped and 1 for kept: those of `nn.Dropout` after `torch.manual_seed(seed)`.

    Raises:
        ValueError: If `p` is no probability below 1.
    """
    if not 0 <= p < 1:
        raise ValueError(f"outputs can be dropped with a probability from 0 to below 1, not {p}")
    masks = torch.empty(times, units, dtype=torch.float64)
    return np.asarray(masks.bernoulli_(1 - p, generator=torch.Generator().manual_seed(seed)).numpy())


def run_masked(
    network: nn.Sequential, picture: Numbers, p: float, times: int, seed: int, *, divided: bool = True
) -> MaskedRuns:
    """Send a picture through a network many times, each time with another mask.

    Args:
        network: Flatten, Linear, ReLU, Dropout, Linear.
        picture: (side, side).
        p: the probability with which a hidden output is dropped.
        times: how many masks.
        seed: of the masks.
        divided: whether what is kept is divided by 1 - p.
    """
    hidden = run_by_hand(network[:3], picture)
    last = network[-1]
    assert isinstance(last, nn.Linear)
    weight, bias = (each.detach().double().numpy() for each in (last.weight, last.bias))
    return MaskedRuns(p, divided, hidden, weight, bias, draw_masks(p, times, len(hidden), seed))


def compare_mean(runs: MaskedRuns, of: int, *, probability: bool = False) -> MeanBesideEvaluation:
    """Hold the mean over the masks of one class's logit, or of its probability, against evaluation.

    Args:
        runs: the masks and what they left.
        of: the class.
        probability: of the softmax instead of the logit.
    """
    values = read_runs(runs, of, probability=probability)
    evaluation = float((softmax(runs.evaluation) if probability else runs.evaluation)[of])
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    error = deviation / np.sqrt(len(values))
    return MeanBesideEvaluation(mean, deviation, evaluation, float((mean - evaluation) / error) if error else 0.0)


def read_runs(runs: MaskedRuns, of: int, *, probability: bool = False) -> Numbers:
    """(N,) what the runs say of one class: its logits, or its probabilities."""
    return np.asarray((softmax(runs.logits) if probability else runs.logits)[:, of])


def find_difference_from_pytorch(network: nn.Sequential, picture: Numbers, times: int) -> tuple[float, float]:
    """How far the sums by hand are from PyTorch's, in training and in evaluation.

    In training `nn.Dropout` draws masks of its own; what it has kept is read from it and put into the sums by hand. So
    nobody's random numbers are touched.

    Args:
        network: Flatten, Linear, ReLU, Dropout, Linear; PyTorch runs a copy in float64.
        picture: (side, side).
        times: how many masks.

    Returns:
        The largest difference of any logit of any mask; and the largest in evaluation.
    """
    theirs = deepcopy(network).double()
    dropout = theirs[3]
    assert isinstance(dropout, nn.Dropout)
    kept: list[Numbers] = []
    # A hidden output of 0 looks dropped, and is 0 either way.
    dropout.register_forward_hook(lambda _, given, out: kept.append((out != 0).double().numpy()))
    x = torch.from_numpy(picture)[None, None]
    with torch.inference_mode():
        masked = theirs.train()(x.expand(times, -1, -1, -1)).numpy()
        still = theirs.eval()(x)[0].numpy()
    ours = replace(run_masked(network, picture, dropout.p, 1, 0), masks=kept[0])
    return float(np.abs(ours.logits - masked).max()), float(np.abs(ours.evaluation - still).max())
