"""Softmax and losses against PyTorch, autograd and finite differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from explorer.neurons.losses import LOSSES, log_softmax, naive_log_softmax, naive_softmax, one_hot, softmax

ORACLES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "squared_error": lambda z, y: F.mse_loss(torch.softmax(z, -1), y),
    "probability": lambda z, y: -(torch.softmax(z, -1) * y).sum(-1).mean(),
}
SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 7))
KINDS = st.sampled_from(["one class", "shares", "several classes"])


@st.composite
def cases(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits and targets, (N, K) both."""
    shape, kind = draw(SHAPES), draw(KINDS)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = rng.normal(scale=draw(st.sampled_from([0.1, 1, 10])), size=shape)
    if kind == "one class":
        return logits, one_hot(rng.integers(0, shape[1], shape[0]), shape[1])
    if kind == "shares":
        return logits, rng.dirichlet(np.ones(shape[1]), shape[0])
    return logits, rng.integers(0, 2, shape).astype(np.float64)


@pytest.mark.parametrize("name", LOSSES)
@given(cases())
def test_value_and_gradient_are_pytorchs(name: str, case: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    logits, targets = case
    z, y = torch.tensor(logits, requires_grad=True), torch.tensor(targets)
    loss = ORACLES[name](z, y)
    loss.backward()
    assert z.grad is not None
    assert LOSSES[name].value(logits, targets).mean() == pytest.approx(loss.item(), rel=1e-12, abs=1e-14)
    gradient = LOSSES[name].gradient(logits, targets) / len(logits)
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=1e-9, atol=1e-14)
    code = eval(LOSSES[name].pytorch, {"F": F, "logits": z, "targets": y})
    assert torch.equal(code, loss)


class Ours(torch.autograd.Function):
    """A loss of ours as a part of PyTorch, so that its `gradcheck` holds the gradient against finite differences."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, y: Tensor, name: str) -> Tensor:
        ctx.gradient = torch.from_numpy(LOSSES[name].gradient(z.detach().numpy(), y.numpy()))
        return torch.from_numpy(LOSSES[name].value(z.detach().numpy(), y.numpy()))

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Any:
        return upstream[0][:, None] * ctx.gradient, None, None


@pytest.mark.parametrize("name", LOSSES)
@given(cases())
def test_finite_differences_agree(name: str, case: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    z, y = torch.tensor(case[0], requires_grad=True), torch.tensor(case[1])
    assert torch.autograd.gradcheck(lambda logits: Ours.apply(logits, y, name), z)


@given(cases(), st.floats(0.05, 20), st.floats(-500, 500))
def test_softmax_and_its_logarithm(
    case: tuple[NDArray[np.float64], NDArray[np.float64]], temperature: float, constant: float
) -> None:
    logits = case[0]
    expected = F.softmax(torch.tensor(logits) / temperature, -1).numpy()
    np.testing.assert_allclose(softmax(logits, temperature), expected, rtol=1e-12)
    np.testing.assert_allclose(log_softmax(logits), F.log_softmax(torch.tensor(logits), -1).numpy(), rtol=1e-12)
    np.testing.assert_allclose(softmax(logits + constant), softmax(logits), rtol=1e-11)  # a constant changes nothing
    np.testing.assert_allclose(naive_softmax(logits), softmax(logits), rtol=1e-12)


def test_what_the_naive_forms_lose() -> None:
    large, far = [1000.0, 999.0], [0.0, -800.0]
    assert np.isnan(naive_softmax(large)).all()
    np.testing.assert_allclose(log_softmax(large), F.log_softmax(torch.tensor(large, dtype=torch.float64), -1))
    assert naive_log_softmax(far)[1] == -np.inf
    assert log_softmax(far)[1] == -800


def test_a_surely_wrong_answer_without_the_log() -> None:
    logits, truth = np.array([8.0, 0.0]), one_hot(1, 2)
    assert abs(LOSSES["cross_entropy"].gradient(logits, truth)[1]) == pytest.approx(0.9997, abs=5e-5)
    assert abs(LOSSES["probability"].gradient(logits, truth)[1]) == pytest.approx(0.0003, abs=5e-5)


def test_impossible_questions() -> None:
    for temperature in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="must be above 0"):
            softmax([1.0, 2.0], temperature)
    with pytest.raises(IndexError):
        one_hot(3, 3)
