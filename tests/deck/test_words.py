"""Cards on words and attention: PyTorch's embeddings, softmax and its additive attention written out."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


def _numbers(exercise: Drawn) -> Tensor:
    return torch.tensor([float(text) for text in numerals_in_order(exercise.question)], dtype=torch.float64)


@check(22)
def test_a_word_has_one_vector_whatever_the_sentence() -> Recomputed:
    table = nn.Embedding(50, 4)
    river, money = table(torch.tensor([[7, 3, 20], [31, 20, 9]]))
    assert torch.equal(river[2], money[1])
    return set()


@check_draws(22)
def test_drawn_cosines(exercise: Drawn) -> Recomputed:
    return {f"{functional.cosine_similarity(*_numbers(exercise).reshape(2, 3), dim=0):.3f}"}


@check(23)
def test_only_rows_of_the_batch_get_a_gradient() -> Recomputed:
    table, words = nn.Embedding(50, 4), torch.tensor([7, 3, 7])
    assert torch.equal(table(words), functional.one_hot(words, 50).float() @ table.weight)
    table(words).pow(2).sum().backward()
    assert table.weight.grad.any(dim=1).nonzero().flatten().tolist() == [3, 7]
    frozen = nn.Embedding.from_pretrained(torch.randn(50, 4))
    assert not frozen.weight.requires_grad
    return set()


@check_draws(23)
def test_drawn_tables(exercise: Drawn) -> Recomputed:
    words, length = map(int, numerals_in_order(exercise.question))
    sentence = exercise.question.split("“")[1].split("”")[0].split()
    numbers = {word: number for number, word in enumerate(sentence)}
    table = nn.Embedding(len(sentence), 3)
    table(torch.tensor([numbers[word] for word in sentence])).sum().backward()
    return {f"{words * length}", f"{int(table.weight.grad.any(dim=1).sum())}"}


@check(24)
def test_no_weight_is_zero() -> Recomputed:
    weights = (20 * torch.randn(1000, 8, dtype=torch.float64)).softmax(1)
    assert weights.min() > 0
    torch.testing.assert_close(weights.sum(1), torch.ones(1000, dtype=torch.float64))
    return set()


@check_draws(24)
def test_drawn_weights(exercise: Drawn) -> Recomputed:
    scores, values = _numbers(exercise).reshape(2, 3)
    weights = scores.softmax(0)
    return {*(f"{weight:.3f}" for weight in weights), f"{(weights * values).sum():.3f}"}


@check(25)
def test_weights_are_computed_anew_and_parameters_stay() -> Recomputed:
    torch.manual_seed(0)
    of_encoder, of_decoder, scorer = nn.Linear(6, 5), nn.Linear(3, 5), nn.Linear(5, 1)
    states = torch.randn(4, 6)

    def attend(now: Tensor) -> Tensor:
        return scorer(torch.tanh(of_encoder(states) + of_decoder(now))).flatten().softmax(0)

    first, second = attend(torch.randn(3)), attend(torch.randn(3))
    assert (first - second).abs().max() > 0.01
    (first @ states).sum().backward()
    assert all(layer.weight.grad.any() for layer in (of_encoder, of_decoder, scorer))
    return set()


@check_draws(25)
def test_drawn_contexts(exercise: Drawn) -> Recomputed:
    *states, now = _numbers(exercise).reshape(4, 2)
    states = torch.stack(states)
    scores = (states * now).sum(1)
    context = functional.scaled_dot_product_attention(now[None], states, states, scale=1.0)[0]
    return {
        *(f"{score:.2f}" for score in scores),
        *(f"{weight:.3f}" for weight in scores.softmax(0)),
        *(f"{each:.3f}" for each in context),
    }


@check(26)
def test_regions_of_a_picture_can_be_weighed() -> Recomputed:
    """Each cell of the last maps is a vector that depends on its own region alone, and the weighted sum is one too."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.ReLU(), nn.Conv2d(8, 16, 4, stride=4))
    photo = torch.randn(1, 3, 64, 48, requires_grad=True)
    cells = encoder(photo).flatten(2).transpose(1, 2)[0]
    assert cells.shape == (4 * 3, 16)
    (touched,) = torch.autograd.grad(cells[4].sum(), photo)  # second row, second column
    assert not touched[..., :16, :].any()
    assert touched[..., 16:32, 16:32].any()
    context = torch.randn(12).softmax(0) @ cells
    assert context.shape == (16,)
    return set()
