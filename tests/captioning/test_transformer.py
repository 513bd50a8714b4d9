"""The Transformer decoder against PyTorch's own attention, with and without a past, and led elsewhere."""

import pytest
import torch
from torch import nn

from explorer.captioning.interventions.steering import moved, uniform
from explorer.captioning.search import beam_search, teacher_force
from explorer.captioning.transformer import Attention, TransformerDecoder
from explorer.captioning.vocabulary import END, START
from tests.captioning.making_photo import VOCABULARY, cells, toy_photo_decoder


@pytest.fixture(scope="module")
def decoder() -> TransformerDecoder:
    made = toy_photo_decoder("transformer")
    assert isinstance(made, TransformerDecoder)
    return made


def test_attention_is_pytorchs() -> None:
    torch.manual_seed(0)
    ours, theirs = Attention(12, 3), nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        parts = (ours.query, ours.key, ours.value)
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
    asks, asked = torch.randn(2, 4, 12), torch.randn(2, 5, 12)
    hidden = torch.ones(4, 5, dtype=torch.bool).triu(2)
    keys, values = ours.ask(asked)
    weights = ours.weigh(asks, keys, hidden)
    expected, shares = theirs(asks, asked, asked, attn_mask=hidden, average_attn_weights=False)
    torch.testing.assert_close(weights, shares)
    torch.testing.assert_close(ours.gather(weights, values), expected)


def test_every_heads_weights_are_pytorchs(decoder: TransformerDecoder) -> None:
    """The first layer's heads, from the network's own tensors through `nn.functional`."""
    a = cells(1)
    scene, state = decoder.see(a)
    step = decoder.read(torch.tensor([START]), scene, state)
    block = decoder.blocks[0]
    x = decoder.embed(torch.tensor([[START]])) + decoder.position(torch.tensor([0]))
    alone = nn.functional.scaled_dot_product_attention
    asked = block.norm_words(x)
    keys, values = block.words.ask(asked)
    x = x + block.words.out(alone(block.words.split(block.words.query(asked)), keys, values).transpose(1, 2).flatten(2))
    memory = torch.cat([decoder.cell(a), decoder.noun_norm(scene.nouns.vectors)], dim=1)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        parts = (block.photo.query, block.photo.key, block.photo.value)
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
    _, shares = theirs(block.norm_photo(x), memory, memory, average_attn_weights=False)
    torch.testing.assert_close(step.heads[0, 0], shares[0, :, 0])
    assert step.heads.shape == (1, 2, 2, 6 + 4)
    torch.testing.assert_close(step.heads.sum(-1), torch.ones(1, 2, 2))
    mean = step.heads[..., :6].mean(dim=(1, 2))
    torch.testing.assert_close(step.alpha, mean / mean.sum())
    torch.testing.assert_close(step.beta, mean.sum(dim=1))


def test_later_words_change_nothing_before_them(decoder: TransformerDecoder) -> None:
    a = cells(1)
    first, second = (teacher_force(decoder, a, torch.tensor([[4, 5, word, END]])) for word in (6, 7))
    torch.testing.assert_close(first.log_probabilities[:, :3], second.log_probabilities[:, :3])
    assert not torch.allclose(first.log_probabilities[:, 3], second.log_probabilities[:, 3])


def test_a_steer_leads_every_head_and_leaves_the_nouns_their_share(decoder: TransformerDecoder) -> None:
    a = cells(1)
    scene, state = decoder.see(a)
    free = decoder.read(torch.tensor([START]), scene, state)
    led = decoder.read(torch.tensor([START]), scene, state, 0, uniform)
    torch.testing.assert_close(led.alpha, torch.full((1, 6), 1 / 6))
    torch.testing.assert_close(led.heads[0, 0, :, 6:], free.heads[0, 0, :, 6:])  # later layers ask differently
    torch.testing.assert_close(led.heads.sum(-1), torch.ones(1, 2, 2))
    there = torch.zeros(2, 3)
    there[1, 2] = 1.0
    step = decoder.read(torch.tensor([START]), scene, state, 0, moved(0, there.numpy()))
    torch.testing.assert_close(step.alpha[0], there.flatten())


def test_beams_and_batches(decoder: TransformerDecoder) -> None:
    a = cells(3)
    together = beam_search(decoder, a, 3, 8)
    for row, beams in enumerate(together):
        (alone,) = beam_search(decoder, a[row : row + 1], 3, 8)
        assert beams.best == alone.best
        led = teacher_force(decoder, a[row : row + 1], torch.tensor([[*beams.best, END]]))
        total = led.log_probabilities[0].gather(1, torch.tensor([[*beams.best, END]]).T).sum()
        if len(beams.best) < 8:  # else it was cut off
            assert float(total) == pytest.approx(float(beams.scores[-1, beams.order[0]]), abs=1e-3)
    assert all(number < len(VOCABULARY) for beams in together for number in beams.best)
