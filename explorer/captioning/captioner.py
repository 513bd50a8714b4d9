"""`Captioner`: a picture in, a `Caption` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from explorer.anatomy.inference_copy import inference_copy
from explorer.captioning.caption import Alternative, Caption
from explorer.captioning.caption_decoder import CaptionDecoder, Steer
from explorer.captioning.encoder import Encoder, PhotoEncoder, annotation_vectors
from explorer.captioning.familiarity import Familiarity, Likeness
from explorer.captioning.nouns import NOUNS
from explorer.captioning.search import LONGEST, Beams, Seen, TeacherForced, beam_search, sample, teacher_force
from explorer.captioning.vocabulary import END, PAD, UNKNOWN, Vocabulary
from explorer.zoo import Preprocessing, VisionModel

RUNNERS_UP = 5
AT_ONCE = 32  # pictures in one batch
SEEN_AT_ONCE = 4  # photos in one pass of the encoder, on a CPU


class Guess(NamedTuple):
    """A noun of the classifier, its probability, and the most probable of its classes."""

    noun: str
    probability: float
    title: str
    title_probability: float


@dataclass(frozen=True, eq=False)
class Captioner:
    """A network that describes pictures, shared by every session that opened it.

    Attributes:
        name: what `load_captioner` was asked for.
        title: one line for people.
        encoder, decoder: in evaluation mode, without gradients; nothing of a picture is left on them.
        vocabulary: the words it knows.
        preprocessing: from an image to the encoder's input.
        card: where the weights come from and what was measured.
        classes: names of the classifier's classes; none for a captioner that copies nothing.
        familiarity: what its training photos were like; None where that is not known.
    """

    name: str
    title: str
    encoder: Encoder | PhotoEncoder
    decoder: CaptionDecoder
    vocabulary: Vocabulary
    preprocessing: Preprocessing
    card: dict[str, Any]
    classes: tuple[str, ...] = ()
    familiarity: Familiarity | None = None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.decoder.bias.device

    @property
    def parameters(self) -> int:
        """Number of weights of both parts, biases included."""
        return sum(p.numel() for part in (self.encoder, self.decoder) for p in part.parameters())

    def tensor(self, image: Image.Image) -> Tensor:
        """The encoder's input: (1, 3, size, size) on the captioner's device."""
        return self.preprocessing.tensor(image).to(self.device)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the attention."""
        return (-(-self.preprocessing.size // self.encoder.stride),) * 2

    @cached_property
    def _inference_encoder(self) -> nn.Module:
        """Gives the encoder's maps sooner, up to the last digits."""
        model = VisionModel(self.name, self.title, self.encoder, self.preprocessing, self.classes, self.card)
        return inference_copy(model, torch.zeros(1, 3, self.preprocessing.size, self.preprocessing.size))

    def look(self, x: Tensor) -> Tensor:
        """Annotation vectors of inputs (B, 3, H, W): (B, L, D)."""
        encoder = self._inference_encoder
        # A CPU is three times as fast with a few photos at a time, whose maps stay in its caches.
        parts = x.split(SEEN_AT_ONCE if x.device.type == "cpu" else len(x))
        with torch.inference_mode():
            each = [encoder(part.contiguous(memory_format=torch.channels_last)) for part in parts]
            return torch.cat([annotation_vectors(maps) for maps in each])

    @torch.inference_mode()
    def guess_nouns(self, a: Tensor) -> tuple[Guess, ...]:
        """What one photo's annotation vectors (1, L, D) let the classifier say, the most probable noun first."""
        cells = self.decoder.nouns
        if cells is None:
            return ()
        nouns, classes = cells(a), cells.classify(a)[0]
        found = []
        for number, probability in zip(nouns.numbers[0].tolist(), nouns.probabilities[0].tolist(), strict=True):
            own = torch.where(cells.noun_of_class == number, classes, -1.0)
            found.append(Guess(NOUNS[number], probability, self.classes[int(own.argmax())], float(own.max())))
        return tuple(found)

    @torch.inference_mode()
    def judge(self, a: Tensor) -> Likeness | None:
        """How like one photo (1, L, D) is to the training photos; None where that is not known."""
        if self.familiarity is None:
            return None
        return self.familiarity.judge(a[0, :, : len(self.familiarity.mean)].mean(dim=0).cpu().numpy())

    def describe(self, image: Image.Image, beam_size: int = 3) -> Caption:
        """The most probable sentence that a beam search finds.

        Args:
            image: RGB.
            beam_size: sentences kept at a time; 1 is greedy.
        """
        return self.describe_all([image], beam_size)[0]

    def describe_all(self, images: Sequence[Image.Image], beam_size: int = 3) -> list[Caption]:
        """The same for many pictures, in batches."""
        captions: list[Caption] = []
        for start in range(0, len(images), AT_ONCE):
            batch = images[start : start + AT_ONCE]
            a = self.look(self.preprocessing.tensors(batch).to(self.device))
            with torch.inference_mode():
                seen = self.decoder.see(a)
            found = beam_search(self.decoder, a, beam_size, seen=seen)
            captions += self.follow(a, [beams.best for beams in found], seen=seen)
        return captions

    def search(self, a: Tensor, beam_size: int, prefix: Sequence[str] = (), steer: Steer | None = None) -> Beams:
        """The whole beam search on one picture.

        Args:
            a: (1, L, D) from `look`.
            beam_size: sentences kept at a time.
            prefix: words that every sentence begins with.
            steer: leads the attention, see `steering`.
        """
        return beam_search(self.decoder, a, beam_size, LONGEST, self.vocabulary.encode(prefix), steer)[0]

    def sample(
        self,
        a: Tensor,
        temperature: float,
        top_k: int,
        seed: int,
        prefix: Sequence[str] = (),
        steer: Steer | None = None,
    ) -> Caption:
        """A sentence drawn word by word from one picture's annotation vectors (1, L, D); see `search.sample`."""
        numbers = self.vocabulary.encode(prefix)
        (drawn,) = sample(self.decoder, a, temperature, top_k, seed, LONGEST, numbers, steer)
        return self.follow(a, [drawn], steer)[0]

    def read(self, a: Tensor, words: Sequence[str], steer: Steer | None = None) -> Caption:
        """Led through the words of a person: where it would have looked, and how much each word surprises it.

        Args:
            a: (1, L, D) from `look`.
            words: at least one, from `vocabulary.read_sentence`.
            steer: leads the attention.
        """
        caption = self.follow(a, [self.vocabulary.encode(words)], steer)[0]
        unknown = tuple(dict.fromkeys(word for word in words if word not in self.vocabulary))
        return replace(caption, words=tuple(words), unknown=unknown)

    def teacher_force(self, a: Tensor, words: Sequence[str], steer: Steer | None = None) -> TeacherForced:
        """Everything that happened inside the decoder on the way through these words and the end mark."""
        return teacher_force(
            self.decoder, a, torch.tensor([[*self.vocabulary.encode(words), END]], device=self.device), steer
        )

    def follow(
        self, a: Tensor, sentences: Sequence[Sequence[int]], steer: Steer | None = None, seen: Seen | None = None
    ) -> list[Caption]:
        """The captions of sentences that are known as numbers, one a picture of a (B, L, D).

        Args:
            a: from `look`.
            sentences: without marks.
            steer: leads the attention.
            seen: what the decoder sees of a, where that is known already.
        """
        longest = max(len(sentence) for sentence in sentences) + 1
        rows = [[*sentence, END] + [PAD] * (longest - len(sentence) - 1) for sentence in sentences]
        led = teacher_force(self.decoder, a, torch.tensor(rows, device=a.device), steer, seen)
        spoken, alpha, beta = (t.cpu() for t in (led.log_probabilities, led.alpha, led.beta))
        captions = [
            self._caption(sentence, spoken[row], alpha[row], beta[row]) for row, sentence in enumerate(sentences)
        ]
        if led.nouns is None:
            return captions
        return [
            replace(caption, copied=_copied(sentence, led.nouns.words[row].cpu(), led.copied[row].cpu()))
            for row, (caption, sentence) in enumerate(zip(captions, sentences, strict=True))
        ]

    def _caption(self, sentence: Sequence[int], spoken: Tensor, alpha: Tensor, beta: Tensor) -> Caption:
        length = len(sentence)
        grid = round(alpha.shape[1] ** 0.5)
        numbers = torch.tensor(list(sentence), dtype=torch.long)
        own = spoken[:length].gather(1, numbers[:, None]).squeeze(1).numpy()
        own = np.where(np.isfinite(own), own, np.nan)
        best = spoken[:length].topk(min(RUNNERS_UP + 1, spoken.shape[1]), dim=1)
        alternatives = []
        for t in range(length):
            others = [
                Alternative(self.vocabulary.words[number], float(np.exp(value)))
                for number, value in zip(best.indices[t].tolist(), best.values[t].tolist(), strict=True)
                if number not in (sentence[t], UNKNOWN) and np.isfinite(value)
            ]
            alternatives.append(tuple(others[:RUNNERS_UP]))
        return Caption(
            words=tuple(self.vocabulary.decode(sentence)),
            attention=alpha[:length].reshape(length, grid, grid).float().numpy(),
            log_probabilities=own.astype(np.float32),
            alternatives=tuple(alternatives),
            gates=beta[:length].float().numpy(),
            end=float(spoken[length, END]),
        )


def _copied(sentence: Sequence[int], nouns: Tensor, shares: Tensor) -> np.ndarray:
    """(T,) of every word of a sentence the share (T', K) of copying it, if it is one of the nouns (K,)."""
    same = torch.tensor(list(sentence), dtype=torch.long)[:, None] == nouns[None]  # (T, K)
    found: np.ndarray = (shares[: len(sentence)] * same).sum(dim=1).float().numpy()
    return found
