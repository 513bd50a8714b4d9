"""The loop, the objectives and the file a training ends in, on pictures of 16x16."""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from explorer.training import __main__ as command
from explorer.training import augment, objectives
from explorer.training.datasets import LabelledImages
from explorer.training.objectives import Distillation, Labels, normalise
from explorer.training.recipes import RECIPES, Recipe, accuracy, fit, fold_batch_norm
from explorer.zoo.architectures import five_by_five, mini_resnet, tiny_vgg

MEAN, STD = (0.5, 0.4, 0.3), (0.25, 0.2, 0.15)


def shake(network: nn.Module) -> nn.Module:
    """Give every batch normalisation statistics and weights as training leaves them."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, 0, 0.3)
            nn.init.uniform_(module.running_var, 0.3, 2)
            nn.init.uniform_(module.weight, -1, 2)
            nn.init.normal_(module.bias, 0, 0.3)
    return network.eval()


@pytest.mark.parametrize("build", [tiny_vgg, five_by_five])
def test_folding_changes_no_output(build: Callable[..., nn.Module]) -> None:
    trained = shake(build(batch_norm=True))
    x = torch.randn(4, 3, 32, 32)
    with torch.inference_mode():
        expected = trained(x)
        folded = fold_batch_norm(trained)
        assert torch.allclose(folded(x), expected, rtol=1e-4, atol=1e-5)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert folded.state_dict().keys() == build().state_dict().keys()
    assert not folded.training


def test_storage_halves_weights_and_keeps_the_rest() -> None:
    state = shake(mini_resnet()).to(memory_format=torch.channels_last).state_dict()
    stored = command.to_storage(state)
    assert stored.keys() == state.keys()
    for key, value in state.items():
        assert stored[key].is_contiguous()
        if value.ndim > 1:
            assert stored[key].dtype == torch.float16
            # Eleven bits of mantissa; below fp16's normal range half of its smallest step.
            assert ((stored[key].float() - value).abs() <= value.abs() * 2**-11 + 2**-25).all()
        else:
            assert torch.equal(stored[key], value)
    assert command.to_storage(stored).keys() == stored.keys()
    assert all(torch.equal(again, once) for again, once in zip(command.to_storage(stored).values(), stored.values()))  # noqa: B905


def test_normalise() -> None:
    images = torch.rand(2, 3, 4, 5)
    expected = (images.permute(0, 2, 3, 1).numpy() - np.array(MEAN)) / np.array(STD)
    got = normalise(images, MEAN, STD)
    assert np.allclose(got.permute(0, 2, 3, 1).numpy(), expected, atol=1e-5)
    assert got.is_contiguous(memory_format=torch.channels_last)


def test_accuracy_counts_every_picture(colours: LabelledImages) -> None:
    class Shade(nn.Module):
        """Right about all shades but the last two."""

        def forward(self, x: Tensor) -> Tensor:
            shade = ((x.mean((1, 2, 3)) * 255 - 9.5) / 23).round().clamp(0, 7)
            return -(torch.arange(10)[None] - shade[:, None]).abs()

    right = sum(label < 8 for label in colours.labels.tolist())
    for batch_size in (64, 10, 7):
        assert accuracy(Shade(), colours, (0, 0, 0), (1, 1, 1), batch_size) == right / 64


def shorten(recipe: Recipe, epochs: int, learning_rate: float = 0.05) -> Recipe:
    """The recipe on a few small batches."""
    cycles = tuple(replace(cycle, epochs=epochs, learning_rate=learning_rate) for cycle in recipe.cycles)
    return replace(recipe, cycles=cycles, batch_size=16)


def test_going_on_from_a_later_cycle_starts_with_what_is_shipped(
    colours: LabelledImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MODELS", tmp_path)
    recipe = shorten(RECIPES["mini-resnet"], epochs=1)
    recipe = replace(recipe, cycles=recipe.cycles * 2)
    command.make(recipe, colours, colours, from_cycle=1)
    before = load_file(tmp_path / "mini-resnet" / "weights.safetensors")["classifier.weight"]
    # With no step taken, what was shipped must come out again.
    still = replace(recipe, cycles=(recipe.cycles[0], replace(recipe.cycles[1], learning_rate=0.0)))
    command.make(still, colours, colours, from_cycle=2)
    after = load_file(tmp_path / "mini-resnet" / "weights.safetensors")["classifier.weight"]
    assert torch.equal(before, after)
    card = json.loads((tmp_path / "mini-resnet" / "card.json").read_text(encoding="utf-8"))
    assert [cycle["epochs"] for cycle in card["training"]["cycles"]] == [1, 1]


def test_a_short_training_learns_and_repeats_itself(colours: LabelledImages) -> None:
    recipe = shorten(RECIPES["tiny-vgg"], epochs=6, learning_rate=0.05)
    lines: list[dict[str, float]] = []
    network = fit(recipe, colours, colours, lambda line: lines.append(json.loads(line)))
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[-1]["loss"] < lines[0]["loss"] < 2 * math.log(10)
    assert {line["epoch"] for line in lines if "accuracy" in line} == {5, 6}
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())  # finished
    assert all(p.dtype == torch.float32 and p.is_contiguous() for p in network.parameters())
    measured = accuracy(network, colours, recipe.mean, recipe.std)
    assert measured == pytest.approx(lines[-1]["accuracy"], abs=0.05)
    again = fit(recipe, colours, colours, lambda line: None)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))


def test_labels_without_augmentation_is_cross_entropy(colours: LabelledImages) -> None:
    network = tiny_vgg().eval()
    objective = Labels(colours, MEAN, STD, smoothing=0.0, shift=0, hole=0)
    indices = torch.tensor([3, 1, 40])
    symmetric = colours.images.float()
    symmetric = ((symmetric + symmetric.flip(-1)) / 2).to(torch.uint8)  # mirroring must not matter here
    objective.data = replace(colours, images=symmetric)
    loss = objective(network, indices, torch.Generator())
    x = normalise(symmetric[indices].float() / 255, MEAN, STD)
    probabilities = network(x).softmax(1)
    expected = -probabilities[torch.arange(3), colours.labels[indices]].log().mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    assert objective.parameters() == []


class Teacher(nn.Module):
    """1,000 logits from the mean colour."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.mean((2, 3)))


