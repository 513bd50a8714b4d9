"""What every head of a `TransformerDecoder` looked at on the way through a caption."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from explorer.captioning.captioner import Captioner
from explorer.captioning.large_caption import LargeCaption
from explorer.captioning.transformer import TransformerDecoder
from explorer.captioning.vocabulary import END


def read_heads(captioner: Captioner, a: Tensor, words: Sequence[str]) -> LargeCaption:
    """Lead the decoder through words and keep every head's attention; each word is one token.

    Args:
        captioner: whose decoder it is.
        a: (1, L, D) from `captioner.look`.
        words: at least one.

    Returns:
        The caption; its `class_share` is what went to the classifier's nouns, which have no place on the photo.

    Raises:
        ValueError: its decoder has no heads.
    """
    if not isinstance(captioner.decoder, TransformerDecoder):
        raise ValueError(f"The decoder of {captioner.name} is an LSTM: it has one attention and no heads.")
    led = captioner.teacher_force(a, words)
    count, cells = len(words), a.shape[1]
    heads = torch.cat([step.heads for step in led.steps[:count]]).float().cpu().numpy()  # (T, layers, heads, L + K)
    numbers = torch.tensor([*captioner.vocabulary.encode(words), END])
    spoken = led.log_probabilities[0].cpu().gather(1, numbers[:, None]).squeeze(1).numpy()
    return LargeCaption(
        words=tuple(words),
        tokens=tuple(words),
        spans=tuple((place, place + 1) for place in range(count)),
        token_attention=np.ascontiguousarray(heads[..., :cells]).reshape(*heads.shape[:3], *captioner.grid),
        token_class_share=heads[..., cells:].sum(axis=-1),
        token_log_probabilities=spoken[:count].astype(np.float32),
        end=float(spoken[count]),
    )
