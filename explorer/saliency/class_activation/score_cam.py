"""Score-CAM (Wang et al. 2020), https://arxiv.org/abs/1910.01279, and what its smoothed and integrated kin share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.anatomy import record
from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.masking import Scorer, at_once, report
from explorer.saliency.merging import group_similar, mean_of_groups

LIKE = {True: 2, False: 4}  # maps to one group, where similar ones share a score; in half precision and in single
EPSILON = 1e-8  # where a map is the same everywhere


def score_cam(wanted: Wanted) -> ClassActivationMap:
    """Softmax over k of S(M_k x) - S(x) is w_k, M_k = U(s(A_k)) the map stretched to [0, 1] and enlarged."""
    return weigh_by_scores(wanted, [lambda masks: masks])


def weigh_by_scores(wanted: Wanted, variants: Sequence[Callable[[Tensor], Tensor]]) -> ClassActivationMap:
    """Softmax over k of the mean, over variants of the mask M_k, of S(M_k x) - S(x) is w_k.

    Maps that are the same everywhere all give one mask, which is looked at once. In fast mode groups of similar maps
    get one score, in half precision where the device is faster with it.

    Args:
        wanted: what is asked for.
        variants: from masks (B, 1, H, W), between 0 and 1, to the masks that the photo is multiplied with.

    Raises:
        Stopped: `progress` gave False.
    """
    model, x = wanted.model, wanted.x
    recording = record(model, x, [wanted.facts.name])
    maps = recording[wanted.facts.name].output  # (C, h, w)
    target_score = wanted.target_score.settle(recording.logits)
    network = Scorer(model, x, target_score, wanted.fast)
    with torch.inference_mode():
        masks = maps - maps.amin((1, 2), keepdim=True)
        masks = masks / (masks.amax((1, 2), keepdim=True) + EPSILON)
        active = masks.flatten(1).any(1)
        chosen = masks[active]  # (C', h, w)
        places = torch.arange(len(chosen), device=x.device)
        if wanted.fast and len(chosen) > LIKE[network.halves]:
            chosen, places = mean_of_groups(chosen, group_similar(chosen, len(chosen) // LIKE[network.halves]))
        if not bool(active.all()):
            chosen = torch.cat([chosen, torch.zeros_like(masks[:1])])
        scores = []
        batch = at_once(x)
        for start in range(0, len(chosen), batch):
            some = chosen[start : start + batch, None]
            wide = F.interpolate(some, x.shape[2:], mode="bilinear", align_corners=False)
            several = []
            for variant in variants:
                several.append(network.score(variant(wide) * x))
                report(wanted.progress, start * len(variants) + len(several) * len(some), len(chosen) * len(variants))
            scores.append(torch.stack(several).mean(0))
        found = torch.cat(scores) - target_score.of_one(recording.logits)
        changes = torch.full((len(maps),), float(found[-1]), dtype=found.dtype, device=found.device)
        changes[active] = found[places]
        signed = (changes.softmax(0)[:, None, None] * maps).nansum(0)
    return ClassActivationMap(signed, maps, None, recording.logits, target_score)
