"""The decoder: an LSTM that looks at the grid before every word (Xu et al. 2015).

Its parts are named after the paper's: annotation vectors `a`, hidden state `h`, cell state `c`,
attention weights `alpha`, context vector `z`, gate `beta`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Scene(NamedTuple):
    """What is known of pictures before the first word, computed once for all words.

    Attributes:
        a: (B, L, D) annotation vectors.
        keys: (B, L, A) their part of the attention's hidden layer.
    """

    a: Tensor
    keys: Tensor

    def rows(self, index: Tensor) -> Scene:
        """The same for chosen rows of the batch."""
        return Scene(self.a[index], self.keys[index])


class State(NamedTuple):
    """The LSTM's memory: `h`, `c` (B, H)."""

    h: Tensor
    c: Tensor

    def rows(self, index: Tensor) -> State:
        """The same for chosen rows of the batch."""
        return State(self.h[index], self.c[index])


class Gates(NamedTuple):
    """What the LSTM let through in one step: input, forget and output gate in [0, 1], candidate in [-1, 1]; (B, H)."""

    i: Tensor
    f: Tensor
    o: Tensor
    g: Tensor


class Reading(NamedTuple):
    """What one step of the decoder gives, before a word is named.

    Attributes:
        vector: (B, E), from which `Decoder.write` makes scores.
        state: after the step.
        alpha: (B, L), where it looked; sums to one.
        beta: (B,), how much of what it saw was let through.
        x: (B, E + D), what went into the LSTM.
    """

    vector: Tensor
    state: State
    alpha: Tensor
    beta: Tensor
    x: Tensor


Steer = Callable[[int, Tensor], Tensor]
"""From the number of a step and the decoder's own alpha (B, L) to the alpha it shall use."""


class Decoder(nn.Module):
    """LSTM with soft additive attention.

    The word's scores are a product of its embedding and a vector made of the hidden state, the context
    and the word before (Xu et al. 2015, equation 7), so that one table serves to read words and to write
    them (Press & Wolf 2017).

    Args:
        words: V, size of the vocabulary.
        annotation: D, width of an annotation vector.
        embedding: E, width of a word's vector.
        hidden: H, width of the LSTM.
        attention: A, width of the attention's hidden layer (Bahdanau et al. 2015).
        dropout: share of entries set to zero where words are read and written, in training.
    """

    def __init__(
        self, words: int, annotation: int, embedding: int, hidden: int, attention: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, embedding)
        self.key = nn.Linear(annotation, attention)
        self.query = nn.Linear(hidden, attention, bias=False)
        self.energy = nn.Linear(attention, 1, bias=False)
        self.gate = nn.Linear(hidden, 1)
        self.first_h = nn.Linear(annotation, hidden)
        self.first_c = nn.Linear(annotation, hidden)
        self.lstm = nn.LSTMCell(embedding + annotation, hidden)
        self.from_hidden = nn.Linear(hidden, embedding)
        self.from_context = nn.Linear(annotation, embedding, bias=False)
        self.bias = nn.Parameter(torch.zeros(words))
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.embedding.weight, std=embedding**-0.5)

    def see(self, a: Tensor) -> tuple[Scene, State]:
        """Annotation vectors (B, L, D) in; what every step needs of them, and the LSTM's first state, out."""
        mean = a.mean(dim=1)  # (B, D)
        return Scene(a, self.key(a)), State(torch.tanh(self.first_h(mean)), torch.tanh(self.first_c(mean)))

    def attend(self, scene: Scene, h: Tensor) -> Tensor:
        """Where to look next, (B, L): softmax over cells of v . tanh(W a + U h)."""
        hidden = torch.tanh(scene.keys + self.query(h)[:, None])  # (B, L, A)
        return self.energy(hidden).squeeze(2).softmax(dim=1)

    def read(self, previous: Tensor, scene: Scene, state: State, t: int = 0, steer: Steer | None = None) -> Reading:
        """Look and remember, without naming a word yet.

        Args:
            previous: (B,) numbers of the words before.
            scene: from `see`.
            state: before this step.
            t: the number of the step, for `steer`.
            steer: leads the attention elsewhere.
        """
        alpha = self.attend(scene, state.h)
        if steer:
            alpha = steer(t, alpha)
        beta = torch.sigmoid(self.gate(state.h))  # (B, 1)
        z = beta * (alpha[:, None] @ scene.a).squeeze(1)  # (B, D)
        word = self.dropout(self.embedding(previous))  # (B, E)
        x = torch.cat([word, z], dim=1)
        h, c = self.lstm(x, state)
        vector = word + self.from_hidden(self.dropout(h)) + self.from_context(z)
        return Reading(vector, State(h, c), alpha, beta.squeeze(1), x)

    def write(self, vector: Tensor) -> Tensor:
        """Scores of every word, (..., V), from what `read` gives, (..., E)."""
        return nn.functional.linear(self.dropout(vector), self.embedding.weight, self.bias)

    def gates(self, x: Tensor, state: State) -> Gates:
        """The LSTM's gates for its input x and the state before: `nn.LSTMCell` keeps them to itself."""
        pre = nn.functional.linear(x, self.lstm.weight_ih, self.lstm.bias_ih)
        pre = pre + nn.functional.linear(state.h, self.lstm.weight_hh, self.lstm.bias_hh)
        i, f, g, o = pre.chunk(4, dim=1)
        return Gates(torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o), torch.tanh(g))

    def forward(self, a: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        """Led through whole sentences: what training needs.

        Args:
            a: (B, L, D) annotation vectors.
            words: (B, T) numbers of the words to read, the start mark first.

        Returns:
            logits (B, T, V) of the word after each, and alpha (B, T, L).
        """
        scene, state = self.see(a)
        vectors, alphas = [], []
        for t in range(words.shape[1]):
            reading = self.read(words[:, t], scene, state)
            state = reading.state
            vectors.append(reading.vector)
            alphas.append(reading.alpha)
        return self.write(torch.stack(vectors, dim=1)), torch.stack(alphas, dim=1)
