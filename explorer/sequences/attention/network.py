"""The encoder and decoder that write dates: GRUs (Cho et al. 2014) with additive attention (Bahdanau et al. 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

from explorer.sequences.attention.dates import LENGTH, OUTPUTS, PADDING, SIGNS

STATE: Final = 64  # of the decoder; half of it for each direction of the encoder
EMBEDDING: Final = 16
START: Final = len(OUTPUTS)  # what is read before the first character is written


class DateNetwork(nn.Module):
    """Reads a text in both directions and writes ten characters, each from the decoder's state and a context vector.

    With attention the context is the weighted sum of the encoder's states of all characters, weighted anew for every
    character that is written. Without it the context is always the same: the last state of either direction.

    Args:
        attends: whether there is attention.
    """

    def __init__(self, attends: bool) -> None:
        super().__init__()
        self.attends = attends
        self.read = nn.Embedding(len(SIGNS) + 2, EMBEDDING, padding_idx=PADDING)
        self.encoder = nn.GRU(EMBEDDING, STATE // 2, batch_first=True, bidirectional=True)
        self.first = nn.Linear(STATE, STATE)
        if attends:
            self.key = nn.Linear(STATE, STATE, bias=False)
            self.query = nn.Linear(STATE, STATE)
            self.energy = nn.Linear(STATE, 1, bias=False)
        self.written = nn.Embedding(len(OUTPUTS) + 1, EMBEDDING)
        self.decoder = nn.GRUCell(EMBEDDING + STATE, STATE)
        self.output = nn.Linear(2 * STATE, len(OUTPUTS))

    def forward(self, numbers: Tensor, wanted: Tensor | None = None) -> Tensor:
        """Scores of every character at every place.

        Args:
            numbers: (N, T) of characters; texts that are shorter end in padding.
            wanted: (N, 10) what shall be written, which in training is read instead of what was.

        Returns:
            (N, 10, 11) logits.
        """
        known = numbers != PADDING
        packed = nn.utils.rnn.pack_padded_sequence(
            self.read(numbers), known.sum(1), batch_first=True, enforce_sorted=False
        )
        out, last = self.encoder(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=numbers.shape[1])
        context = torch.cat([last[0], last[1]], 1)
        state = torch.tanh(self.first(context))
        keys = self.key(states) if self.attends else None
        before = torch.full((len(numbers),), START)
        logits = []
        for place in range(LENGTH):
            if keys is not None:
                scores = self.energy(torch.tanh(keys + self.query(state)[:, None]))[..., 0]
                weights = scores.masked_fill(~known, -torch.inf).softmax(1)
                context = (weights[:, None] @ states)[:, 0]
            state = self.decoder(torch.cat([self.written(before), context], 1), state)
            logits.append(self.output(torch.cat([state, context], 1)))
            before = logits[-1].argmax(1) if wanted is None else wanted[:, place]
        return torch.stack(logits, 1)


def pad(texts: Sequence[Sequence[int]]) -> Tensor:
    """(N, T) numbers of texts of different lengths."""
    longest = max(map(len, texts))
    return torch.tensor([[*text, *[PADDING] * (longest - len(text))] for text in texts])


@torch.inference_mode()
def write_many(network: DateNetwork, texts: Sequence[Sequence[int]]) -> list[str]:
    """What a network makes of texts, given as numbers of their characters, the likeliest character at every place."""
    return ["".join(OUTPUTS[number] for number in row) for row in network(pad(texts)).argmax(2).tolist()]
