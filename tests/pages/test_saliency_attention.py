"""Attention inside a network: every control, against the library and the modules asked directly."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import log2
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torchvision.ops.misc import SqueezeExcitation

import explorer.zoo
from explorer.feature_visualization import Objective, Recipe, find_layers, record_maps
from explorer.rendering import decode_png
from explorer.saliency import class_relevance, networks_with_attention, self_attention, window_attention
from explorer.ui.saliency.attention_heads import LARGE
from explorer.ui.saliency.vit_attention import ANY_CLASS, MEAN
from explorer.ui.session.pictures import get_picture, list_pictures
from explorer.ui.session.subject import Subject, open_network
from explorer.ui.shared.preferred_input import part
from explorer.ui.shared.preferred_input.evidence import find_evidence
from explorer.zoo import VisionModel, download, list_shipped, list_torchvision, list_transformers, random_model
from tests.anatomy.networks import as_model
from tests.pages import opening
from tests.pages.opening import ROOT, SECONDS, Browser, open_page, run, run_snippet, texts_of
from tests.saliency.test_attention import small_transformer
from tests.saliency.test_windows import small_swin

PART = {"part": "Attention inside"}
GATED, TOKENS, WINDOWS, OURS = "mobilenet_v3_small", "vit_b_16", "swin_t", "photo-vit"


@pytest.fixture(autouse=True)
def no_downloads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Networks that have to be downloaded open with random weights, transformers as small ones of their kind."""
    original = explorer.zoo.load_model

    def open_here(name: str, device: str = "auto", weights: bytes | None = None, progress: Any = None) -> VisionModel:
        if name in (*list_shipped(), OURS):
            return original(name, device, weights, progress)
        if name == TOKENS:
            return as_model(small_transformer(), name)
        if name == WINDOWS:
            return small_swin()
        return random_model(name)

    monkeypatch.setattr(explorer.zoo, "load_model", open_here)
    monkeypatch.setattr(download, "is_cached", lambda name: True)
    open_network.clear()
    yield
    open_network.clear()  # other tests want the real ones


def open_attention(name: str, address: dict[str, str] | None = None) -> AppTest:
    return open_page("saliency", {"model": name, **PART, **(address or {})})


def subject_of(app: AppTest) -> Subject:
    if app.session_state["model"] == TOKENS:
        app.session_state["size"] = 32  # it has no slider for its only size
    return opening.subject_of(app)


# Channel gates.


