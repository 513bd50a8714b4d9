"""Large captioners through Hugging Face `transformers`: what they say, and what every head of every layer looked at.

`transformers` is an extra and imported in functions only. Its attention is read from the output that it offers for
that; no hook of ours is put on a network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer.captioning.large_caption import LargeCaption, find_spans
from explorer.captioning.large_files import (
    NETWORKS,
    ExtraMissing,
    LargeNetwork,
    LargeUnavailable,
    LargeUnknown,
    Progress,
    check_extra,
    ensure_large,
    find_network,
    say_missing,
)

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

LONGEST = 30  # tokens; captions of COCO have 11 words

__all__ = [
    "LONGEST",
    "ExtraMissing",
    "LargeCaption",
    "LargeCaptioner",
    "LargeUnavailable",
    "LargeUnknown",
    "list_large",
    "load_large",
    "open_large",
]


@dataclass(frozen=True, eq=False)
class LargeCaptioner(ABC):
    """A vision transformer, a language model that asks it by cross-attention, and their ways with pictures and words.

    Attributes:
        network: which one it is.
        model: of `transformers`, in evaluation mode, with attention that is computed openly ("eager").
        tokenizer: numbers to pieces of words.
        processor: picture to tensor; it squashes the picture to a square.
    """

    network: LargeNetwork
    model: Any
    tokenizer: Any
    processor: Any

    @property
    def parameters(self) -> int:
        """Number of weights, those that stand in two places counted once."""
        return sum(p.numel() for p in self.model.parameters())

    def tensor(self, image: Image.Image) -> Tensor:
        """The network's input: (1, 3, H, W), normalised, on its device."""
        pixels: Tensor = self.processor(images=image, return_tensors="pt")["pixel_values"]
        return pixels.to(self.model.device)

    def describe(self, image: Image.Image, beam_size: int = 3) -> LargeCaption:
        """The most probable sentence that a beam search finds, and what was looked at before every word.

        Args:
            image: RGB.
            beam_size: sentences kept at a time; 1 is greedy. They are ordered by their mean log probability a token.
        """
        import torch

        with torch.inference_mode():
            x = self.tensor(image)
            seen = self.look(x)
            written = self.write(seen, beam_size)[1:]  # without the mark that every sentence begins with
            numbers = written[: written.index(self.end)] if self.end in written else written
            side = self.patch
            return self.follow(seen, numbers, (x.shape[2] // side, x.shape[3] // side))

    def follow(self, seen: Tensor, numbers: Sequence[int], grid: tuple[int, int]) -> LargeCaption:
        """The caption of a sentence that is known as numbers: one pass, in which every token is read after the others.

        Args:
            seen: (1, 1 + h * w, D) from `look`.
            numbers: N tokens without marks.
            grid: h and w.
        """
        import torch

        with torch.inference_mode():
            logits, cross = self.read(seen, torch.tensor([[self.start, *numbers]], device=seen.device))
            spoken = logits[0].float().log_softmax(dim=-1).cpu().numpy()  # (N + 1, V)
            # Token n is written where the one before it is read, so its attention is that of place n.
            weights = torch.stack([layer[0] for layer in cross]).float().cpu().numpy()  # (L, H, N + 1, 1 + h * w)
        count = len(numbers)
        weights = np.ascontiguousarray(weights[:, :, :count].transpose(2, 0, 1, 3))  # (N, L, H, 1 + h * w)
        tokens = [str(token) for token in self.tokenizer.convert_ids_to_tokens(list(numbers))]
        spans = find_spans([place == 0 or not self.continues(token) for place, token in enumerate(tokens)])
        words = [
            self.tokenizer.decode(list(numbers[first:last])).strip() or "".join(tokens[first:last])
            for first, last in spans
        ]
        return LargeCaption(
            words=tuple(words),
            tokens=tuple(tokens),
            spans=spans,
            token_attention=weights[..., 1:].reshape(*weights.shape[:3], *grid),
            token_class_share=weights[..., 0],
            token_log_probabilities=spoken[np.arange(count), list(numbers)].astype(np.float32),
            end=float(spoken[count, self.end]),
        )

    @property
    @abstractmethod
    def start(self) -> int:
        """Number of the mark that every sentence begins with."""

    @property
    @abstractmethod
    def end(self) -> int:
        """Number of the mark that ends a sentence."""

    @property
    @abstractmethod
    def patch(self) -> int:
        """Side of a patch, in pixels of the input."""

    @abstractmethod
    def continues(self, token: str) -> bool:
        """Whether a token goes on with the word before it."""

    @abstractmethod
    def look(self, x: Tensor) -> Tensor:
        """What the vision transformer makes of an input: (1, 1 + h * w, D), the class token first."""

    @abstractmethod
    def write(self, seen: Tensor, beam_size: int) -> list[int]:
        """Numbers of the tokens of the best sentence, marks included."""

    @abstractmethod
    def read(self, seen: Tensor, numbers: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        """One pass over (1, N) numbers: logits (1, N, V), and each layer's cross-attention (1, H, N, 1 + h * w)."""


class Blip(LargeCaptioner):
    """BLIP (Li et al. 2022): a BERT that reads its own words and looks at the picture in every layer."""

    @property
    def start(self) -> int:
        return int(self.model.config.text_config.bos_token_id)

    @property
    def end(self) -> int:
        return int(self.model.config.text_config.sep_token_id)

    @property
    def patch(self) -> int:
        return int(self.model.config.vision_config.patch_size)

    def continues(self, token: str) -> bool:
        return token.startswith("##")  # WordPiece

    def look(self, x: Tensor) -> Tensor:
        return self.model.vision_model(pixel_values=x).last_hidden_state

    def write(self, seen: Tensor, beam_size: int) -> list[int]:
        import torch

        written = self.model.text_decoder.generate(
            input_ids=torch.tensor([[self.start]], device=seen.device),
            encoder_hidden_states=seen,
            encoder_attention_mask=torch.ones(seen.shape[:2], dtype=torch.long, device=seen.device),
            eos_token_id=self.end,
            pad_token_id=self.model.config.text_config.pad_token_id,
            **_search(beam_size),
        )
        return [int(number) for number in written[0]]

    def read(self, seen: Tensor, numbers: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        output = self.model.text_decoder(
            input_ids=numbers, encoder_hidden_states=seen, output_attentions=True, use_cache=False, return_dict=True
        )
        return output.logits, output.cross_attentions


class VisionEncoderDecoder(LargeCaptioner):
    """A ViT and a GPT-2 with cross-attention in every block."""

    @property
    def start(self) -> int:
        config = self.model.config
        return int(_first(config.decoder_start_token_id, config.decoder.bos_token_id))

    @property
    def end(self) -> int:
        config = self.model.config
        return int(_first(config.eos_token_id, config.decoder.eos_token_id))

    @property
    def patch(self) -> int:
        return int(self.model.config.encoder.patch_size)

    def continues(self, token: str) -> bool:
        return not token.startswith("Ġ")  # the space before a word, as byte-level BPE writes it

    def look(self, x: Tensor) -> Tensor:
        return self.model.encoder(pixel_values=x).last_hidden_state

    def write(self, seen: Tensor, beam_size: int) -> list[int]:
        from transformers.modeling_outputs import BaseModelOutput

        written = self.model.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=seen),
            decoder_start_token_id=self.start,
            eos_token_id=self.end,
            pad_token_id=_first(self.model.config.pad_token_id, self.end),
            **_search(beam_size),
        )
        return [int(number) for number in written[0]]

    def read(self, seen: Tensor, numbers: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        from transformers.modeling_outputs import BaseModelOutput

        output = self.model(
            encoder_outputs=BaseModelOutput(last_hidden_state=seen),
            decoder_input_ids=numbers,
            output_attentions=True,
            use_cache=False,
            return_dict=True,
        )
        return output.logits, output.cross_attentions


def list_large() -> tuple[str, ...]:
    """Names of the large captioners; whether one can be opened here is known only when it is."""
    return tuple(NETWORKS)


def load_large(name: str, device: str = "auto", progress: Progress | None = None) -> LargeCaptioner:
    """Open a large captioner, downloaded where it is not in Hugging Face's cache; about a gigabyte each.

    Args:
        name: one of `list_large()`.
        device: as for `explorer.zoo.load_model`.
        progress: called during a download with the bytes so far and in all.

    Raises:
        LargeUnknown: no such captioner.
        ExtraMissing: `transformers` is not installed.
        LargeUnavailable: its files are not here and cannot be had, or do not fit it.
        DeviceUnavailable: no such device.
    """
    from explorer.device import resolve_device

    network = find_network(name)
    check_extra()
    where = resolve_device(device)
    return open_large(network, ensure_large(name, progress), str(where))


def open_large(network: LargeNetwork, folder: Path, device: str = "cpu") -> LargeCaptioner:
    """Open a folder with a network's files; nothing is asked of the internet.

    Raises:
        ExtraMissing: `transformers` is not installed, or broken.
        LargeUnavailable: the files do not make this network.
    """
    import torch
    from safetensors import SafetensorError

    try:
        library: Any = import_module("transformers")  # untyped: it is not there for everybody
    except ImportError as error:
        raise ExtraMissing(say_missing("transformers")) from error
    try:
        # The classes by name: nothing in the files chooses what program is run.
        if network.family == "blip":
            parts = library.BlipForConditionalGeneration, library.BertTokenizerFast, library.BlipImageProcessor
        else:
            parts = library.VisionEncoderDecoderModel, library.GPT2TokenizerFast, library.ViTImageProcessor
        model, report = parts[0].from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="eager",
            output_loading_info=True,
        )
        tokenizer, processor = (part.from_pretrained(folder, local_files_only=True) for part in parts[1:])
    except (
        *(OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError),
        SafetensorError,
    ) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise LargeUnavailable(
            f"The files of {network.title} cannot be opened ({first}); delete {folder} to download them again."
        ) from error
    # What a file lacks would be filled with random numbers. The pooler sums a picture up for tasks other than this.
    lacking = sorted(key for key in report["missing_keys"] if ".pooler." not in key)
    if lacking or report["mismatched_keys"]:
        raise LargeUnavailable(
            f"The file of {network.title} lacks weights or has others ({', '.join(lacking[:3]) or 'shapes'}); "
            f"delete {folder} to download it again."
        )
    model.eval().requires_grad_(False).to(device)
    family = Blip if network.family == "blip" else VisionEncoderDecoder
    return family(network, model, tokenizer, processor)


def _search(beam_size: int) -> dict[str, Any]:
    """How to seek a sentence: by beams, without chance, whatever a network's own settings are."""
    return {"num_beams": beam_size, "do_sample": False, "max_new_tokens": LONGEST, "min_length": 0}


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)
