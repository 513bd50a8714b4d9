"""Cards on outputs and losses: PyTorch's own losses with autograd, and plain logarithms."""

from math import log

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn import functional

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


def _numbers(exercise: Drawn) -> Tensor:
    return torch.tensor([float(text) for text in numerals_in_order(exercise.question)], dtype=torch.float64)


def _loss_and_slopes(logits: Tensor, true: int) -> tuple[Tensor, Tensor]:
    z = logits.double().requires_grad_()
    loss = functional.cross_entropy(z[None], torch.tensor([true]))
    return loss, torch.autograd.grad(loss, z)[0]


@check(5)
def test_a_softmax_is_a_distribution() -> Recomputed:
    z = torch.tensor([0.3, -1.2, 2.5], dtype=torch.float64)
    p = z.softmax(0)
    torch.testing.assert_close(p, z.exp() / z.exp().sum())
    torch.testing.assert_close((z + 7).softmax(0), p)
    torch.testing.assert_close(z[:2].softmax(0)[0], torch.sigmoid(z[0] - z[1]))
    assert (p > 0).all()
    torch.testing.assert_close(p.sum(), torch.ones((), dtype=p.dtype))
    assert p.argmax() == z.argmax()
    return set()


@check_draws(5)
def test_drawn_softmaxes(exercise: Drawn) -> Recomputed:
    return {f"{p:.3f}" for p in _numbers(exercise).softmax(0)}


@check(8)
def test_one_hot_times_a_matrix_is_a_row() -> Recomputed:
    table = torch.randn(5, 3)
    assert torch.equal(functional.one_hot(torch.tensor(4), 5).float() @ table, table[4])
    z = torch.randn(1, 5)
    by_number = functional.cross_entropy(z, torch.tensor([4]))
    torch.testing.assert_close(by_number, functional.cross_entropy(z, functional.one_hot(torch.tensor([4]), 5).float()))
    return set()


@check_draws(8)
def test_drawn_one_hot_vectors(exercise: Drawn) -> Recomputed:
    classes = exercise.question.split("are ")[1].split(", in")[0].split(", ")
    chosen = exercise.question.split("vector of ")[1].split(",")[0]
    hot = functional.one_hot(torch.tensor(classes.index(chosen)), 3).double()
    written = ", ".join(f"{each:g}" for each in hot)
    assert exercise.answer.startswith(f"$({written})$")
    return {f"{each:g}" for each in hot @ _numbers(exercise).reshape(3, 2)}


@check(10)
def test_a_loss_falls_where_accuracy_stays() -> Recomputed:
    before, after = 0.6, 0.9
    assert before > 1 - before  # right both times
    return {f"{before}", f"{after}", f"{-log(before):.3f}", f"{-log(after):.3f}"}


@check_draws(10)
def test_drawn_losses_and_accuracies(exercise: Drawn) -> Recomputed:
    given = _numbers(exercise)
    loss = functional.binary_cross_entropy(given, torch.ones_like(given))
    return {f"{100 * float((given > 0.5).double().mean()):.0f}", f"{loss:.3f}"}


@check(11)
def test_squared_error_is_a_gaussian_likelihood() -> Recomputed:
    predicted, truth = torch.randn(2, 9, dtype=torch.float64)
    log_density = torch.distributions.Normal(predicted.requires_grad_(), 1.0).log_prob(truth).mean()
    by_likelihood = torch.autograd.grad(-2 * log_density, predicted)[0]
    torch.testing.assert_close(by_likelihood, torch.autograd.grad(functional.mse_loss(predicted, truth), predicted)[0])
    error = 10
    small = torch.ones(error**2)
    assert functional.mse_loss(torch.tensor(float(error)), torch.tensor(0.0)) == (small**2).sum()
    return {f"{error}", f"{len(small)}"}


@check_draws(11)
def test_drawn_squared_errors(exercise: Drawn) -> Recomputed:
    truth, predicted = _numbers(exercise).reshape(2, 3)
    squares = (truth - predicted) ** 2
    return {f"{functional.mse_loss(predicted, truth):.4f}", *(f"{square:.2f}" for square in squares)}


