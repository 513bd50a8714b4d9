"""The taggers of names are what their cards say, and a training writes such a card."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from explorer.sequences.directions.loading import load_tagger, read_tagger_card
from explorer.sequences.directions.network import DIRECTIONS, Direction, Tagger
from explorer.training.tagger import FULL, QUICK, make, measure
from explorer.zoo.catalogue import MODELS

MOST_BYTES = 240_000  # all three together


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_file_is_the_one_the_card_describes(direction: Direction) -> None:
    card, folder = read_tagger_card(direction), MODELS / f"tagger-{direction}"
    assert {path.name for path in folder.iterdir()} == {"weights.safetensors", "card.json"}
    assert card["sha256"] == hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    assert card["parameters"] == sum(each.numel() for each in load_tagger(direction).parameters())
    assert card["training"]["command"] == f"python -m explorer.training.tagger {direction}"
    assert card["training"]["cpu_seconds"] < 600
    assert [each["seed"] for each in card["seeds"]] == card["training"]["seeds"] == list(FULL.seeds)
    assert card["f1"] == {key: value for key, value in card["seeds"][0].items() if key != "seed"}


def test_they_are_small_and_all_three_tell_from_as_many_numbers() -> None:
    sizes = [(MODELS / f"tagger-{each}" / "weights.safetensors").stat().st_size for each in DIRECTIONS]
    assert sum(sizes) < MOST_BYTES
    assert {load_tagger(each).head.in_features for each in DIRECTIONS} == {48}
    counts = {each: read_tagger_card(each)["parameters"] for each in DIRECTIONS}
    assert counts["both"] < counts["forward"] == counts["backward"]


def test_where_the_clue_stands_behind_reading_forward_misses_it() -> None:
    behind = {each: np.array([seed["clue behind"] for seed in read_tagger_card(each)["seeds"]]) for each in DIRECTIONS}
    assert (behind["backward"] - behind["forward"]).min() > 0
    assert (behind["both"] - behind["forward"]).min() > 0


def test_a_training_writes_what_it_measured_of_the_written_file(tmp_path: Path) -> None:
    told: list[str] = []
    card = make(tmp_path, "both", QUICK, told.append)
    assert json.loads((tmp_path / "card.json").read_text(encoding="utf-8")) == card | {
        "training": {**card["training"], "seeds": list(QUICK.seeds)}
    }
    tagger = Tagger("both")
    tagger.load_state_dict({key: value.float() for key, value in load_file(tmp_path / "weights.safetensors").items()})
    assert measure(tagger.eval(), QUICK.measured) == card["f1"]
    assert [json.loads(line)["epoch"] for line in told if "epoch" in line] == [1, 1]
