"""The recipe of the networks that write dates: a tiny run of it, and the figures on the shipped cards."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from explorer.sequences.attention.dates import NUMBERS, OUTPUTS, PADDING, UNKNOWN, draw_example, split_formats
from explorer.sequences.attention.loading import NAMES, load_date_network, read_date_card
from explorer.sequences.attention.network import DateNetwork, write_many
from explorer.training import dates
from explorer.training.dates import FULL, QUICK
from explorer.zoo.catalogue import MODELS


@pytest.mark.parametrize("attends", [True, False])
def test_a_tiny_run_writes_what_it_measured(attends: bool, tmp_path: Path) -> None:
    lines: list[str] = []
    card = dates.make(tmp_path, attends, QUICK, "as in the test", lines.append)
    assert json.loads((tmp_path / "card.json").read_text(encoding="utf-8")) == json.loads(json.dumps(card))
    assert [seed["seed"] for seed in card["seeds"]] == [0, 1]
    assert len(lines) == 2 * (2 + 1)
    network = DateNetwork(attends)
    network.load_state_dict({key: value.float() for key, value in load_file(tmp_path / "weights.safetensors").items()})
    again = dates.measure(network.eval(), QUICK.measured)
    assert {key: card["accuracy"][key] for key in again} == again


def test_a_batch_is_dates_of_learnt_formats() -> None:
    learnt, _ = split_formats()
    texts, wanted = dates.draw_batch(random.Random(0), learnt, 200)
    signs = {number: sign for sign, number in NUMBERS.items()}
    strange = 0
    for text, iso in zip(texts.tolist(), wanted.tolist(), strict=True):
        day = date.fromisoformat("".join(OUTPUTS[number] for number in iso))
        strange += UNKNOWN in text
        written = "".join(signs[number] for number in text if number not in (UNKNOWN, PADDING))
        assert any(each.write(day.year, day.month, day.day, day.weekday()) == written for each in learnt)
    assert 5 < strange < 40  # one in ten


@pytest.mark.parametrize("attends", [True, False])
def test_the_shipped_network_is_what_its_card_says(attends: bool) -> None:
    card, file = read_date_card(attends), MODELS / NAMES[attends] / "weights.safetensors"
    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert card["name"] == NAMES[attends]
    assert file.stat().st_size < 130_000
    with safe_open(file, "pt") as tensors:
        kinds = {tensors.get_slice(key).get_dtype() for key in tensors.keys() if "weight" in key}  # noqa: SIM118
    assert kinds == {"F16"}
    network = load_date_network(attends)
    assert card["parameters"] == sum(parameter.numel() for parameter in network.parameters())
    assert card["attends"] is network.attends is attends
    assert {key: card["training"][key] for key in asdict(FULL)} == json.loads(json.dumps(asdict(FULL)))
    # Other dates than those of the card, of the formats that no network has learned from.
    _, held_out = split_formats()
    numbers = random.Random("the test's own")
    examples = [draw_example(numbers, held_out) for _ in range(1000)]
    with torch.inference_mode():
        written = write_many(network, [[NUMBERS[sign] for sign in each.text] for each in examples])
    share = sum(found == each.iso for found, each in zip(written, examples, strict=True)) / len(examples)
    stated = card["accuracy"]["held_out_formats"]
    assert abs(share - stated) < 4 * (max(stated * (1 - stated), 0.001) / 1000) ** 0.5
    if attends:
        assert stated >= 0.98
