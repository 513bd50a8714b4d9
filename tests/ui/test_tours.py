"""The tours as data: what they open is there, and what they say is short."""

import re
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

import explorer.ui
from explorer.samples import SAMPLES
from explorer.ui.app import page_of
from explorer.ui.tours.tour import Step, find_step, list_tours
from explorer.zoo import list_shipped

STEPS = [(f"{tour.name} {number}", step) for tour in list_tours() for number, step in enumerate(tour.steps, 1)]
UI = Path(explorer.ui.__file__).parent
each_step = pytest.mark.parametrize("step", [step for _, step in STEPS], ids=[name for name, _ in STEPS])


def sentences(text: str) -> int:
    return len(re.findall(r"[.?!](?=\s|$)", text))


def test_four_tours_of_six_to_nine_steps() -> None:
    tours = list_tours()
    assert [tour.title for tour in tours] == [
        "What a filter is",
        "Why a CNN",
        "Should I believe a heatmap",
        "Which transfer strategy",
    ]
    assert all(6 <= len(tour.steps) <= 9 for tour in tours)
    assert all(sentences(tour.promise) == 1 and tour.promise.endswith(".") for tour in tours)
    # A link to a step that is shown already would be none.
    for tour in tours:
        assert all(
            (one.page, one.address) != (next_one.page, next_one.address) for one, next_one in pairwise(tour.steps)
        )


@each_step
def test_what_a_step_opens_is_there(step: Step) -> None:
    """What its values open is seen by the browser, which walks every tour."""
    assert page_of(step.page)
    assert step.page not in ("captions", "deck")  # which have `step`, and the arrow keys, for themselves
    sources = [*(UI / step.page).rglob("*.py"), *(UI / "session").glob("*.py"), *(UI / "kit").glob("*.py")]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    for key in step.address:
        # Those of panels are made of a number and what stands before it.
        assert f'"{key}"' in text or f'f"{key.rstrip("0123456789")}{{' in text, key
    assert step.address.get("model", list_shipped()[1]) in list_shipped()[1:]
    assert step.address.get("image", SAMPLES[1].title) in [sample.title for sample in SAMPLES[1:]]
    if part := step.address.get("part"):
        page = import_module(f"explorer.ui.{step.page}.page")
        labels = (
            list(page.PART_LABELS.values())
            if hasattr(page, "PART_LABELS")
            else [label for label, _ in page.PARTS.values()]
        )
        assert part in labels[1:]  # the first is shown without being named


@each_step
def test_a_step_says_one_or_two_sentences(step: Step) -> None:
    assert sentences(step.say) in (1, 2)
    assert step.say[-1] in ".?"
    assert sentences(step.look) == 1
    assert step.look.endswith(".")


@pytest.mark.parametrize(
    ("tour", "number", "page"),
    [
        (None, None, "convolution"),
        ("filter", None, "convolution"),
        ("filter", "0", "convolution"),
        ("filter", "99", "convolution"),
        ("filter", "01", "convolution"),
        ("filter", "one", "convolution"),
        ("nonsense", "1", "convolution"),
        ("filter", "1", "saliency"),  # a step of another page
        ("filter", "1", None),
    ],
)
def test_an_address_that_names_no_step_of_the_page_has_no_tour(
    tour: str | None, number: str | None, page: str | None
) -> None:
    assert find_step(tour, number, page) is None
    assert find_step("filter", "1", "convolution") == (list_tours()[0], 1)
