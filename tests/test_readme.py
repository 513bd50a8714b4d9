"""What the README says is true: its model table against the cards, its Python against the library."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.captioning import list_captioners
from explorer.captioning.loading import MODELS
from explorer.zoo import read_card
from explorer.zoo.catalogue import list_own

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_model_table_is_what_the_cards_say() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \|(.*)\|$", README, flags=re.MULTILINE))
    assert set(rows) == {path.parent.name for path in MODELS.glob("*/card.json")}
    for name in list_own():
        card, row = read_card(name), rows[name]
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[1] == f"{card['parameters']:,}"
        assert card["data"]["name"].startswith(cells[2])
        assert cells[3] == f"{card['input_size']} px"
        assert cells[4] == f"{card['accuracy']['value']:.2%}".replace("%", " %")


@pytest.mark.parametrize("name", list_captioners())
def test_the_captioners_are_what_their_cards_say(name: str) -> None:
    (row,) = re.findall(rf"^\| `{name}` \|(.*)\|$", README, flags=re.MULTILINE)
    card = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[1] == f"{card['parameters']:,}"
    assert card["data"]["name"].startswith(cells[2])
    assert cells[3] == f"{card['input_size']} px"
    if card["data"]["name"].startswith("Flickr8k"):
        assert cells[4] == f"BLEU-4 {card['accuracy']['metrics']['beam 5']['bleu4']:.3f} (beam 5)"
        assert f"{card['words']:,} words" in cells[0]
    else:
        assert cells[4] == f"{card['accuracy']['scenes_of_test_pictures']['exact_beam_3']:.1%} exact".replace("%", " %")


SMALL = [
    path.parent.name
    for path in sorted(MODELS.glob("*/card.json"))
    if path.parent.name not in (*list_own(), *list_captioners())
]


@pytest.mark.parametrize("name", SMALL)
def test_the_small_networks_are_what_their_cards_say(name: str) -> None:
    (row,) = re.findall(rf"^\| `{name}` \|(.*)\|$", README, flags=re.MULTILINE)
    card = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))
    cells = [cell.strip() for cell in row.split("|")]
    parameters = card["parameters"] if isinstance(card["parameters"], int) else sum(card["parameters"].values())
    assert cells[1] == f"{parameters:,}"
    assert card["data"]["name"].lower().startswith(cells[2])
    judge = card.get("accuracy", {}).get("judge", {})
    measured = {
        "dates": lambda: f"{card['accuracy']['held_out_formats']:.2%} exact, formats held out".replace("%", " %"),
        "tagger": lambda: f"F1 {card['f1']['new names and templates']:.2f}, names and templates held out",
        "digit": lambda: (
            f"{judge['named_of_samples']:.0%} of samples named by a CNN, ".replace("%", " %")
            + f"{judge['named_of_held_out']:.0%} of real digits".replace("%", " %")
        ),
    }
    assert cells[3] == measured[name.partition("-")[0]]()


def test_every_linked_file_is_there() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).is_file(), link


@pytest.mark.skipif(not list_own(), reason="no network is shipped yet")
def test_the_python_in_the_readme_runs() -> None:
    code = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    # How many lines at least, and what begins them.
    printed = [(20, ""), (0, ""), (3, ""), (10, "(224, 224)"), (0, ""), (0, "(3, 5, 5)")]
    # One process for all of them, since each would import torch; their names are their own.
    end = "end of a snippet"
    one_after_the_other = f"for code in {code!r}:\n    exec(code, {{'__name__': '__main__'}})\n    print({end!r})"
    done = subprocess.run(
        [sys.executable, "-c", one_after_the_other], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    for output, (lines, start) in zip(done.stdout.split(f"{end}\n")[:-1], printed, strict=True):
        assert len(output.splitlines()) > lines
        assert output.startswith(start)
