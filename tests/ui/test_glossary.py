"""Every technical term that a page's texts use is explained, and the browser looks for it by the same rule."""

import ast
import re
from pathlib import Path

import pytest

import explorer
from explorer.terms import TERMS, find_terms
from explorer.ui.app import PAGES

CODE = Path(explorer.__file__).parent

# What the field's textbooks have in their index, written down without looking at the glossary.
VOCABULARY = """
    ablation; accuracy; AdaGrad; Adam; attention; attention head; augmentation; autoencoder; batch norm;
    batch normalisation; beam search; bias; channel; class activation map; class token; convolution; cosine;
    cross-entropy; CutMix; decoder; depthwise; dilation; dropout; embedding; encoder; entropy; epoch; faithful;
    feature map; filter; fine-tune; frozen; GAN; gate; Grad-CAM; gradient; greedy; guided backpropagation; heatmap;
    hidden state; integrated gradients; kernel; learning rate; log-probability; logit; loss; LSTM; max pooling;
    mixup; momentum; near-duplicate; Nyquist frequency; occlusion; ONNX; optimiser; padding; parameter; patch;
    pooling; receptive field; ReLU; ReLU6; RMSProp; RNN; saliency; seed; softmax; standard deviation; stride; token;
    transformer; transposed convolution; validation; vanishing gradient; vocabulary
"""
BEHIND = {  # the library's texts that a page shows
    "layers": ["anatomy/descriptions.py", "anatomy/overview.py"],
    "filters": ["anatomy/filters.py", "anatomy/convolutions.py"],
    "convolution": ["anatomy/descriptions.py"],
    "saliency": ["saliency/methods.py", "saliency/concepts/describing.py"],
    "augmentation": ["augmentation/describing.py"],
    "transfer": ["transfer/evaluation/describing.py"],
    "captions": ["captioning/describing.py"],
    "deck": [f"deck/topics/{file.name}" for file in (CODE / "deck" / "topics").glob("*.*")],
}


def texts_of(page: str) -> str:
    """Every sentence in the code of a page: strings with a space that are no docstring, and files that are data."""
    found = []
    for file in [*(CODE / "ui" / page).rglob("*.py"), *(CODE / name for name in BEHIND.get(page, []))]:
        text = file.read_text(encoding="utf-8")
        if file.suffix != ".py":
            found.append(text)
            continue
        tree = ast.parse(text)
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
            if id(node) not in docstrings
        ]
    return "\n".join(found)


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_every_term_of_a_page_is_explained(page: str) -> None:
    text = texts_of(page)
    words = [word.strip() for word in VOCABULARY.split(";")]
    used = [word for word in words if re.search(rf"\b{re.escape(word)}s?\b", text, re.IGNORECASE)]
    assert used
    explained = {name.lower() for term in find_terms(text) for name in term.names}
    longer = {word for word in used for name in explained if word.lower() in name}
    assert [word for word in used if word.lower() not in explained and word not in longer] == []


def test_terms_are_unambiguous_and_said_in_a_sentence() -> None:
    names = [name.lower() for term in TERMS for name in term.names]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w '-]+", name) for name in names)  # nothing that a regular expression takes amiss
    for term in TERMS:
        assert re.fullmatch(r"[A-Z0-9−].*\.", term.meaning), term
        assert len(term.meaning) < 200, term


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Two ReLUs and a softmax.", ["ReLU", "softmax"]),
        ("RECEPTIVE FIELDS", ["receptive field"]),
        ("a max pooling, then pooling", ["max pooling", "pooling"]),
        ("multiply-adds; a multiplier; bitmaps; kernels' sizes", ["multiply-add", "kernel"]),
        ("pre-softmax, softmaxed, a bit of a head", []),
    ],
)
def test_a_term_is_found_as_a_whole_word(text: str, names: list[str]) -> None:
    assert [term.names[0] for term in find_terms(text)] == names
