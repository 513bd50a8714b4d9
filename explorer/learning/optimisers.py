"""Rules that go down a slope, one step at a time and with every number, each as `torch.optim` has it.

All are written for the loss f, its gradient g, the place p and the learning rate r; a mean that forgets keeps a share
of what it was and takes the rest of what is new. What `torch.optim` calls by a name has the same name here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from explorer.neurons.activations import Numbers

_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "SGD": ("momentum", "dampening", "nesterov", "weight_decay"),
    "Adagrad": ("lr_decay", "weight_decay", "eps"),
    "RMSprop": ("alpha", "eps", "weight_decay", "momentum", "centered"),
    "Adam": ("eps", "weight_decay", "amsgrad"),
    "AdamW": ("eps", "weight_decay", "amsgrad"),
}
"""What is handed on to each class of `torch.optim` by the same name."""

Ledger = dict[str, Numbers]
"""The quantities of one step by name, in the order in which they are computed; the last is "place". All of one shape,
along whose first axis lie x and y."""


@dataclass(frozen=True)
class Optimiser:
    """A rule with its settings; those that a rule has no use for it does not look at.

    Attributes:
        name: The class in `torch.optim`: "SGD", "Adagrad", "RMSprop", "Adam" or "AdamW".
        rate: The learning rate, `lr` of PyTorch.
        momentum, dampening, nesterov: Of SGD; momentum of RMSprop too.
        weight_decay: Added to the gradient as weight_decay · p; by AdamW taken off the place itself.
        lr_decay: Of Adagrad.
        alpha: What RMSprop's means keep.
        centered: Whether RMSprop takes the squared mean off the mean square.
        eps: Added to the root.
        beta1, beta2: What the means of Adam and AdamW keep of the gradient and of its square.
        amsgrad: Whether Adam and AdamW divide by the largest mean so far.
        bias_correction: Off, the means of Adam and AdamW stay as short as they begin. PyTorch always corrects them.
        root: Off, squares are divided by as they are. PyTorch always takes their root.
    """

    name: str
    rate: float
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    lr_decay: float = 0.0
    alpha: float = 0.99
    eps: float = 1e-8
    centered: bool = False
    beta1: float = 0.9
    beta2: float = 0.999
    amsgrad: bool = False
    bias_correction: bool = True
    root: bool = True

    @property
    def torch_settings(self) -> dict[str, object]:
        """The arguments of the class in `torch.optim`, `lr` included."""
        settings: dict[str, object] = {"lr": self.rate, **{name: getattr(self, name) for name in _SETTINGS[self.name]}}
        return settings | ({"betas": (self.beta1, self.beta2)} if self.name.startswith("Adam") else {})

    def step(self, rate: Numbers, count: int, before: Ledger, place: Numbers, gradient: Numbers) -> Ledger:
        """One step and every number of it.

        Args:
            rate: Takes the place of the rule's own; of a shape that fits the place.
            count: Of steps, this one included.
            before: What the step before gave; empty before the first.
            place: (2, ...) x and y.
            gradient: (2, ...) there.
        """
        return _RULES[self.name](self, rate, count, before, place, gradient)


def _sgd(rule: Optimiser, rate: Numbers, count: int, before: Ledger, place: Numbers, gradient: Numbers) -> Ledger:
    """Stochastic gradient descent: p <- p - r g (Robbins and Monro 1951, doi.org/10.1214/aoms/1177729586).

    With momentum m (Polyak 1964, doi.org/10.1016/0041-5553(64)90137-5) b <- m b + (1 - dampening) g, p <- p - r b,
    where the first b is g; a sum and not a mean, so that a steady slope is taken 1 / (1 - m) times as fast. Nesterov's
    (1983; Sutskever and others 2013, proceedings.mlr.press/v28/sutskever13.html) is, as PyTorch has it,
    p <- p - r (g + m b).
    """
    ledger, direction = _begin(rule, place, gradient)
    if rule.momentum:
        buffer = before.get("buffer")
        kept = direction if buffer is None else rule.momentum * buffer + (1.0 - rule.dampening) * direction
        ledger["buffer"] = kept
        direction = direction + rule.momentum * kept if rule.nesterov else kept
        if rule.nesterov:
            ledger["direction"] = direction
    return _end(ledger, place, -rate * direction)


def _adagrad(rule: Optimiser, rate: Numbers, count: int, before: Ledger, place: Numbers, gradient: Numbers) -> Ledger:
    """AdaGrad: s <- s + g², p <- p - r g / (√s + eps) (Duchi and others 2011, jmlr.org/papers/v12/duchi11a.html).

    With lr_decay the rate of the t-th step is r / (1 + (t - 1) lr_decay).
    """
    ledger, direction = _begin(rule, place, gradient)
    ledger["sum of squares"] = before.get("sum of squares", 0.0) + direction * direction
    ledger["divisor"] = _divisor(rule, ledger["sum of squares"])
    if rule.lr_decay:
        rate = rate / (1.0 + (count - 1) * rule.lr_decay)
        ledger["rate"] = np.broadcast_to(rate, place.shape)
    return _end(ledger, place, -rate * direction / ledger["divisor"])


def _rmsprop(rule: Optimiser, rate: Numbers, count: int, before: Ledger, place: Numbers, gradient: Numbers) -> Ledger:
    """RMSProp: v <- alpha v + (1 - alpha) g², p <- p - r g / (√v + eps) (Tieleman and Hinton 2012, lecture 6.5 of
    "Neural networks for machine learning", www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf).

    Centered, v - m² stands under the root, m <- alpha m + (1 - alpha) g (Graves 2013, arXiv 1308.0850). With momentum
    b <- momentum b + g / (√v + eps), p <- p - r b.
    """
    ledger, direction = _begin(rule, place, gradient)
    square = rule.alpha * before.get("mean of squares", 0.0) + (1.0 - rule.alpha) * (direction * direction)
    ledger["mean of squares"] = square
    if rule.centered:
        ledger["mean"] = _forget(before.get("mean", 0.0), direction, 1.0 - rule.alpha)
        ledger["variance"] = square = square - ledger["mean"] * ledger["mean"]
    ledger["divisor"] = _divisor(rule, square)
    if rule.momentum > 0:
        ledger["buffer"] = rule.momentum * before.get("buffer", 0.0) + direction / ledger["divisor"]
        return _end(ledger, place, -rate * ledger["buffer"])
    return _end(ledger, place, -rate * direction / ledger["divisor"])


def _adam(rule: Optimiser, rate: Numbers, count: int, before: Ledger, place: Numbers, gradient: Numbers) -> Ledger:
    """Adam: m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g², p <- p - r m' / (√v' + eps), where
    m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t) at the t-th step (Kingma and Ba 2015, arXiv 1412.6980).

    AdamW first shrinks the place, p <- p (1 - r weight_decay), and leaves the gradient as it is (Loshchilov and Hutter
    2019, arXiv 1711.05101). With amsgrad the largest v so far takes its part (Reddi, Kale and Kumar 2018,
    arXiv 1904.09237).
    """
    if rule.name == "AdamW":
        ledger, direction = {"gradient": gradient}, gradient
        if rule.weight_decay:
            ledger["shrunk place"] = place = place * (1.0 - rate * rule.weight_decay)
    else:
        ledger, direction = _begin(rule, place, gradient)
    ledger["m"] = _forget(before.get("m", 0.0), direction, 1.0 - rule.beta1)
    ledger["v"] = square = rule.beta2 * before.get("v", 0.0) + (1.0 - rule.beta2) * (direction * direction)
    if rule.amsgrad:
        ledger["largest v"] = square = np.maximum(before.get("largest v", 0.0), square)
    mean = ledger["m"]
    if rule.bias_correction:
        ledger["corrected m"] = mean = mean / (1.0 - rule.beta1**count)
        ledger["corrected v"] = square = square / (1.0 - rule.beta2**count)
    ledger["divisor"] = _divisor(rule, square)
    return _end(ledger, place, -rate * mean / ledger["divisor"])


def _begin(rule: Optimiser, place: Numbers, gradient: Numbers) -> tuple[Ledger, Numbers]:
    if not rule.weight_decay:
        return {"gradient": gradient}, gradient
    decayed = gradient + rule.weight_decay * place
    return {"gradient": gradient, "decayed gradient": decayed}, decayed


def _forget(mean: Numbers | float, new: Numbers, share: float) -> Numbers:
    """The mean moved by a share of the way to what is new, in the order of `torch.lerp`."""
    return mean + share * (new - mean) if share < 0.5 else new - (new - mean) * (1.0 - share)


def _divisor(rule: Optimiser, square: Numbers) -> Numbers:
    return (np.sqrt(square) if rule.root else square) + rule.eps


def _end(ledger: Ledger, place: Numbers, step: Numbers) -> Ledger:
    ledger["step"], ledger["place"] = step, place + step
    return ledger


_RULES: Final[Mapping[str, Callable[[Optimiser, Numbers, int, Ledger, Numbers, Numbers], Ledger]]] = {
    "SGD": _sgd,
    "Adagrad": _adagrad,
    "RMSprop": _rmsprop,
    "Adam": _adam,
    "AdamW": _adam,
}

OPTIMISERS: Final[Mapping[str, Optimiser]] = {
    "SGD": Optimiser("SGD", 0.01),
    "Momentum": Optimiser("SGD", 0.01, momentum=0.9),
    "Nesterov": Optimiser("SGD", 0.01, momentum=0.9, nesterov=True),
    "AdaGrad": Optimiser("Adagrad", 0.1, eps=1e-10),
    "RMSProp": Optimiser("RMSprop", 0.01),
    "Adam": Optimiser("Adam", 0.1),
    "AdamW": Optimiser("AdamW", 0.1, weight_decay=0.01),
}
"""By title, with PyTorch's own settings but for the rate."""
