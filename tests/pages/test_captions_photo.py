"""What photo captioners add to the Captions page: copied nouns, likeness, heads of our Transformer, and the grid."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from explorer.captioning import Captioner, Vocabulary, list_captioners, load_captioner, loading
from explorer.captioning.encoder import PhotoEncoder
from explorer.captioning.familiarity import learn_kinds
from explorer.captioning.heads import read_heads
from explorer.captioning.nouns import NOUNS, is_noun
from explorer.captioning.vocabulary import END, MARKS
from explorer.samples import SAMPLES
from explorer.zoo import list_shipped
from tests.pages.opening import Browser, open_page, texts_of
from tests.pages.toy_captions import best_words, caption_subject_of, run_code

pytestmark = pytest.mark.skipif("efficientnet-lite0" not in list_shipped(), reason="its package is not installed")
KNOWN = ("a", "dog", "cat", "runs", "sits", "on", "grass", "the", "red", "ball", "man", "stands")
DECODERS: dict[str, dict[str, Any]] = {
    "lstm": {"kind": "lstm", "embedding": 8, "cell": 8, "hidden": 9, "attention": 5},
    "transformer": {"kind": "transformer", "embedding": 8, "layers": 2, "heads": 2, "inner": 16, "longest": 26},
}


@pytest.fixture(params=["lstm", "transformer"])
def toy(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Captioner:
    """The only captioner there is: random weights behind the real encoder, at 64 pixels."""
    own = tmp_path / "models" / f"toy-{request.param}"
    own.mkdir(parents=True)
    vocabulary = Vocabulary((*MARKS, *KNOWN, *(noun for noun in NOUNS if noun not in KNOWN)))
    card = {**DECODERS[request.param], "known": len(MARKS) + len(KNOWN)}
    classifier = loading.open_lite("efficientnet-lite0").classifier
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        decoder = loading.build_decoder(card, vocabulary, PhotoEncoder.annotation, classifier)
    decoder.trust.data[1] = 1.5  # so that something is copied
    decoder.bias.data[END] = -1.5  # and a few words are said before the end
    state = {f"decoder.{key}": value.contiguous() for key, value in decoder.state_dict().items()}
    save_file(state, own / "weights.safetensors")
    (own / "vocabulary.json").write_text(vocabulary.to_json(), encoding="utf-8")
    facts = {"name": own.name, "title": "Toy", "encoder": {"network": "efficientnet-lite0"}, "decoder": card}
    (own / "card.json").write_text(json.dumps({**facts, "input_size": 64}), encoding="utf-8")
    monkeypatch.setattr(loading, "MODELS", own.parent)
    (own.parent / loading.DEFAULT).mkdir()
    random = np.random.default_rng(0)
    features = random.standard_normal((40, 1280)) + 1
    learn_kinds(features, [[("a", "dog")]] * 40, features[:20], kinds=4).save(
        own.parent / loading.DEFAULT / loading.KINDS_FILE
    )
    list_captioners.cache_clear()
    yield load_captioner(own.name)
    monkeypatch.undo()
    list_captioners.cache_clear()


def test_the_page_opens_on_a_noun_and_says_what_was_copied(toy: Captioner, browser_side: Browser) -> None:
    app = open_page("captions")
    subject = caption_subject_of(app)
    words = best_words(toy, subject)
    caption = browser_side.players["player"]["caption"]
    assert caption.words == words
    if any(map(is_noun, words)):
        assert is_noun(words[caption.first_noun])
    guesses = toy.guess_nouns(subject.seen)
    assert guesses[0].noun == "cat"  # the sample is a cat, and the classifier knows it
    said = texts_of(app)
    assert f"cat {guesses[0].probability:.0%}"[:6] in said
    likeness = toy.judge(subject.seen)
    assert likeness is not None
    assert f"than {likeness.percentile:.0f} of 100" in said + "".join(each.value for each in app.warning)
    np.testing.assert_allclose(browser_side.arrays("watching")["copied"], caption.copied)
    run_code(app)


def test_the_copied_share_is_that_of_the_words_probability(toy: Captioner) -> None:
    """Without copying a word has less probability, by just that share."""
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    a = toy.look(image)
    noun = toy.guess_nouns(a)[0].noun
    caption = toy.read(a, ["a", noun])
    led = toy.teacher_force(a, ["a", noun])
    vector = led.steps[1].vector
    number = toy.vocabulary.encode([noun])[0]
    own = toy.decoder.write(vector)[0].clone()
    copies = toy.decoder.copy_scores(vector[:, None], led.nouns)[0, 0]
    place = led.nouns.words[0].tolist().index(number)
    share = float(torch.sigmoid(copies[place] - own[number]))
    assert caption.copied[1] == pytest.approx(share, abs=1e-4)
    assert caption.copied[0] == 0


def test_inside_a_transformer_are_its_heads(toy: Captioner, browser_side: Browser) -> None:
    app = open_page("captions", {"part": "Inside the decoder"})
    subject = caption_subject_of(app)
    words = best_words(toy, subject)
    assert words
    if toy.name.endswith("lstm"):
        assert browser_side.arrays("inside-offer")["cell"].shape == (len(words), 9)
        with pytest.raises(ValueError, match="no heads"):
            read_heads(toy, subject.seen, words)
        return
    caption = read_heads(toy, subject.seen, words)
    assert caption.attention.shape == (len(words), 2, 2, 2, 2)
    np.testing.assert_allclose(caption.attention.sum(axis=(3, 4)) + caption.class_share, 1, atol=1e-5)
    plain = toy.follow(subject.seen, [toy.vocabulary.encode(words)])[0]
    np.testing.assert_allclose(caption.log_probabilities, plain.log_probabilities, atol=1e-5)
    mean = caption.attention.mean(axis=(1, 2))
    np.testing.assert_allclose(mean / mean.sum(axis=(1, 2), keepdims=True), plain.attention, atol=1e-5)
    arrays = browser_side.arrays("heads-offer")
    np.testing.assert_allclose(arrays["attention"], caption.attention, atol=1e-6)
    assert "the classifier's nouns" in texts_of(app)
    run_code(app)


def test_all_pictures_on_one_grid(toy: Captioner, browser_side: Browser) -> None:
    app = open_page("captions", {"part": "All your pictures"})
    label, data, name = browser_side.downloads["grid-csv"]
    assert (label, name) == ("CSV", f"{toy.name}-captions.csv")
    rows = list(csv.reader(io.StringIO(data)))
    assert [row[0] for row in rows[1:]] == [sample.title for sample in SAMPLES]
    said = [element.value for element in app.main.text]
    assert [row[1] for row in rows[1:] if row[1]] == [each for each in said if not each.startswith("It has nothing")]
    run_code(app)
