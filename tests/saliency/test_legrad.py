"""LeGrad against the paper's formula written out, without the library's blocks or its way through them."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor
from torchcam.methods import LeGrad
from torchvision.models import VisionTransformer

from explorer.saliency import SaliencyImpossible, explain, possible_methods
from explorer.zoo.photo_vit import PhotoViT
from tests.anatomy.networks import as_model
from tests.anatomy.test_concurrency import assert_untouched

from .networks import make_input, open_model
from .test_attention import small_hybrid, small_transformer


def legrad_by_hand(network: VisionTransformer | PhotoViT, x: Tensor, weights: Tensor) -> Tensor:
    """Bousselham et al. 2024, section 3: a map of all tokens for the score `weights` @ logits, by one graph.

    A block's score is read from the mean of all its tokens. Every block's attention is a leaf of its own at the value
    that it has, and every score is differentiated for it through the whole network.
    """
    if isinstance(network, PhotoViT):
        fine = network.stages[:5](network.stem(x))
        coarse = network.stages[5](fine).repeat_interleave(2, 2).repeat_interleave(2, 3)
        tokens = torch.cat([network.class_token, network.tokens(torch.cat([fine, coarse], 1))], 1)
        blocks = [(b.norm1, b.attention, lambda z, b=b: b.narrow(b.gelu(b.widen(b.norm2(z))))) for b in network.blocks]
        norm, head = network.norm, network.classifier
    else:
        tokens = torch.cat([network.class_token, network._process_input(x)], 1) + network.encoder.pos_embedding
        blocks = [(b.ln_1, b.self_attention, lambda z, b=b: b.mlp(b.ln_2(z))) for b in network.encoder.layers]
        norm, head = network.encoder.ln, network.heads
    maps, scores = [], []
    for first, attention, dense in blocks:
        read = first(tokens)[0]
        count, heads = len(read), attention.num_heads
        query, key, value = (
            part.reshape(count, heads, -1).transpose(0, 1)
            for part in (read @ attention.in_proj_weight.T + attention.in_proj_bias).chunk(3, -1)
        )
        maps.append((query @ key.transpose(1, 2) / query.shape[2] ** 0.5).softmax(-1))
        tokens = tokens + attention.out_proj((maps[-1] @ value).transpose(0, 1).reshape(1, count, -1))
        tokens = tokens + dense(tokens)
        scores.append(head(norm(tokens.sum(1) / count))[0] @ weights)
    total = torch.zeros(count)
    for attention, score in zip(maps, scores, strict=True):
        (gradient,) = torch.autograd.grad(score, attention, retain_graph=True)
        for each in gradient:
            total += each.relu().sum(0) / (len(maps) * len(gradient) * count)
    return total


@pytest.mark.parametrize("network", [small_transformer(), small_hybrid()], ids=["torchvision", "ours"])
@pytest.mark.parametrize("contrast", [None, 4])
def test_legrad_is_the_papers_formula(network: VisionTransformer | PhotoViT, contrast: int | None) -> None:
    model = as_model(network)
    torch.manual_seed(1)
    x = torch.randn(1, 3, 32, 32 if isinstance(network, VisionTransformer) else 64)
    weights = torch.zeros(10)
    weights[7] = 1.0
    if contrast is not None:
        weights[contrast] = -1.0
    by_hand = legrad_by_hand(network, x.clone().requires_grad_(), weights)[1:]
    by_hand = (by_hand - by_hand.min()) / (by_hand.max() - by_hand.min())
    heatmap = explain(model, x, "legrad", 7, contrast=contrast)
    assert heatmap.raw is not None
    rows, columns = heatmap.raw.shape
    assert (rows, columns) == ((4, 4) if isinstance(network, VisionTransformer) else (2, 4))
    torch.testing.assert_close(
        torch.from_numpy(heatmap.raw), by_hand.reshape(rows, columns).detach(), rtol=1e-4, atol=1e-5
    )
    assert heatmap.values.shape == x.shape[2:]
    assert_untouched(model)


def test_legrad_is_torchcams() -> None:
    network = small_transformer()
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    raw = explain(as_model(copy.deepcopy(network)), x, "legrad", 7).raw
    with LeGrad(network, list(network.encoder.layers)) as extractor:
        theirs = extractor(7, network(x))[0][0]
    np.testing.assert_allclose(raw, theirs, atol=1e-4)


def test_the_class_is_the_most_probable_one_and_where_there_is_no_class_token_one_sentence_says_so() -> None:
    model = open_model("photo-vit")
    x = make_input(model, 64)
    with torch.no_grad():
        assert explain(model, x, "legrad").target == int(model.network(x).argmax())
    assert "legrad" in possible_methods(model, x)
    for name in ("swin_t", "tiny-vgg"):
        without = open_model(name)
        x = make_input(without, 0 if without.only_size else 64)
        assert "legrad" not in possible_methods(without, x)
        with pytest.raises(SaliencyImpossible, match="token"):
            explain(without, x, "legrad")


def test_a_blank_map_says_why() -> None:
    network = small_transformer()
    with torch.no_grad():
        network.heads.head.weight.zero_()
    assert "no attention of any block" in explain(as_model(network), torch.randn(1, 3, 32, 32), "legrad", 1).diagnosis
