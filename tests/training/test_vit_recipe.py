"""The transformer's recipe on a handful of coloured squares, and the card of what it made."""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from explorer.datasets import IMAGENETTE_CLASSES, locate
from explorer.saliency import rollout, self_attention
from explorer.training import vit_recipe
from explorer.training.datasets import LabelledImages
from explorer.training.vit_training import Lessons, Recipe, fit, look, overheard, roll_out
from explorer.zoo import VisionModel, load_model, random_model, read_card
from explorer.zoo.catalogue import MODELS
from explorer.zoo.photo_vit import PhotoViT
from tests.saliency.test_attention import small_hybrid

SHORT = Recipe(views=2, phases=((12, 6), (4, 16)), batch_size=20, learning_rate=2e-3)


@pytest.fixture(scope="module")
def squares() -> LabelledImages:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(10).repeat(4)
    colours = torch.rand(10, 3, 1, 1, generator=generator)[labels]
    images = (255 * (0.8 * colours + 0.2 * torch.rand(40, 3, 16, 16, generator=generator))).to(torch.uint8)
    return LabelledImages(images, labels, tuple(IMAGENETTE_CLASSES.values()))


@pytest.fixture(scope="module")
def teacher(squares: LabelledImages) -> VisionModel:
    """As large as the real one, at 64 px; random weights, with statistics that let the squares through."""
    model = random_model("efficientnet-lite0")
    for module in model.network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.network.train()((F.interpolate(squares.images.float(), (64, 64)) - 127) / 128)
    model.network.eval()
    return model.with_preprocessing(model.preprocessing.with_size(64))


def test_it_learns_and_leaves_the_early_stages_alone(squares: LabelledImages, teacher: VisionModel) -> None:
    lines: list[str] = []
    looks = look(squares, SHORT, teacher, lines.append)
    assert (looks.fine.shape, looks.coarse.shape) == ((2, 40, 112, 4, 4), (2, 40, 192, 2, 2))
    assert looks.opinions.shape == (2, 40, 1000)
    resized = F.interpolate(squares.images[:3].float(), (64, 64), mode="bicubic").clamp(0, 255)
    with torch.inference_mode():
        seen = teacher.network.stem((resized - 127) / 128)
        for stage in list(teacher.network.stages)[:5]:
            seen = stage(seen)
    given = looks.fine[0, :3].float()  # bf16, and borders are filled otherwise
    assert float(torch.corrcoef(torch.stack([given.flatten(), seen.flatten()]))[0, 1]) > 0.95
    cells = looks.cells(torch.tensor([1]), torch.tensor([7]))[0]
    assert torch.equal(cells[:112], looks.fine[1, 7].float())
    assert torch.equal(cells[112:], looks.coarse[1, 7].float().repeat_interleave(2, 1).repeat_interleave(2, 2))
    network = fit(SHORT, looks, teacher, lines.append)
    said = [json.loads(line) for line in lines if line.startswith("{")]
    assert [line["epoch"] for line in said if "epoch" in line] == list(range(1, 17))
    with torch.inference_mode():
        cells = looks.cells(torch.zeros(40, dtype=torch.long), torch.arange(40))
        best = network.classifier(network.read(network.tokens(cells))).argmax(1)
    assert float((best == squares.labels).float().mean()) > 0.5  # a tenth would be chance
    assert not network.training
    for key, value in network.state_dict().items():
        if key.startswith(("stem", "stages")):
            assert torch.equal(value, teacher.network.state_dict()[key]), key
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_rollout_in_training_is_rollout() -> None:
    network, x = small_hybrid().eval(), torch.randn(1, 3, 64, 96)
    model = replace(random_model("photo-vit"), network=network.requires_grad_(False))
    with overheard(network) as heard, torch.no_grad():
        network(x)
        found = roll_out(heard)
    assert found.sum() == pytest.approx(1)
    torch.testing.assert_close(found[0, 1:].reshape(4, 6), rollout(self_attention(model, x)), rtol=1e-4, atol=1e-6)


