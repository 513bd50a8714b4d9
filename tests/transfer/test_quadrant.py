"""The rule of thumb, and what it is told by what was measured."""

import pytest

from explorer.transfer.evaluation.comparing import compare, group_experiments
from explorer.transfer.evaluation.quadrant import FIELDS, QUADRANTS, SIMILAR, boundary, judge_rule, place
from explorer.transfer.trial import STRATEGIES, Strategy
from tests.transfer.making_experiments import make_experiment, make_seeds


@pytest.mark.parametrize(
    ("pictures", "classes", "similarity", "name", "strategy"),
    [
        (240, 2, 0.9, "little, similar", "head"),
        (240, 2, 0.3, "little, different", "truncated"),
        (5000, 10, SIMILAR, "much, similar", "full"),
        (5000, 10, 0.1, "much, different", "full"),
        (999, 2, 0.9, "little, similar", "head"),
        (1000, 2, 0.9, "much, similar", "full"),
        (3000, 50, 0.9, "little, similar", "head"),  # sixty of each class are few
    ],
)
def test_every_situation_has_its_field(
    pictures: int, classes: int, similarity: float, name: str, strategy: Strategy
) -> None:
    quadrant = place(pictures, classes, similarity)
    assert (quadrant.name, quadrant.predicted) == (name, strategy)


def test_fields_are_complete() -> None:
    assert set(QUADRANTS) == set(FIELDS)
    assert all(each.predicted in STRATEGIES and each.sentence.endswith(".") for each in QUADRANTS.values())
    assert boundary(2) == boundary(10) == 1000
    assert boundary(100) == 10_000


def _judged(name: str, **accuracies: float) -> str:
    made = [each for strategy, value in accuracies.items() for each in make_seeds(strategy, value)]  # type: ignore[arg-type]
    return judge_rule(QUADRANTS[name], compare(group_experiments(made), 2000))  # type: ignore[index]


def test_prediction_beside_measurement() -> None:
    assert "and it won" in _judged("little, similar", head=0.95, full=0.5)
    assert "but **Full fine-tuning** won" in _judged("little, similar", head=0.4, full=0.95)
    assert "not contradicted" in _judged("little, similar", head=0.9, full=0.9)
    assert "was not trained" in _judged("little, different", head=0.9, full=0.9)
    behind = _judged("little, similar", head=0.3, full=0.92, norm=0.92)
    assert "it is behind" in behind
    assert "**Full fine-tuning**" in behind
    assert "**Batch norm and head**" in behind
    assert "nothing has been measured" in judge_rule(QUADRANTS["little, similar"], compare(()))
    alone = compare(group_experiments([make_experiment("head")]))
    assert "no other strategy" in judge_rule(QUADRANTS["little, similar"], alone)