def test_distillation_asks_the_teacher_about_the_crops_the_student_sees(
    colours: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = Teacher()
    monkeypatch.setattr(objectives.models, "mobilenet_v2", lambda weights: teacher)
    lines: list[str] = []
    objective = Distillation(
        colours, MEAN, STD, list(range(0, 100, 10)), features=48, views=2, size=16, teacher_size=8, log=lines.append
    )
    assert objective.opinions.shape == (2, 64, 1000)
    assert len(lines) == 2
    for view in range(2):
        seen = augment.crop(colours.images.float() / 255, objective.crops[view], 8)
        with torch.inference_mode():
            expected = teacher(normalise(seen, MEAN, STD))
        assert torch.allclose(objective.opinions[view].float(), expected, atol=0.05)  # bf16
    network = tiny_vgg(batch_norm=True)
    loss = objective(network, torch.arange(8), torch.Generator().manual_seed(0))
    loss.backward()
    assert loss.isfinite()
    assert all(p.grad is not None for p in network.parameters())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in objective.parameters())
    assert not network.average._forward_hooks


def test_making_a_network_writes_weights_and_a_true_card(
    colours: LabelledImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MODELS", tmp_path)
    recipe = shorten(RECIPES["tiny-vgg"], epochs=1)
    measured = command.make(recipe, colours, colours, from_cycle=1)
    folder = tmp_path / "tiny-vgg"
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card["accuracy"]["value"] == measured
    assert card["sha256"] == hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    assert card["parameters"] == 57_218
    assert card["classes"] == list(colours.classes)
    assert card["training"]["epochs"] == 1
    assert "64 pictures" in card["accuracy"]["split"]
    network = tiny_vgg()
    network.load_state_dict({key: value.float() for key, value in load_file(folder / "weights.safetensors").items()})
    assert accuracy(network, colours, recipe.mean, recipe.std) == measured


@pytest.mark.parametrize("options", [[], ["--evaluate"]])
def test_without_data_the_command_says_what_is_missing(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    monkeypatch.setattr("sys.argv", ["explorer.training", *options, "tiny-vgg"])
    assert command.main() == 2
    assert "Set EXPLORER_DATA" in capsys.readouterr().err


def test_the_command_takes_only_names_it_knows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["explorer.training", "resnet18"])
    with pytest.raises(SystemExit):
        command.main()
    assert "tiny-vgg" in capsys.readouterr().err


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_finish_in_a_network_of_the_zoo(name: str) -> None:
    from explorer.zoo import architectures
    from explorer.zoo.catalogue import ARCHITECTURES

    recipe = RECIPES[name]
    (function,) = (function for function, shipped in ARCHITECTURES.items() if shipped == name)
    finished = recipe.finish(recipe.build())
    shapes = {key: value.shape for key, value in finished.state_dict().items()}
    assert shapes == {key: value.shape for key, value in getattr(architectures, function)().state_dict().items()}
    assert recipe.name == name
    assert recipe.data in command.SOURCES
    assert command.RECIPES[name].note.endswith(".")