def test_a_pair_asks_for_the_likelier_of_its_two_and_for_its_half(
    squares: LabelledImages, teacher: VisionModel
) -> None:
    """All tokens kept: the loss written out for each of the two ways to lay a pair."""
    recipe = replace(SHORT, views=1)
    looks = look(squares, recipe, teacher, lambda _: None)
    network, photos = small_hybrid().train(), torch.tensor([0, 11, 2, 13])  # pairs (0, 2) and (11, 13)
    lessons = Lessons(looks, recipe)
    losses = []
    for axis in (2, 3):
        terms = []
        for first, second in ((0, 2), (11, 13)):
            halves = looks.cells(torch.tensor([0, 0]), torch.tensor([first, second]))
            cells = torch.cat(list(halves), axis - 1)[None]
            with torch.no_grad(), overheard(network) as heard:
                logits = network.classifier(network.read(network.tokens(cells)))[0]
                mass = roll_out(heard)[0, 1:].reshape(cells.shape[2:])
            labels = [int(squares.labels[first]), int(squares.labels[second])]
            later = bool(logits[labels[1]] > logits[labels[0]])
            share = float(mass.chunk(2, axis - 2)[later].sum() / mass.sum())
            asked = F.cross_entropy(logits, torch.tensor(labels[later]), label_smoothing=recipe.smoothing)
            terms.append(float(asked) - recipe.pointing * math.log(share))
        losses.append(sum(terms) / 2)
    with overheard(network) as heard:
        found = {
            round(lessons.pair(network, photos, 16, torch.Generator().manual_seed(seed), heard).item(), 3)
            for seed in range(8)
        }
    assert sorted(found) == pytest.approx(sorted(losses), abs=2e-3)


def test_weights_and_card_are_written_together(
    squares: LabelledImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vit_recipe, "MODELS", tmp_path)
    monkeypatch.setattr(vit_recipe, "accuracy", lambda model, data: 0.25)
    card = vit_recipe.describe(SHORT, PhotoViT(10), squares, 12.6)
    assert vit_recipe.write(card, PhotoViT(10), squares) == 0.25
    written = json.loads((tmp_path / "photo-vit" / "card.json").read_text(encoding="utf-8"))
    assert written["accuracy"] == {
        "value": 0.25,
        "split": "val, 40 pictures",
        "command": "python -m explorer.training.vit_recipe --evaluate",
    }
    assert written["training"]["seconds"] == 13
    assert written["training"]["recipe"]["seed"] == 0
    weights = (tmp_path / "photo-vit" / "weights.safetensors").read_bytes()
    assert written["sha256"] == hashlib.sha256(weights).hexdigest()


@pytest.mark.parametrize("options", [[], ["--evaluate"]])
def test_without_data_the_command_says_what_is_missing(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    monkeypatch.setattr("sys.argv", ["vit_recipe", *options])
    assert vit_recipe.main() == 2
    assert "Set EXPLORER_DATA" in capsys.readouterr().err


def test_the_card_is_true_of_what_is_shipped() -> None:
    card, model = read_card("photo-vit"), load_model("photo-vit", device="cpu")
    assert card["parameters"] == model.parameters
    assert card["sha256"] == hashlib.sha256((MODELS / "photo-vit" / "weights.safetensors").read_bytes()).hexdigest()
    assert model.classes == tuple(IMAGENETTE_CLASSES.values())
    assert card["training"]["recipe"] == json.loads(json.dumps(vit_recipe.asdict(Recipe())))
    assert "Apache-2.0" in card["note"]
    assert card["accuracy"]["value"] >= 0.955


def test_the_measured_accuracy_is_true(data_folder: Path) -> None:
    """On every twelfth photo, read from the files."""
    model, stated = load_model("photo-vit", device="cpu"), read_card("photo-vit")["accuracy"]["value"]
    root = locate("imagenette")
    split = next(path for path in (root / "val", root / "imagenette" / "val") if path.is_dir())
    network = model.network.to(memory_format=torch.channels_last)  # the same numbers, sooner
    hits = count = 0
    for label, folder in enumerate(sorted(path for path in split.iterdir() if path.is_dir())):
        files = sorted(folder.iterdir())[::12]
        x = torch.cat([model.preprocessing.tensor(Image.open(path).convert("RGB")) for path in files])
        with torch.inference_mode():
            # A few at a time: nearly twice as fast on a CPU, whose cache holds no batch of thirty.
            hits += sum(int((network(few).argmax(1) == label).sum()) for few in x.split(4))
        count += len(files)
    assert abs(hits / count - stated) < 3 * math.sqrt(stated * (1 - stated) / count)
