"""Gates and self-attention against the modules asked directly."""

import pytest
import torch
from torchvision.models import VisionTransformer
from torchvision.ops.misc import SqueezeExcitation

from explorer.saliency import SaliencyImpossible, channel_gates, rollout, self_attention
from tests.anatomy.networks import as_model
from tests.anatomy.test_concurrency import assert_untouched

from .networks import make_input, open_model


def small_transformer() -> VisionTransformer:
    torch.manual_seed(0)
    network = VisionTransformer(32, 8, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=10)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return network


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "efficientnet_b0"])
def test_gates_are_what_the_blocks_multiply_by(name: str) -> None:
    model = open_model(name)
    x = make_input(model, 64)
    gates = channel_gates(model, x)
    blocks = {path: m for path, m in model.network.named_modules() if isinstance(m, SqueezeExcitation)}
    assert [each.block for each in gates] == list(blocks)
    first, read = blocks[gates[0].block], model.network.features[0](x)
    if name == "efficientnet_b0":
        read = model.network.features[1][0].block[0](read)
    else:
        read = model.network.features[1].block[0](read)
    torch.testing.assert_close(gates[0].values, first._scale(read).flatten())
    assert all(0 <= float(each.values.min()) <= float(each.values.max()) <= 1 for each in gates)
    assert channel_gates(open_model("tiny-vgg"), make_input(open_model("tiny-vgg"))) == ()


def test_self_attention_is_what_the_blocks_compute() -> None:
    network = small_transformer()
    model = as_model(network)
    x = torch.randn(1, 3, 32, 32)
    blocks = self_attention(model, x)
    assert [each.weights.shape for each in blocks] == [(2, 17, 17)] * 3
    with torch.no_grad():
        tokens = torch.cat([network.class_token, network._process_input(x)], 1) + network.encoder.pos_embedding
        for block, layer in zip(blocks, network.encoder.layers, strict=True):
            read = layer.ln_1(tokens)[0]
            projected = read @ layer.self_attention.in_proj_weight.T + layer.self_attention.in_proj_bias
            query, key, _ = (part.reshape(17, 2, 8).transpose(0, 1) for part in projected.chunk(3, -1))
            torch.testing.assert_close(block.weights, (query @ key.transpose(1, 2) / 8**0.5).softmax(-1))
            tokens = layer(tokens)
    assert torch.equal(blocks[1].map_of(1, 3), blocks[1].weights[1, 3, 1:].reshape(4, 4))
    torch.testing.assert_close(blocks[1].map_of(), blocks[1].weights.mean(0)[0, 1:].reshape(4, 4))
    assert_untouched(model)


def test_rollout_follows_every_way_from_the_class_to_the_patches() -> None:
    blocks = self_attention(as_model(small_transformer()), torch.randn(1, 3, 32, 32))[:2]
    half = [0.5 * (each.weights.mean(0) + torch.eye(17)) for each in blocks]
    by_hand = torch.stack([sum(half[1][0, k] * half[0][k, patch] for k in range(17)) for patch in range(1, 17)])
    torch.testing.assert_close(rollout(blocks), by_hand.reshape(4, 4))
    assert 0 < float(rollout(blocks).sum()) < 1


def test_networks_without_it() -> None:
    with pytest.raises(SaliencyImpossible, match="no self-attention"):
        self_attention(open_model("tiny-vgg"), make_input(open_model("tiny-vgg")))
