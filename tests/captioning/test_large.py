"""Large captioners in small: against the models of `transformers` asked by hand."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from explorer.captioning import large, large_files
from explorer.captioning.large import (
    ExtraMissing,
    LargeCaption,
    LargeCaptioner,
    LargeUnavailable,
    LargeUnknown,
    list_large,
    load_large,
    open_large,
)
from explorer.captioning.large_caption import find_spans
from explorer.captioning.large_files import INSTALL, NETWORKS, cached_folder, ensure_large
from tests.captioning.making_large import PATCH, SIDE, save_large, toy_large

WHY = "the extra of large captioners is not installed"
NAMES = ("blip", "vit-gpt2")


def photo() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 50, 3), dtype=np.uint8))


@pytest.fixture(scope="module", params=NAMES)
def captioner(request: pytest.FixtureRequest) -> LargeCaptioner:
    pytest.importorskip("transformers", reason=WHY)
    return toy_large(request.param)


@pytest.fixture(scope="module")
def caption(captioner: LargeCaptioner) -> LargeCaption:
    return captioner.describe(photo())


def read_whole(captioner: LargeCaptioner, numbers: list[int]) -> Any:
    """One plain forward pass of the whole model over the picture and a sentence, marks included."""
    import torch

    x = captioner.processor(images=photo(), return_tensors="pt")["pixel_values"]
    read = torch.tensor([numbers])
    with torch.inference_mode():
        if captioner.network.family == "blip":
            return captioner.model(pixel_values=x, input_ids=read).logits[0]
        return captioner.model(pixel_values=x, decoder_input_ids=read).logits[0]


def numbers_of(captioner: LargeCaptioner, caption: LargeCaption) -> list[int]:
    return list(captioner.tokenizer.convert_tokens_to_ids(list(caption.tokens)))


# What is said.


def test_the_toys_are_worth_testing(captioner: LargeCaptioner, caption: LargeCaption) -> None:
    assert 2 < len(caption.words) < len(caption.tokens) < large.LONGEST
    assert captioner.describe(photo(), beam_size=1).tokens != caption.tokens
    assert captioner.parameters == len(np.concatenate([p.numpy().ravel() for p in captioner.model.parameters()]))


def test_one_beam_is_greedy(captioner: LargeCaptioner) -> None:
    numbers = [captioner.start]
    while len(numbers) <= large.LONGEST:
        likeliest = int(read_whole(captioner, numbers)[-1].argmax())
        if likeliest == captioner.end:
            break
        numbers.append(likeliest)
    assert numbers_of(captioner, captioner.describe(photo(), beam_size=1)) == numbers[1:]


def test_the_log_probabilities_are_those_of_a_plain_pass(captioner: LargeCaptioner, caption: LargeCaption) -> None:
    numbers = numbers_of(captioner, caption)
    spoken = read_whole(captioner, [captioner.start, *numbers]).log_softmax(dim=-1).numpy()
    expected = [spoken[place, number] for place, number in enumerate(numbers)]
    np.testing.assert_allclose(caption.token_log_probabilities, expected, rtol=1e-4, atol=1e-5)
    assert caption.end == pytest.approx(spoken[-1, captioner.end], abs=1e-4)
    by_word = [sum(expected[first:last]) for first, last in caption.spans]
    np.testing.assert_allclose(caption.log_probabilities, by_word, rtol=1e-4, atol=1e-5)
    assert caption.log_probability == pytest.approx(sum(expected) + caption.end, abs=1e-4)


def test_a_wider_search_is_no_worse_for_its_own_measure(captioner: LargeCaptioner, caption: LargeCaption) -> None:
    """The mean log probability a token, as the search orders sentences that have ended."""
    greedy = captioner.describe(photo(), beam_size=1)
    means = [each.log_probability / (len(each.tokens) + 1) for each in (greedy, caption)]
    assert means[1] >= means[0] - 1e-5


def test_words_are_their_tokens_joined(captioner: LargeCaptioner, caption: LargeCaption) -> None:
    assert caption.text == " ".join(caption.words)
    assert caption.spans[0][0] == 0
    assert caption.spans[-1][1] == len(caption.tokens)
    for place, (word, (first, last)) in enumerate(zip(caption.words, caption.spans, strict=True)):
        pieces = caption.tokens[first:last]
        assert word.removeprefix("##") == "".join(piece.removeprefix("##").removeprefix("Ġ") for piece in pieces)
        if place:
            assert not captioner.continues(pieces[0])
        assert all(captioner.continues(piece) for piece in pieces[1:])


@given(st.lists(st.booleans(), max_size=12))
def test_spans_cover_all_tokens_once(begins: list[bool]) -> None:
    begins = [True, *begins[1:]] if begins else []
    spans = find_spans(begins)
    assert [place for first, last in spans for place in range(first, last)] == list(range(len(begins)))
    assert [first for first, _ in spans] == [place for place, first in enumerate(begins) if first]


# What was looked at.


def test_shapes(caption: LargeCaption) -> None:
    words, tokens, side = len(caption.words), len(caption.tokens), SIDE // PATCH
    assert caption.token_attention.shape == (tokens, 2, 3, side, side)
    assert caption.attention.shape == (words, 2, 3, side, side)
    assert caption.class_share.shape == caption.entropy.shape == (words, 2, 3)
    assert caption.log_probabilities.shape == (words,)
    assert caption.attention.dtype == caption.token_attention.dtype == np.float32


def test_patches_and_class_token_make_one(caption: LargeCaption) -> None:
    for attention, share in (
        (caption.token_attention, caption.token_class_share),
        (caption.attention, caption.class_share),
    ):
        np.testing.assert_allclose(attention.sum(axis=(-1, -2)) + share, 1.0, atol=1e-5)
        assert (attention >= 0).all()
    assert 0 < caption.class_share.mean() < 1


def test_the_first_layer_by_hand(captioner: LargeCaptioner, caption: LargeCaption) -> None:
    """softmax(q k / sqrt(d)) from the weights themselves, before the last token of the sentence."""
    import torch

    numbers = [captioner.start, *numbers_of(captioner, caption)][:-1]
    with torch.inference_mode():
        seen = captioner.look(captioner.tensor(photo()))
        read = torch.tensor([numbers])
        if captioner.network.family == "blip":
            body = captioner.model.text_decoder.bert
            layer = body.encoder.layer[0]
            mask = torch.full((len(numbers),) * 2, -torch.inf).triu(1)[None, None]
            before = layer.attention(body.embeddings(read), attention_mask=mask)[0]
            q, k = layer.crossattention.self.query(before), layer.crossattention.self.key(seen)
        else:
            body = captioner.model.decoder.transformer
            block = body.h[0]
            before = body.wte(read) + body.wpe(torch.arange(len(numbers)))[None]
            mask = torch.full((len(numbers),) * 2, -torch.inf).triu(1)[None, None]
            before = before + block.attn(block.ln_1(before), attention_mask=mask)[0]
            q = block.crossattention.q_attn(block.ln_cross_attn(before))
            if hasattr(captioner.model, "enc_to_dec_proj"):
                seen = captioner.model.enc_to_dec_proj(seen)
            k = block.crossattention.c_attn(seen)[..., :12]
        q, k = q[0, -1].view(3, 4), k[0].view(-1, 3, 4)
        weights = torch.einsum("hd,lhd->hl", q, k).div(2.0).softmax(dim=-1).numpy()
    np.testing.assert_allclose(caption.token_class_share[-1, 0], weights[:, 0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(caption.token_attention[-1, 0].reshape(3, -1), weights[:, 1:], rtol=1e-4, atol=1e-6)


def test_a_word_has_the_mean_of_its_tokens(caption: LargeCaption) -> None:
    word, (first, last) = max(enumerate(caption.spans), key=lambda each: each[1][1] - each[1][0])
    assert last - first > 1
    mean = np.mean([caption.token_attention[token] for token in range(first, last)], axis=0)
    np.testing.assert_allclose(caption.attention[word], mean, rtol=1e-6)


def test_means_and_choices_of_layers_and_heads(caption: LargeCaption) -> None:
    own = caption.attention[1]
    np.testing.assert_allclose(caption.map_of(1), sum(own[i, j] for i in range(2) for j in range(3)) / 6, rtol=1e-5)
    np.testing.assert_allclose(caption.map_of(1, layer=1), sum(own[1, j] for j in range(3)) / 3, rtol=1e-5)
    np.testing.assert_allclose(caption.map_of(1, head=2), (own[0, 2] + own[1, 2]) / 2, rtol=1e-5)
    np.testing.assert_array_equal(caption.map_of(1, 0, 1), own[0, 1])


def test_entropy_says_how_widely_a_head_looks(caption: LargeCaption) -> None:
    shares = caption.attention[0, 1, 2].ravel().astype(float)
    shares /= shares.sum()
    expected = -sum(share * math.log2(share) for share in shares if share > 0)
    assert caption.entropy[0, 1, 2] == pytest.approx(expected, abs=1e-6)
    flat, single = np.full((1, 1, 1, 3, 3), 0.1, np.float32), np.zeros((1, 1, 1, 3, 3), np.float32)
    single[..., 1, 2] = 0.3
    for attention, bits in ((flat, math.log2(9)), (single, 0.0), (0 * single, np.nan)):
        made = LargeCaption(
            ("a",), ("a",), ((0, 1),), attention, 1 - attention.sum((-1, -2)), np.zeros(1, np.float32), 0.0
        )
        np.testing.assert_allclose(made.entropy, bits, atol=1e-6)


def test_a_sentence_without_a_word(captioner: LargeCaptioner) -> None:
    nothing = captioner.follow(captioner.look(captioner.tensor(photo())), [], (3, 3))
    spoken = read_whole(captioner, [captioner.start]).log_softmax(dim=-1)
    assert nothing.words == nothing.tokens == nothing.spans == ()
    assert nothing.attention.shape == (0, 2, 3, 3, 3)
    assert nothing.entropy.shape == (0, 2, 3)
    assert nothing.log_probability == pytest.approx(float(spoken[-1, captioner.end]), abs=1e-4)


def test_describing_leaves_the_network_as_it_was(captioner: LargeCaptioner) -> None:
    before = {key: value.clone() for key, value in captioner.model.state_dict().items()}
    again = [captioner.describe(photo()) for _ in range(2)]
    np.testing.assert_array_equal(again[0].token_attention, again[1].token_attention)
    assert not captioner.model.training
    for key, value in captioner.model.state_dict().items():
        assert value.equal(before[key])


# Files.


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of Hugging Face's."""
    hub = pytest.importorskip("huggingface_hub", reason=WHY)
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def snapshot(cache: Path, name: str, revision: str = "0123abcd") -> Path:
    return cache / f"models--{NETWORKS[name].repository.replace('/', '--')}" / "snapshots" / revision


