"""These cards state no numbers; what they say of this dashboard is checked."""

from torchvision.transforms import v2

from explorer.augmentation.catalogue import CATALOGUE
from explorer.deck.topics import CARDS
from explorer.transfer.evaluation.quadrant import FIELDS, QUADRANTS
from explorer.transfer.evaluation.similarity import Similarity
from explorer.transfer.trial import FOUR
from explorer.zoo import load_model
from tests.deck.checks import Recomputed, check


@check(50)
def test_changes_are_there() -> Recomputed:
    named = {
        *("RandomResizedCrop", "RandomHorizontalFlip", "RandomRotation", "RandomAffine"),
        *("ColorJitter", "GaussianNoise", "RandomErasing", "MixUp"),
    }
    assert all(hasattr(v2, name) for name in named)
    assert named - {"MixUp"} <= CATALOGUE.keys()
    return set()


@check(51)
def test_similarity_is_that_of_a_linear_classifier() -> Recomputed:
    perfect, guessing = (Similarity(probe, 0, 0, 0, 0.25, 100, 4, 8).separation for probe in (1.0, 0.25))
    assert (perfect, guessing) == (1, 0)
    return set()


@check(52)
def test_imagenet_is_a_data_set() -> Recomputed:
    assert "ImageNet" in load_model("efficientnet-lite0").card["data"]["name"]
    assert FOUR[0] == "scratch"
    return set()


@check(53)
def test_the_rule_is_that_of_the_page() -> Recomputed:
    assert FIELDS == ("little, similar", "much, similar", "little, different", "much, different")
    assert [QUADRANTS[field].predicted for field in FIELDS] == ["head", "full", "truncated", "full"]
    answers = CARDS[53].answer.split("(")[1:]
    words = ("train a new head", "fine-tune everything", "early, general layers", "Fine-tune everything")
    assert all(word in answer for word, answer in zip(words, answers, strict=True))
    return set()
