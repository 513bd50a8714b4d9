"""Gates and self-attention against the modules asked directly."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer
from torchvision.ops.misc import SqueezeExcitation

from explorer.saliency import SaliencyImpossible, channel_gates, class_relevance, rollout, self_attention
from explorer.zoo.photo_vit import PhotoViT
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


def small_hybrid() -> PhotoViT:
    """photo-vit with random weights, shaken so that its heads differ."""
    torch.manual_seed(0)
    network = PhotoViT(10)
    with torch.no_grad():
        for parameter in network.blocks.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
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


@pytest.mark.parametrize("sides", [(64, 64), (48, 96)])
def test_every_head_of_the_hybrid_is_pytorchs(sides: tuple[int, int]) -> None:
    """`nn.MultiheadAttention`, given what its block reads in a plain forward pass of the network."""
    model = as_model(small_hybrid())
    x = torch.randn(1, 3, *sides)
    blocks = self_attention(model, x)
    network, wanted = small_hybrid().eval(), []
    for block in network.blocks:
        block.attention.register_forward_pre_hook(
            lambda module, read, _kwargs: wanted.append(
                nn.MultiheadAttention.forward(module, *read, need_weights=True, average_attn_weights=False)[1][0]
            ),
            with_kwargs=True,
        )
    with torch.no_grad():
        network(x)
    assert len(blocks) == len(wanted) == 6
    rows, columns = sides[0] // 16, sides[1] // 16
    for block, weights in zip(blocks, wanted, strict=True):
        torch.testing.assert_close(block.weights, weights)
        torch.testing.assert_close(block.map_of(2), weights[2, 0, 1:].reshape(rows, columns))
    assert rollout(blocks).shape == (rows, columns)
    assert_untouched(model)


def relevance_by_hand(network: VisionTransformer, x: Tensor, target: int, blocks: int) -> Tensor:
    """Chefer, Gur & Wolf 2021, equations 5 and 6, for torchvision's ViT written out: a row for every token."""
    tokens = torch.cat([network.class_token, network._process_input(x)], 1) + network.encoder.pos_embedding
    kept = []
    for layer in network.encoder.layers:
        attention, read = layer.self_attention, layer.ln_1(tokens)[0]
        projected = read @ attention.in_proj_weight.T + attention.in_proj_bias
        query, key, value = (part.reshape(17, 2, 8).transpose(0, 1) for part in projected.chunk(3, -1))
        weights = (query @ key.transpose(1, 2) / 8**0.5).softmax(-1)
        kept.append(weights)
        tokens = tokens + attention.out_proj((weights @ value).transpose(0, 1).reshape(1, 17, 16))
        tokens = tokens + layer.mlp(layer.ln_2(tokens))
    score = network.heads(network.encoder.ln(tokens)[:, 0])[0, target]
    relevance = torch.eye(17)
    for weights, gradient in list(zip(kept, torch.autograd.grad(score, kept), strict=True))[:blocks]:
        positive = torch.stack([(g * w).clamp(min=0) for g, w in zip(gradient, weights, strict=True)])
        relevance = relevance + positive.mean(0).detach() @ relevance
    return relevance


@pytest.mark.parametrize("target", [0, 7])
@pytest.mark.parametrize("blocks", [1, 3])
def test_relevance_for_a_class_follows_its_gradient(target: int, blocks: int) -> None:
    model, x = as_model(small_transformer()), torch.randn(1, 3, 32, 32)
    by_hand = relevance_by_hand(small_transformer().eval(), x, target, blocks)
    for token in (0, 5):
        found = class_relevance(model, x, target, blocks, token)
        torch.testing.assert_close(found, by_hand[token, 1:].reshape(4, 4), rtol=1e-4, atol=1e-7)
    assert_untouched(model)


def test_relevance_depends_on_the_class_and_takes_any_shape() -> None:
    model, x = as_model(small_hybrid()), torch.randn(1, 3, 32, 64)
    first, second = (class_relevance(model, x, target) for target in (0, 1))
    assert first.shape == (2, 4)
    assert not torch.allclose(first, second)
    assert float(first.min()) >= 0 < float(first.max())


def test_networks_without_it() -> None:
    with pytest.raises(SaliencyImpossible, match="no self-attention"):
        self_attention(open_model("tiny-vgg"), make_input(open_model("tiny-vgg")))
    with pytest.raises(SaliencyImpossible, match="no self-attention"):
        class_relevance(open_model("tiny-vgg"), make_input(open_model("tiny-vgg")), 0)