def test_files_in_the_cache_are_opened_as_they_are(
    captioner: LargeCaptioner, caption: LargeCaption, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = captioner.network.name
    monkeypatch.setattr(large_files, "_locate", lambda *_: pytest.fail("asked the internet"))
    folder = save_large(captioner, snapshot(cache, name))
    assert cached_folder(name) == folder
    opened = load_large(name, "cpu").describe(photo())
    assert opened.tokens == caption.tokens
    assert opened.words == caption.words
    np.testing.assert_allclose(opened.token_attention, caption.token_attention, atol=1e-5)
    np.testing.assert_allclose(opened.log_probabilities, caption.log_probabilities, atol=1e-4)


def test_a_file_that_lacks_weights_is_refused(captioner: LargeCaptioner, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = save_large(captioner, tmp_path)
    path = folder / "model.safetensors"
    state = load_file(path)
    gone = next(key for key in state if "cross" in key)
    state.pop(gone)
    save_file(state, path, {"format": "pt"})
    with pytest.raises(LargeUnavailable, match="lacks weights") as refused:
        open_large(captioner.network, folder)
    assert gone in str(refused.value)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json", "preprocessor_config.json"])
def test_damaged_files_are_one_sentence(file: str, captioner: LargeCaptioner, tmp_path: Path) -> None:
    folder = save_large(captioner, tmp_path)
    (folder / file).write_bytes(b"nonsense")
    with pytest.raises(LargeUnavailable, match=f"The files of {captioner.network.title} cannot be opened"):
        open_large(captioner.network, folder)


def test_half_a_snapshot_is_none(cache: Path) -> None:
    folder = snapshot(cache, "blip")
    folder.mkdir(parents=True)
    for file in large_files.NEEDED[1:]:
        (folder / file).write_text("{}")
    assert cached_folder("blip") is None


# Names, and what is missing.


def test_names() -> None:
    assert list_large() == NAMES
    assert NETWORKS["blip"].repository == "Salesforce/blip-image-captioning-base"
    assert NETWORKS["vit-gpt2"].repository == "nlpconnect/vit-gpt2-image-captioning"
    for ask in (load_large, ensure_large, cached_folder):
        with pytest.raises(LargeUnknown, match=r"^There is no large captioner 'blimp'; there are blip, vit-gpt2\.$"):
            ask("blimp")


@pytest.mark.parametrize("library", ["transformers", "huggingface_hub"])
def test_without_the_extra_there_is_one_sentence(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    monkeypatch.setattr(large_files, "find_spec", lambda each: None if each == library else object())
    for ask in (load_large, ensure_large, cached_folder):
        with pytest.raises(ExtraMissing) as missing:
            ask("blip")
        assert str(missing.value) == f"Large captioners need {library}, an extra that is not installed here: {INSTALL}"


def test_an_extra_that_does_not_import_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ExtraMissing, match=r"pip install -r requirements-extra\.txt"):
        open_large(NETWORKS["blip"], tmp_path)


def test_the_install_line_installs_it() -> None:
    file = Path(__file__).parents[2] / INSTALL.split()[-1]
    lines = [line.split(">=")[0] for line in file.read_text().splitlines() if line and not line.startswith("#")]
    assert {"transformers", "huggingface_hub"} <= set(lines)
