"""Which part of the picture a word hangs on: the same sentence, with one window of the picture hidden after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from explorer.captioning.captioner import AT_ONCE, Captioner
from explorer.captioning.search import teacher_force
from explorer.captioning.vocabulary import END

Progress = Callable[[int, int], bool | None]  # windows so far, windows in all; answers True to stop


class Stopped(RuntimeError):
    """The caller asked for an end."""


@torch.inference_mode()
def occlude_words(
    captioner: Captioner, x: torch.Tensor, words: Sequence[str], progress: Progress | None = None
) -> np.ndarray:
    """How much less probable every word becomes where the picture is hidden (Zeiler & Fergus 2014).

    One window a cell of the attention's grid, twice as wide as the cell and centred on it, is filled with the
    mean colour of the training photos; the decoder is led through the same words.

    Args:
        captioner: whose words they are.
        x: (1, 3, H, W) from `captioner.tensor`.
        words: the sentence, all in the vocabulary.
        progress: called after every batch.

    Returns:
        (T, h, w): log probability of the word with the whole picture, less that with the window hidden; nats.

    Raises:
        Stopped: `progress` answered True.
    """
    rows, columns = captioner.grid
    numbers = torch.tensor([[*captioner.vocabulary.encode(words), END]], device=x.device)
    height, width = x.shape[2] / rows, x.shape[3] / columns

    def spoken(inputs: torch.Tensor) -> torch.Tensor:
        led = teacher_force(captioner.decoder, captioner.look(inputs), numbers.expand(len(inputs), -1))
        return led.log_probabilities[:, :-1].gather(2, numbers[:, :-1, None].expand(len(inputs), -1, 1)).squeeze(2)

    whole = spoken(x)  # (1, T)
    drops = []
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    for start in range(0, len(cells), AT_ONCE):
        batch = cells[start : start + AT_ONCE]
        hidden = x.repeat(len(batch), 1, 1, 1)
        for picture, (row, column) in zip(hidden, batch, strict=True):
            top, bottom = max(0, round((row - 0.5) * height)), round((row + 1.5) * height)
            left, right = max(0, round((column - 0.5) * width)), round((column + 1.5) * width)
            picture[:, top:bottom, left:right] = 0.0  # the mean, after normalisation
        drops.append(whole - spoken(hidden))
        if progress and progress(min(start + AT_ONCE, len(cells)), len(cells)):
            raise Stopped
    return torch.cat(drops).T.reshape(len(words), rows, columns).cpu().numpy()
