"""The decoder: an LSTM that looks at the grid before every word (Xu et al. 2015).

Its parts are named after the paper's: annotation vectors `a`, hidden state `h`, cell state `c`,
attention weights `alpha`, context vector `z`, gate `beta`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.captioning.caption_decoder import CaptionDecoder, Steer
from explorer.captioning.noun_cells import NounCells, Nouns
from explorer.captioning.vocabulary import END, PAD


class Scene(NamedTuple):
    """What is known of pictures before the first word, computed once for all words.

    Attributes:
        a: (B, L, D) annotation vectors, projected where the decoder does that.
        keys: (B, L, A) their part of the attention's hidden layer.
        nouns: of the classifier; None for a decoder that copies nothing.
    """

    a: Tensor
    keys: Tensor
    nouns: Nouns | None

    def rows(self, index: Tensor | slice) -> Scene:
        """The same for chosen rows of the batch."""
        return Scene(self.a[index], self.keys[index], self.nouns and self.nouns.rows(index))


class State(NamedTuple):
    """The LSTM's memory: `h`, `c` (B, H)."""

    h: Tensor
    c: Tensor

    def rows(self, index: Tensor | slice) -> State:
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


class Decoder(CaptionDecoder):
    """LSTM with soft additive attention.

    The word's scores are a product of its embedding and a vector made of the hidden state, the context
    and the word before (Xu et al. 2015, equation 7), so that one table serves to read words and to write
    them (Press & Wolf 2017).

    Args:
        words: V, size of the vocabulary.
        annotation: width of an annotation vector as the encoder makes it.
        embedding: E, width of a word's vector.
        hidden: H, width of the LSTM.
        attention: A, width of the attention's hidden layer (Bahdanau et al. 2015).
        dropout: share of entries set to zero where words are read and written, in training.
        cell: D, width that annotation vectors are projected to first; None leaves them as they are.
        nouns, known: as for `CaptionDecoder`; then D must be E, and the nouns' vectors, weighted by attention
            of their own, are added to the context.
    """

    def __init__(
        self,
        words: int,
        annotation: int,
        embedding: int,
        hidden: int,
        attention: int,
        dropout: float = 0.0,
        cell: int | None = None,
        nouns: NounCells | None = None,
        known: int | None = None,
    ) -> None:
        super().__init__(words, embedding, dropout, nouns, known)
        width = annotation if cell is None else cell
        self.cell = None if cell is None else nn.Sequential(nn.Linear(annotation, cell), nn.LayerNorm(cell))
        self.key = nn.Linear(width, attention)
        self.query = nn.Linear(hidden, attention, bias=False)
        self.energy = nn.Linear(attention, 1, bias=False)
        self.gate = nn.Linear(hidden, 1)
        self.first_h = nn.Linear(width, hidden)
        self.first_c = nn.Linear(width, hidden)
        self.lstm = nn.LSTMCell(embedding + width, hidden)
        self.from_hidden = nn.Linear(hidden, embedding)
        self.from_context = nn.Linear(width, embedding, bias=False)
        if nouns is not None:
            self.noun_query = nn.Linear(hidden, embedding, bias=False)

    def see(self, a: Tensor, nouns: Nouns | None = None) -> tuple[Scene, State]:
        """Annotation vectors (B, L, D) in; what every step needs of them, and the LSTM's first state, out.

        Args:
            a: from the encoder.
            nouns: to use instead of the photo's own.
        """
        if self.nouns is not None and nouns is None:
            nouns = self.nouns(a)
        if self.cell is not None:
            a = self.cell(a)
        mean = a.mean(dim=1)  # (B, D)
        return Scene(a, self.key(a), nouns), State(torch.tanh(self.first_h(mean)), torch.tanh(self.first_c(mean)))

    def attend(self, scene: Scene, h: Tensor) -> Tensor:
        """Where to look next: softmax over cells of v . tanh(W a + U h).

        Args:
            scene: of B pictures.
            h: (B * R, H), R sentences a picture.

        Returns:
            (B * R, L).
        """
        asked = self.query(h).unflatten(0, (len(scene.keys), -1))  # (B, R, A)
        hidden = (scene.keys[:, None] + asked[:, :, None]).tanh_()  # (B, R, L, A)
        return self.energy(hidden).squeeze(3).softmax(dim=2).flatten(0, 1)

    def recall(self, nouns: Nouns, h: Tensor) -> Tensor:
        """(B * R, E) the nouns' vectors, weighted by the softmax of U h . n + log p."""
        asked = self.noun_query(h).unflatten(0, (len(nouns.vectors), -1))  # (B, R, E)
        scores = asked @ nouns.vectors.transpose(1, 2) * asked.shape[2] ** -0.5  # (B, R, K)
        weights = (scores + nouns.certainty[:, None]).softmax(dim=2).to(nouns.vectors.dtype)
        return (weights @ nouns.vectors).flatten(0, 1)

    def read(self, previous: Tensor, scene: Scene, state: State, t: int = 0, steer: Steer | None = None) -> Reading:
        """Look and remember, without naming a word yet.

        Args:
            previous: (B * R,) numbers of the words before.
            scene: from `see`, of B pictures.
            state: before this step, of R sentences a picture.
            t: the number of the step, for `steer`.
            steer: leads the attention elsewhere.
        """
        return self._step(self.dropout(self.embed(previous)), scene, state, t, steer)

    def _step(self, word: Tensor, scene: Scene, state: State, t: int = 0, steer: Steer | None = None) -> Reading:
        """The same for the vectors (B * R, E) of the words before."""
        alpha = self.attend(scene, state.h)  # (B * R, L)
        if steer:
            alpha = steer(t, alpha)
        beta = torch.sigmoid(self.gate(state.h))  # (B * R, 1)
        context = (alpha.to(scene.a.dtype).unflatten(0, (len(scene.a), -1)) @ scene.a).flatten(0, 1)  # (B * R, D)
        z = beta * context
        if scene.nouns is not None:
            z = z + self.recall(scene.nouns, state.h)
        x = torch.cat([word, z], dim=1)
        h, c = self.lstm(x, state)
        vector = word + self.from_hidden(self.dropout(h)) + self.from_context(z)
        return Reading(vector, State(h, c), alpha, beta.squeeze(1), x)

    def gates(self, x: Tensor, state: State) -> Gates:
        """The LSTM's gates for its input x and the state before: `nn.LSTMCell` keeps them to itself."""
        pre = nn.functional.linear(x, self.lstm.weight_ih, self.lstm.bias_ih)
        pre = pre + nn.functional.linear(state.h, self.lstm.weight_hh, self.lstm.bias_hh)
        i, f, g, o = pre.chunk(4, dim=1)
        return Gates(torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o), torch.tanh(g))

    def forward(self, a: Tensor, words: Tensor, nouns: Nouns | None = None) -> tuple[Tensor, Tensor]:
        """Led through whole sentences: what training needs.

        Args:
            a: (B, L, D) annotation vectors.
            words: (B, R, T) numbers of the words to read, R sentences a picture: the start mark first, then words, the
                end mark and padding, which are not read.
            nouns: of the pictures, to use instead of their own.

        Returns:
            logits (N, V) of the word after each of the N words that are read, in their order, and (B, R, L) the sum of
            alpha over them.
        """
        scene, state = self.see(a, nouns)
        count, each, _ = words.shape
        read = (words != PAD) & (words != END)  # (B, R, T)
        # The longest sentence of every picture first: a step then leaves out the columns that have all ended.
        order = read.sum(dim=2).argsort(dim=1, descending=True)  # (B, R)
        at = torch.arange(count, device=a.device)[:, None], order
        embedded, active = self.dropout(self.embed(words[at])), read[at]  # (B, R, T, E)
        state = State(*(part[:, None].expand(-1, each, -1).flatten(0, 1) for part in state))
        vectors, looked = [], a.new_zeros(count, each, a.shape[1])
        for t in range(int(read.sum(dim=2).max())):
            columns = int(active[:, :, t].any(dim=0).sum())
            state = State(*(part.unflatten(0, (count, -1))[:, :columns].flatten(0, 1) for part in state))
            reading = self._step(embedded[:, :columns, t].flatten(0, 1), scene, state)
            state = reading.state
            vectors.append(F.pad(reading.vector.unflatten(0, (count, -1)), (0, 0, 0, each - columns)))
            alpha = reading.alpha.unflatten(0, (count, -1)) * active[:, :columns, t, None]
            looked = looked + F.pad(alpha, (0, 0, 0, each - columns))
        back = at[0], order.argsort(dim=1)
        stacked = F.pad(torch.stack(vectors, dim=2), (0, 0, 0, words.shape[2] - len(vectors)))  # (B, R, T, E)
        return self.write_some(stacked[back], read, scene.nouns), looked[back]
