"""The default network under every strategy: its blocks are whole, its padding is no layer of its own."""

import pytest
import torch

from explorer.transfer.plan import plan
from explorer.transfer.strategies import adapt, fresh_norms, pretrained_stages
from explorer.transfer.trial import STRATEGIES, Strategy
from explorer.zoo import VisionModel, random_model
from explorer.zoo.efficientnet_lite import STAGES

BLOCKS = sum(blocks for blocks, *_ in STAGES)


@pytest.fixture(scope="module")
def network() -> VisionModel:
    return random_model("efficientnet-lite0", 5)


def test_gradual_unfreezing_goes_block_by_block(network: VisionModel) -> None:
    stages = pretrained_stages(adapt(network, ("a", "b"), "gradual"))
    assert len(stages) == 1 + BLOCKS + 1  # stem, blocks, head; the classifier is new
    assert all(name.startswith("stem.") for name in stages[0])
    assert all(len({name.split(".")[2] for name in stage}) == 1 for stage in stages[1:-1])
    assert all(name.startswith("head.") for name in stages[-1])


def test_batch_norm_and_head_are_two_weights_a_norm(network: VisionModel) -> None:
    adapted = adapt(network, ("a", "b"), "norm")
    norms = [each for each in adapted.network.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    assert len(norms) == 1 + 2 + 3 * (BLOCKS - 1) + 1  # the first block does not expand
    assert len(adapted.pretrained) == 2 * len(norms)
    assert adapted.new == ("classifier.weight", "classifier.bias")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_its_plan_has_every_weight_once(network: VisionModel, strategy: Strategy) -> None:
    adapted = adapt(network, ("a", "b"), strategy)
    planned = [each for each in plan(network, 2, strategy) if each.state != "removed"]
    assert sum(each.parameters for each in planned) == sum(each.numel() for each in adapted.network.parameters())
    assert not any("pad" in each.name for each in planned)


def test_only_from_scratch_has_statistics_of_its_own(network: VisionModel) -> None:
    assert len(fresh_norms(adapt(network, ("a", "b"), "scratch"))) > 40
    for strategy in ("head", "full", "norm", "truncated"):
        assert fresh_norms(adapt(network, ("a", "b"), strategy)) == []  # type: ignore[arg-type]
