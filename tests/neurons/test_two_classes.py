"""What losses push for, against autograd and against the calculus of mixed labels."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from explorer.neurons.two_classes import COMPARED, best_answer, logits_of, mean_loss, push

PROBABILITIES = st.floats(1e-6, 1 - 1e-6)


@pytest.mark.parametrize("loss", COMPARED)
@given(PROBABILITIES)
def test_the_push_is_autograds(loss: str, probability: float) -> None:
    z = torch.tensor(logits_of(probability), requires_grad=True)
    p = torch.softmax(z, -1)
    assert p[0].item() == pytest.approx(probability, rel=1e-9)
    value = {"cross_entropy": -torch.log(p[0]), "squared_error": (1 - p[0]) ** 2, "probability": -p[0]}[loss]
    (gradient,) = torch.autograd.grad(value, z)
    assert push(loss, probability) == pytest.approx(-gradient[0].item(), rel=1e-6, abs=1e-12)


def test_binary_cross_entropy_of_the_difference_is_the_cross_entropy() -> None:
    p = np.linspace(0.01, 0.99, 9)
    z = torch.tensor(logits_of(p)[:, 0], requires_grad=True)
    F.binary_cross_entropy_with_logits(z, torch.ones_like(z), reduction="sum").backward()
    assert z.grad is not None
    np.testing.assert_allclose(push("cross_entropy", p), -z.grad.numpy(), rtol=1e-12)


@given(st.floats(0.55, 0.95))
def test_the_best_answer_is_the_share_only_for_losses_that_are_proper(share: float) -> None:
    tried = np.linspace(0.001, 0.999, 999)
    for loss in ("cross_entropy", "squared_error"):
        assert best_answer(loss, share, tried) == pytest.approx(share, abs=1e-3)
    assert best_answer("probability", share, tried) == tried[-1]
    expected = -share * np.log(0.7) - (1 - share) * np.log(0.3)
    assert mean_loss("cross_entropy", 0.7, share) == pytest.approx(expected)
