"""LeGrad: which patches' attention would raise a class's score, asked of every block of a vision transformer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from explorer.saliency.attention.weights import AttentionTap, find_attentions, grid_of
from explorer.saliency.attribution import Attributed
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.saliency.scores import TargetScore
from explorer.zoo import VisionModel
from explorer.zoo.photo_vit import PhotoViT


def legrad(model: VisionModel, x: Tensor, target_score: TargetScore) -> Attributed:
    """LeGrad.

    After block l the network's own last norm and dense layer read the mean of all tokens, which gives the score s_l.
    With A_l (heads, tokens, tokens) the block's attention, the map is the mean over blocks, heads and rows of
    relu(ds_l / dA_l), less the class token's column, stretched to [0, 1] (Bousselham et al. 2024, section 3,
    https://arxiv.org/abs/2404.03214; the mean of all tokens, not the class token, is as in the authors' code).

    Args:
        model: a vision transformer of equally wide blocks (photo-vit, torchvision's ViT).
        x: (1, 3, H, W) on the model's device.
        target_score: the score.

    Returns:
        The map of patches, (rows, columns), as `values` and `raw`.

    Raises:
        SaliencyImpossible: the network is none whose dense layer could read the tokens after every block.
    """
    with torch.enable_grad():
        tokens, blocks, read = _take_apart(model, x.detach())
        steps: list[tuple[Tensor, Tensor]] = []  # logits (num_classes,), attention (1, heads, tokens, tokens)
        for block in blocks:
            # A score reaches its own block's attention by this block alone, so nothing goes further back.
            with AttentionTap() as tap:
                tokens = block(tokens.detach().requires_grad_())
            steps.append((read(tokens.mean(dim=1))[0], tap.weights[0]))
        said = read(tokens[:, 0])[0].detach()  # the network's own answer
        target_score = target_score.settle(said)
        gradients = [torch.autograd.grad(target_score.of_one(logits), weights)[0] for logits, weights in steps]
    relevance = torch.stack([gradient[0].clamp(min=0).mean(dim=(0, 1)) for gradient in gradients]).mean(dim=0)
    values = relevance[1:].reshape(grid_of(x, len(relevance) - 1))
    values = (values - values.min()) / (values.max() - values.min()).clamp(min=torch.finfo(values.dtype).tiny)
    return Attributed(values, said, target_score, values)


def can_legrad(model: VisionModel) -> bool:
    """Whether a network is one of those that `legrad` can take apart."""
    return isinstance(model.network, PhotoViT | VisionTransformer)


def _take_apart(model: VisionModel, x: Tensor) -> tuple[Tensor, Sequence[nn.Module], Callable[[Tensor], Tensor]]:
    """The tokens (1, N, C) before the first block, the blocks, and what makes logits (1, num_classes) of one (1, C)."""
    network = model.network
    if isinstance(network, PhotoViT):
        return (
            network.with_class_token(network.tokens(network.cells(x))),
            list(network.blocks),
            lambda token: network.classifier(network.norm(token)),
        )
    if isinstance(network, VisionTransformer):
        patches = network._process_input(x)
        tokens = torch.cat([network.class_token.expand(len(x), -1, -1), patches], dim=1)
        return (
            tokens + network.encoder.pos_embedding,
            list(network.encoder.layers),
            lambda token: network.heads(network.encoder.ln(token)),
        )
    find_attentions(model)
    raise SaliencyImpossible(
        f"LeGrad reads the tokens after every block as the last ones are read, and {model.name}'s blocks are not known."
    )