def gates_by_hooks(subject: Subject) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What every block reads and gives, by hooks on a network of our own."""
    network, seen = random_model(subject.network).network, {}
    for path, module in network.named_modules():
        if isinstance(module, SqueezeExcitation):
            module.register_forward_hook(
                lambda _m, read, given, path=path: seen.update({path: (read[0][0].numpy(), given[0].numpy())})
            )
    with torch.inference_mode():
        network(subject.input)
    return seen


def test_every_block_has_a_row_of_bars(browser_side: Browser) -> None:
    app = open_attention(GATED)
    seen = gates_by_hooks(subject_of(app))
    arrays = browser_side.arrays()
    assert app.selectbox(key="gate_block").options == list(seen)
    for block, (read, given) in seen.items():
        np.testing.assert_allclose(read * arrays[block][:, None, None], given, rtol=1e-4, atol=1e-6)
    total = sum(len(arrays[block]) for block in seen)
    shut = sum(int((arrays[block] < 0.1).sum()) for block in seen)
    assert f"Of {total:,} gates, {shut:,} are shut on this photo" in texts_of(app)
    table = app.table[0].value
    assert list(table["block"]) == list(seen)
    assert list(table["channels"]) == [len(arrays[block]) for block in seen]
    for block, told in zip(seen, table["most open channel"], strict=True):
        assert told == f"{arrays[block].argmax()} ({arrays[block].max():.3g})"


def test_one_block_shows_both_ends_before_and_after(browser_side: Browser) -> None:
    app = open_attention(GATED)
    block = app.selectbox(key="gate_block").options[-2]
    run(app.selectbox(key="gate_block").select(block))
    read, given = gates_by_hooks(subject_of(app))[block]
    arrays = browser_side.arrays()
    order = np.argsort(-arrays[block], kind="stable")
    np.testing.assert_array_equal(arrays["channels"], [*order[:8], *order[::-1][:8]])
    np.testing.assert_allclose(arrays["before"], read[arrays["channels"]], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(arrays["after"], given[arrays["channels"]], rtol=1e-4, atol=1e-6)
    assert any(text.value.startswith(f"channel {order[0]}: ") for text in app.main.caption)
    assert app.metric[1].delta == f"channel {order[0]}"
    assert app.metric[2].delta == f"channel {order[-1]}"
    assert app.metric[0].value == f"{arrays[block].mean():.3g}"
    run(app.segmented_control(key="gate_order").set_value("value"))
    np.testing.assert_array_equal(browser_side.arrays()["channels"], arrays["channels"])
    assert decode_png(browser_side.downloads["offer-png"][1]()).std() > 0


def test_the_gates_snippet_gives_the_same_numbers(browser_side: Browser) -> None:
    names, _ = run_snippet(open_attention(GATED, {"gate_block": "features.4.block.2", "fit": "Squash"}).code[0].value)
    arrays = browser_side.arrays()
    for block, gates in names["gates"].items():
        np.testing.assert_allclose(gates.numpy(), arrays[block], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(names["after"][arrays["channels"]].numpy(), arrays["after"], rtol=1e-4, atol=1e-6)


# Self-attention with a class token.


def check_tokens(app: AppTest, side: Browser, number: int, token: int) -> None:
    subject, arrays = subject_of(app), side.arrays()
    blocks = self_attention(subject.model, subject.input)
    flow = np.eye(17)
    for block in blocks[: number + 1]:
        flow = (0.5 * block.weights.mean(0).numpy() + 0.5 * np.eye(17)) @ flow
    np.testing.assert_allclose(arrays["rollout"], flow[token, 1:].reshape(4, 4), rtol=1e-4, atol=1e-6)
    weights = blocks[number].weights.numpy()
    np.testing.assert_allclose(arrays["heads"], weights[:, token, 1:].reshape(2, 4, 4), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(arrays["mean"], arrays["heads"].mean(0), rtol=1e-4, atol=1e-6)
    bits = -(weights[:, token] * np.log2(weights[:, token])).sum(1)
    np.testing.assert_allclose(arrays["entropy"], bits, rtol=1e-4)
    told = texts_of(app)
    for head, value in enumerate(bits):
        assert f"head {head} · {value:.2f} bits" in told
    assert f"{log2(17):.2f} bits is every one of 17 tokens alike" in told
    assert f"{weights[:, token, 0].mean():.1%} of this block's attention goes to the class token" in told


def test_rollout_and_heads_of_the_class_token(browser_side: Browser) -> None:
    app = open_attention(TOKENS)
    assert "4 × 4 patches" in texts_of(app)
    check_tokens(app, browser_side, 2, 0)
    assert browser_side.grids["patches-of-the-photo"]["selected"] is None
    for number in (1, 0):
        run(app.slider(key="attention_block").set_value(number))
        check_tokens(app, browser_side, number, 0)
    assert "**Rollout** through block 0: " in texts_of(app)


def test_a_patch_asks_by_numbers_and_by_a_click(browser_side: Browser) -> None:
    app = open_attention(TOKENS)
    run(app.segmented_control(key="asks").set_value("patch"))
    check_tokens(app, browser_side, 2, 1 + 2 * 4 + 2)
    run(app.number_input(key="patch_row").set_value(3))
    run(app.number_input(key="patch_column").set_value(1))
    check_tokens(app, browser_side, 2, 14)
    assert browser_side.grids["patches-of-the-photo"]["selected"] == 13
    run(app.segmented_control(key="asks").set_value("class"))
    browser_side.clicks["patches-of-the-photo"] = 6
    run(app)
    assert app.number_input(key="patch_row").value == 1
    assert app.number_input(key="patch_column").value == 2
    check_tokens(app, browser_side, 2, 7)


def test_one_head_large_and_one_scale(browser_side: Browser) -> None:
    app = open_attention(TOKENS)
    assert app.selectbox(key="head").options == [MEAN, "Head 0", "Head 1"]
    assert "the mean of all heads: what the class token attends to" in texts_of(app)
    run(app.selectbox(key="head").select("Head 1"))
    assert "head 1: what the class token attends to" in texts_of(app)
    run(app.segmented_control(key="head_scale").set_value("shared"))
    grid = decode_png(browser_side.downloads["offer-png"][1]())
    assert grid.shape == (LARGE // 2, 7 * LARGE // 2 + 6 * 8, 3)  # rollout, the mean, two heads; the rest is white
    assert (grid[:, 4 * (LARGE // 2 + 8) :] == 255).all()


def test_the_patches_are_the_photo(browser_side: Browser) -> None:
    app = open_attention(TOKENS)
    given = browser_side.grids["patches-of-the-photo"]
    subject = subject_of(app)
    side = LARGE // 4 - 1
    expected = subject.model.preprocessing.with_size(4 * side).pixels(subject.picture.intake.image)
    for cell, label in enumerate(given["labels"]):
        row, column = divmod(cell, 4)
        assert label == f"patch ({row}, {column})"
        left, top, right, bottom = given["cells"].box(cell)
        patch = expected[row * side : (row + 1) * side, column * side : (column + 1) * side]
        np.testing.assert_array_equal(decode_png(given["png"])[top:bottom, left:right], patch)


def test_the_tokens_snippet_gives_the_same_numbers(browser_side: Browser) -> None:
    address = {"attention_block": "1", "asks": "A patch", "patch_row": "1", "patch_column": "0"}
    app = open_attention(TOKENS, address)
    check_tokens(app, browser_side, 1, 5)
    names, arrays = run_snippet(app.code[0].value)[0], browser_side.arrays()
    np.testing.assert_allclose(names["rolled"].numpy(), arrays["rollout"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.stack([head.numpy() for head in names["heads"]]), arrays["heads"], rtol=1e-4)


def test_rollout_for_a_class(browser_side: Browser) -> None:
    app = open_attention(TOKENS, {"attention_block": "1"})
    assert app.selectbox(key="rollout_class").value == ANY_CLASS
    assert "**Rollout** through blocks 0 to 1: " in texts_of(app)
    run(app.selectbox(key="rollout_class").select("class 7"))
    subject = subject_of(app)
    for token in (0, 1 + 2 * 4 + 2):
        expected = class_relevance(subject.model, subject.input, 7, 2, token).numpy()
        np.testing.assert_allclose(browser_side.arrays()["rollout"], expected, rtol=1e-4, atol=1e-7)
        who = "patch (2, 2)" if token else "the class token"
        assert f"**For class 7**, through blocks 0 to 1: where {who} has gathered what speaks for this class" in (
            texts_of(app)
        )
        names, _ = run_snippet(app.code[0].value)
        np.testing.assert_allclose(names["rolled"].numpy(), expected, rtol=1e-4, atol=1e-7)
        run(app.segmented_control(key="asks").set_value("patch"))


def test_ours_opens_offline_with_every_head(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a network without attention, by one click; then each head against PyTorch's module."""
    monkeypatch.setattr(download, "is_cached", lambda name: name in (*list_shipped(), OURS))
    app = open_attention("tiny-vgg")
    run(app.toggle(key="untrained").set_value(True))
    run(app.button(key="open_ours").click())
    assert app.selectbox(key="model").value == OURS
    assert not app.toggle(key="untrained").value
    assert not app.error
    assert "14 × 14 cells" in texts_of(app)
    subject, arrays, read = subject_of(app), browser_side.arrays(), []
    network = random_model(OURS).network
    network.load_state_dict(subject.model.network.state_dict())
    last = network.blocks[-1].attention
    last.register_forward_pre_hook(lambda _module, given: read.append(given))
    with torch.inference_mode():
        network(subject.input)
        _, weights = last.forward(*read[0], need_weights=True, average_attn_weights=False)
    np.testing.assert_allclose(arrays["weights"], weights[0].numpy(), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(arrays["heads"], weights[0, :, 0, 1:].reshape(-1, 14, 14).numpy(), rtol=1e-3, atol=1e-6)
    best = str(app.selectbox(key="rollout_class").options[1])
    run(app.selectbox(key="rollout_class").select(best))
    target = subject.model.classes.index(best)
    expected = class_relevance(subject.model, subject.input, target).numpy()
    np.testing.assert_allclose(browser_side.arrays()["rollout"], expected, rtol=1e-3, atol=1e-7)
    run(app.select_slider(key="size").set_value(336))
    assert "21 × 21 cells" in texts_of(app)


def test_its_only_resolution_is_no_choice(browser_side: Browser) -> None:
    app = open_attention(TOKENS, {"size": "448"})
    assert not [slider for slider in app.select_slider if slider.key == "size"]
    assert any("Resolution: 32 px, the only one that vit_b_16 takes" in text.value for text in app.sidebar.caption)
    check_tokens(app, browser_side, 2, 0)
    run(app.selectbox(key="model").select("tiny-vgg"))
    assert app.select_slider(key="size").value == 32


# Attention in windows.


def test_window_maps_of_every_block(browser_side: Browser) -> None:
    app = open_attention(WINDOWS)
    blocks = window_attention(subject_of(app).model, subject_of(app).input)
    assert app.selectbox(key="window_block").options == [each.block for each in blocks]
    assert app.selectbox(key="window_block").value == blocks[-1].block
    for block in blocks:
        run(app.selectbox(key="window_block").select(block.block))
        arrays = browser_side.arrays()
        np.testing.assert_allclose(arrays["heads"], block.maps.numpy(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(arrays["mean"], block.maps.mean(0).numpy(), rtol=1e-4, atol=1e-6)
        told = texts_of(app)
        for head, bits in enumerate(block.entropy.tolist()):
            assert f"head {head} · {bits:.2f} bits" in told
        assert f"{block.cells[0]} × {block.cells[1]} cells in {len(block.weights)} windows of 3 × 3" in told
        assert ("shifted by 1 × 1 cells" in told) == (block.shift == (1, 1))
    run(app.segmented_control(key="head_scale").set_value("shared"))
    assert decode_png(browser_side.downloads["offer-png"][1]()).std() > 0


def test_the_windows_snippet_gives_the_same_numbers(browser_side: Browser) -> None:
    names, _ = run_snippet(open_attention(WINDOWS, {"window_block": "features.1.1.attn"}).code[0].value)
    arrays = browser_side.arrays()
    np.testing.assert_allclose(names["heads"].numpy(), arrays["heads"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(names["mean"].numpy(), arrays["mean"], rtol=1e-4, atol=1e-6)


# Without, and elsewhere.


@pytest.mark.parametrize("cached", [(), ("swin_t", "regnet_y_8gf")])
def test_networks_without_name_those_that_have_it(
    cached: tuple[str, ...], browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "is_cached", lambda name: name in cached)
    told = texts_of(open_attention("tiny-vgg"))
    assert "tiny-vgg has no attention inside. photo-vit, a small transformer of ours, has and works offline." in told
    if cached:
        assert "on this machine already: regnet_y_8gf, swin_t." in told
    else:
        assert "are downloaded on first use" in told
    assert set(networks_with_attention()) >= {*cached, *list_transformers()}
    assert not open_attention(OURS).main.info


@pytest.mark.parametrize("name", [TOKENS, WINDOWS, OURS])
def test_transformers_say_why_they_have_no_patches(name: str, browser_side: Browser) -> None:
    app = open_page("saliency", {"model": name, "part": "Maximally activating patches"})
    assert f"{name} is a transformer: its units look at the whole photo" in texts_of(app)


def test_transformers_are_offered_after_the_others_here_only(browser_side: Browser) -> None:
    app = open_attention("tiny-vgg")
    names = app.selectbox(key="model").options
    assert names == [*list_shipped(), *list_torchvision(), *list_transformers()]
    app = open_page("layers", {"model": "tiny-vgg"})
    assert app.selectbox(key="model").options == names[: -len(list_transformers())]


def open_at(page: str, address: dict[str, str]) -> AppTest:
    """A page by a link; home, which links to all others, by its own door."""
    if page != "home":
        return open_page(page, address)
    app = AppTest.from_file(ROOT / "explorer/ui/front_door.py", default_timeout=SECONDS)
    app.query_params.update(address)
    return run(app)


@pytest.mark.parametrize("page", ["layers", "filters", "convolution", "pooling", "home"])
def test_other_pages_take_the_first_network_and_say_so(page: str, browser_side: Browser) -> None:
    app = open_at(page, {"model": "swin_b"})
    assert app.selectbox(key="model").value == list_shipped()[0]
    (said,) = (info.value for info in app.main.info if "transformer" in info.value)
    assert said.startswith("swin_b is a transformer")
    assert "opens on the Saliency page" in said
    run(app)
    assert app.selectbox(key="model").value == list_shipped()[0]


def test_a_transformer_chosen_here_is_not_taken_along(browser_side: Browser) -> None:
    app = run(AppTest.from_file(ROOT / "explorer/ui/front_door.py", default_timeout=SECONDS))
    run(app.switch_page(str(ROOT / "pages/saliency.py")))
    run(app.selectbox(key="model").select(WINDOWS))
    run(app.switch_page(str(ROOT / "pages/layers.py")))
    assert app.title[0].value == "Layers"
    assert app.selectbox(key="model").value == list_shipped()[0]
    assert any(info.value.startswith(f"{WINDOWS} is a transformer") for info in app.info)


def test_a_second_network_is_no_transformer_either(browser_side: Browser) -> None:
    app = open_page("layers", {"model": "tiny-vgg", "compare": "Second network", "model2": TOKENS})
    assert any(info.value.startswith(f"{TOKENS} is a transformer") for info in app.info)
    assert app.selectbox(key="model2").value in list_shipped()


@pytest.mark.parametrize("name", [GATED, TOKENS, WINDOWS])
def test_mangled_addresses_open_the_page(name: str, browser_side: Browser) -> None:
    keys = ("gate_order", "gate_block", "attention_block", "head", "head_scale", "asks", "window_block")
    for value in ("", "nonsense"):
        app = open_attention(name, dict.fromkeys((*keys, "patch_row", "patch_column", "size"), value))
        assert "offer-npz" in browser_side.downloads
        assert not app.error


@pytest.mark.parametrize("part", ["Heatmaps", "Random weights", "Try it yourself"])
@pytest.mark.parametrize("name", [TOKENS, WINDOWS])
def test_the_other_parts_take_transformers(name: str, part: str, browser_side: Browser) -> None:
    methods = {"method1": "Grad-CAM", "method2": "Occlusion", "method3": "CAM"}
    app = open_page("saliency", {"model": name, "part": part, **methods})
    assert not app.error
    if part == "Heatmaps":
        assert "**Grad-CAM**" in texts_of(app)
        assert "**Occlusion**" in texts_of(app)
        assert ("CAM needs a single dense layer" in texts_of(app)) == (name == TOKENS)


# What a block looks for.


@pytest.mark.parametrize(
    ("name", "block", "kind"),
    [(TOKENS, "encoder.layers.encoder_layer_2", "The photo’s direction"), (WINDOWS, "features.3.1", "The whole map")],
    ids=["tokens", "windows"],
)
def test_what_a_block_of_a_transformer_prefers_is_what_its_patches_give(
    name: str, block: str, kind: str, browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "Recipe", partial(Recipe, steps=4))
    app = open_attention(name, {"preferred": "true", "prefer": kind, "prefer_unit": "3"})
    arrays = browser_side.arrays("prefer-offer")
    pixels, value, direction = arrays["pixels"], arrays["values"][0], arrays["direction"]
    again = run_snippet(next(code.value for code in app.code if "grow(" in code.value))[0]
    assert np.array_equal(again["grown"].pixels, pixels)
    model, given = subject_of(app).model, list[torch.Tensor]()
    handle = model.network.get_submodule(block).register_forward_hook(lambda *call: given.append(call[2]))
    mean, std = (np.array(each) for each in (model.preprocessing.mean, model.preprocessing.std))
    with torch.inference_mode():
        model.network(torch.from_numpy((pixels / 255 - mean) / std).float().movedim(3, 1))
    handle.remove()
    patches = given[0][0, 1:] if name == TOKENS else given[0][0].flatten(0, 1)  # without the class token
    along = patches[:, 3]
    if len(direction):
        along = patches @ torch.from_numpy(direction / np.linalg.norm(direction)).float()
        along = along * (along / patches.norm(dim=1)).clamp(min=0.1)
    assert value == pytest.approx(float(along.mean()), rel=1e-4)


def test_a_patch_of_a_transformer_sees_its_whole_picture_so_each_picture_counts_once(browser_side: Browser) -> None:
    subject, layer = subject_of(open_attention(TOKENS)), "encoder.layers.encoder_layer_2.add_1"
    facts = find_layers(subject.model, 32)[layer]
    found = find_evidence(subject, Objective("channel", layer, 3), facts, labels := list_pictures()[:3])
    highest = {
        label: float(record_maps(subject.model, replace(subject, picture=get_picture(label)).input, layer)[3].max())
        for label in labels
    }
    assert {each.label: each.value for each in found.patches} == pytest.approx(highest)
    assert [each.box for each in found.patches] == [(0, 0, 32, 32)] * 3
