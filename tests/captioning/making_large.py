"""Large captioners in small: random weights, real classes of `transformers`, and a vocabulary of a few words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from explorer.captioning.large import Blip, LargeCaptioner, VisionEncoderDecoder
from explorer.captioning.large_files import NETWORKS

PIECES = ("a", "dog", "##s", "run", "##ning", "on", "grass", "red", "ball", "##y", "##ed", "the")
SIDE, PATCH = 24, 8  # pixels; 3 x 3 patches


SEEDS = {"blip": 21, "vit-gpt2": 0}  # of captioners that say something, and by beams something else than greedily


def toy_large(name: str, seed: int | None = None) -> LargeCaptioner:
    """A captioner built like "blip" or "vit-gpt2": 2 layers of 3 heads over 3 x 3 patches.

    Its weights are scaled up, so that its opinions differ from place to place and from patch to patch.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEEDS[name] if seed is None else seed)
        model = _blip() if name == "blip" else _encoder_decoder()
        for key, parameter in model.named_parameters():
            if "position" in key or "wpe" in key:
                parameter.data.normal_(std=3.0)
            elif parameter.ndim > 1:
                parameter.data.normal_(std=0.5)
        if name == "blip":  # no marks within a sentence, but the one at its end
            model.text_decoder.cls.predictions.bias.data[[0, 1, 2, 4, 5]] = -50.0
    model.eval().requires_grad_(False)
    if name == "blip":
        return Blip(NETWORKS[name], model, word_pieces(), _processor("BlipImageProcessor"))
    return VisionEncoderDecoder(NETWORKS[name], model, byte_pairs(), _processor("ViTImageProcessor"))


def save_large(captioner: LargeCaptioner, folder: Path) -> Path:
    """Its files as Hugging Face keeps them, weights as safetensors."""
    for part in (captioner.model, captioner.tokenizer, captioner.processor):
        part.save_pretrained(folder)
    return folder


def _blip() -> Any:
    from transformers import BlipConfig, BlipForConditionalGeneration

    count = len(word_pieces())
    text = {
        "vocab_size": count,
        "hidden_size": 12,
        "encoder_hidden_size": 16,
        "intermediate_size": 20,
        "projection_dim": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "max_position_embeddings": 40,
        "bos_token_id": 4,
        "eos_token_id": 3,
        "sep_token_id": 3,
        "pad_token_id": 0,
    }
    vision = {
        "hidden_size": 16,
        "intermediate_size": 20,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": PATCH,
    }
    return BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision, projection_dim=8))


def _encoder_decoder() -> Any:
    from transformers import GPT2Config, VisionEncoderDecoderConfig, VisionEncoderDecoderModel, ViTConfig

    vision = ViTConfig(
        hidden_size=16,
        intermediate_size=20,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=SIDE,
        patch_size=PATCH,
    )
    end = len(byte_pairs()) - 1
    text = GPT2Config(
        vocab_size=end + 1,
        n_embd=12,
        n_layer=2,
        n_head=3,
        n_positions=40,
        bos_token_id=end,
        eos_token_id=end,
        add_cross_attention=True,
        is_decoder=True,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(vision, text)
    config.decoder_start_token_id = config.eos_token_id = config.pad_token_id = end
    return VisionEncoderDecoderModel._from_config(config, attn_implementation="eager")


def word_pieces() -> Any:
    """A BERT tokenizer: pieces that go on with a word begin with ##."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import BertTokenizerFast

    marks = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", "[MASK]")
    inner = Tokenizer(models.WordPiece({word: i for i, word in enumerate((*marks, *PIECES))}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.decoder = decoders.WordPiece()
    return BertTokenizerFast(tokenizer_object=inner)


def byte_pairs() -> Any:
    """A GPT-2 tokenizer: pieces that begin a word begin with Ġ, the space before it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2TokenizerFast

    pieces = [piece.removeprefix("##") if piece.startswith("##") else f"Ġ{piece}" for piece in PIECES]
    words = {word: i for i, word in enumerate((*pieces, "<|endoftext|>"))}
    inner = Tokenizer(models.BPE(words, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return GPT2TokenizerFast(tokenizer_object=inner)


def _processor(name: str) -> Any:
    import transformers

    return getattr(transformers, name)(size={"height": SIDE, "width": SIDE})