@check(12)
def test_a_softmax_before_the_loss_keeps_it_up() -> Recomputed:
    z, y = torch.randn(2, 4, dtype=torch.float64)
    torch.testing.assert_close(
        functional.binary_cross_entropy_with_logits(z, y.sigmoid()),
        functional.binary_cross_entropy(z.sigmoid(), y.sigmoid()),
    )
    sure = torch.tensor([[1e9, 0.0, 0.0]], dtype=torch.float64)
    truth = torch.tensor([0])
    assert functional.cross_entropy(sure, truth) == 0
    return {f"{functional.cross_entropy(sure.softmax(1), truth):.3f}"}


@check_draws(12)
def test_drawn_binary_losses(exercise: Drawn) -> Recomputed:
    z, y = _numbers(exercise)
    z.requires_grad_()
    loss = functional.binary_cross_entropy_with_logits(z, y)
    return {f"{loss:.3f}", f"{torch.autograd.grad(loss, z)[0]:.3f}"}


@check(13)
def test_the_gradient_reaches_every_logit() -> Recomputed:
    logits = torch.tensor([2.0, 1.0, -1.0])
    _, slopes = _loss_and_slopes(logits, 1)
    z = torch.tensor(0.7)
    two = functional.cross_entropy(torch.stack([torch.zeros(()), z])[None], torch.tensor([1]))
    torch.testing.assert_close(two, functional.binary_cross_entropy_with_logits(z, torch.tensor(1.0)))
    likely, unlikely = 0.9, 0.0001
    logs = {f"{likely}", f"{log(likely):.3f}", f"{unlikely}", f"{log(unlikely):.2f}"}
    return {*(f"{each:g}" for each in logits), *(f"{slope:.3f}" for slope in slopes), *logs}


@check_draws(13)
def test_drawn_cross_entropies(exercise: Drawn) -> Recomputed:
    true = next(place for place, name in enumerate(("first", "second", "third")) if name in exercise.question)
    loss, slopes = _loss_and_slopes(_numbers(exercise), true)
    return {f"{loss:.3f}", *(f"{slope:.3f}" for slope in slopes)}


def _slopes_with_and_without(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Of the loss by the first logit, where the second class is true."""
    z = logits.double().requires_grad_()
    p = z.softmax(0)[1]
    return tuple(torch.autograd.grad(loss, z, retain_graph=True)[0][0] for loss in (-p.log(), -p))


@check(14)
def test_the_log_cannot_be_left_out() -> Recomputed:
    top, share = 8, 0.7
    with_log, without = _slopes_with_and_without(torch.tensor([float(top), 0.0]))
    best = minimize_scalar(lambda p: -(share * log(p) + (1 - share) * log(1 - p)), bounds=(1e-9, 1 - 1e-9))
    straight = minimize_scalar(lambda p: -(share * p + (1 - share) * (1 - p)), bounds=(0, 1))
    assert straight.x > 1 - 1e-4
    return {f"{top}", f"{with_log:.4f}", f"{without:.4f}", f"{100 * share:.0f}", f"{best.x:.1f}"}


@check_draws(14)
def test_drawn_slopes_without_the_log(exercise: Drawn) -> Recomputed:
    return {f"{slope:.5f}" for slope in _slopes_with_and_without(_numbers(exercise))}


@check(15)
def test_log_softmax_of_large_logits() -> Recomputed:
    z = torch.tensor([1000.0, 0.0], dtype=torch.float64)
    assert (z.exp() / z.exp().sum()).isnan()[0]
    loss = functional.nll_loss(z[None].log_softmax(1), torch.tensor([1]))
    assert functional.cross_entropy(z[None], torch.tensor([1])) == loss
    return {f"{z[0]:.0f}", *(f"{value:.0f}" for value in z.log_softmax(0))}


@check_draws(15)
def test_drawn_log_softmaxes(exercise: Drawn) -> Recomputed:
    return {f"{value:.4f}" for value in _numbers(exercise).log_softmax(0)}
