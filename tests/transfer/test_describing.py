from explorer.transfer.evaluation.describing import say_movement, say_separation
from explorer.transfer.evaluation.inside import Moved, Separation


def test_movement_is_said_in_plain_numbers() -> None:
    said = say_movement(Moved({"a": 0.0, "b": 0.01, "c": 0.02, "d": 0.04}, {}))
    assert said.startswith("**3 of 4 pretrained layers moved**, most of all `d` by 4 % of its length; later layers")
    assert "3 % in the second half of the network against 0.5 % in the first" in said
    assert "1 of 1 pretrained layer moved" in say_movement(Moved({"a": 0.5}, {}))


def test_what_became_of_the_classes_is_said() -> None:
    low, high = Separation(0.1, 0.5, 5), Separation(0.4, 0.9, 5)
    assert "lie further apart" in say_separation(low, high)
    assert "lie closer together" in say_separation(high, low)
    assert "lie no further apart" in say_separation(low, Separation(0.2, 0.5, 5))
