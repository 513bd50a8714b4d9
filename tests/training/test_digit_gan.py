import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.generators.latent.networks import LATENT, build_discriminator, build_generator, load_gan
from explorer.neurons.digits import EPOCHS, load_digits
from explorer.training import digit_gan
from explorer.training.digit_gan import Plan, make, measure, train

TINY = Plan(steps=3, batch_size=8)


def test_the_players_take_turns_as_the_paper_has_it() -> None:
    mean, discriminator = train(TINY, log=print)
    torch.manual_seed(0)
    data = load_digits()
    real = torch.from_numpy(data.images[data.training])[:, None]
    players = build_generator(), build_discriminator()
    for layer in (each for player in players for each in player if isinstance(each, (nn.Conv2d, nn.ConvTranspose2d))):
        nn.init.normal_(layer.weight, 0, 0.02)
    kept = {key: value.clone() for key, value in players[0].state_dict().items()}
    optimisers = [torch.optim.Adam(each.parameters(), betas=(0.5, 0.999)) for each in players]
    ones, zeros = torch.ones(8), torch.zeros(8)
    for rate in (0.002, 0.002, 0.002 * 2 / 3):  # from half of the steps on it falls
        for each in optimisers:
            each.param_groups[0]["lr"] = rate
        batch = real[torch.randint(len(real), (8,))]
        made = players[0](torch.randn(8, LATENT))
        both = torch.cat([batch, made.detach()])
        on_both = players[1](both + 0.1 * torch.randn(16, 1, 8, 8))
        # The mean over both halves of a batch of twice the size is half of the sum of their means.
        loss = 2 * F.binary_cross_entropy_with_logits(on_both, torch.cat([ones, zeros]))
        optimisers[1].zero_grad()
        loss.backward()
        optimisers[1].step()
        loss = F.binary_cross_entropy_with_logits(players[1](made + 0.1 * torch.randn(8, 1, 8, 8)), ones)
        optimisers[0].zero_grad()
        loss.backward()
        optimisers[0].step()
        for key, value in players[0].state_dict().items():
            kept[key] = 0.998 * kept[key] + 0.002 * value if value.is_floating_point() else kept[key]
    # Where a gradient is about 0, Adam makes a step of its rounding: single weights may differ.
    for state, theirs in ((mean.state_dict(), kept), (discriminator.state_dict(), players[1].state_dict())):
        for key, value in state.items():
            assert (value - theirs[key]).abs().double().mean() < 1e-5, key


def test_what_is_written_is_what_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EPOCHS, ("cnn", "bare"), 1)
    monkeypatch.setattr(digit_gan, "SAMPLES", 50)
    measured = make(tmp_path / "gan", TINY, "a command", print, inverted=2)
    card = json.loads((tmp_path / "gan" / "card.json").read_text())
    assert card["accuracy"] == measured == measure(load_gan(tmp_path / "gan"), inverted=2)
    assert {key: card["training"][key] for key in asdict(TINY)} == asdict(TINY)
    classes = measured["judge"]["classes_of_samples"]
    assert math.isclose(sum(classes), 1, abs_tol=1e-3)
    assert measured["inversion"]["digits"] == 2


def test_the_card_of_the_shipped_gan_is_true() -> None:
    gan = load_gan()
    card, measured = gan.card["accuracy"], measure(gan, inverted=2)
    for name in ("nearest_training_digit", "discriminator"):
        assert flatten(measured[name]) == pytest.approx(flatten(card[name]), abs=0.005)
    judge, again = card["judge"], measured["judge"]  # trained anew, perhaps on another machine
    for name in ("right_of_held_out", "named_of_held_out", "named_of_samples", "classes_of_samples"):
        assert again[name] == pytest.approx(judge[name], abs=0.03)
    few, many = measured["inversion"], card["inversion"]
    for name in ("of_held_out", "of_shuffled"):
        assert many[name]["5%"] <= few[name]["50%"] <= many[name]["95%"]


def flatten(told: dict[str, Any]) -> list[float]:
    """All numbers, whatever they are in."""
    each = (flatten(value) if isinstance(value, dict) else [value] for value in told.values())
    return [number for numbers in each for number in numbers]
