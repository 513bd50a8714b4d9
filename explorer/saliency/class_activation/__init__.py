"""Class activation maps: the maps A (C, h, w) of a layer, weighted by what the gradients g = dS/dA of a score say.

Each is a sum over the maps, M = sum over k of w_k A_k, and the methods differ in the weights w alone, but for
RefineCAM, which multiplies such sums. What is below zero is cut from M where it is shown, unless the method is signed,
after it was diagnosed. One file a method.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.class_activation.cam import cam
from explorer.saliency.class_activation.finer_cam import finer_cam
from explorer.saliency.class_activation.grad_cam import grad_cam
from explorer.saliency.class_activation.grad_cam_pp import grad_cam_pp
from explorer.saliency.class_activation.gradients import weigh
from explorer.saliency.class_activation.hires_cam import hires_cam
from explorer.saliency.class_activation.is_cam import is_cam
from explorer.saliency.class_activation.layer_cam import layer_cam
from explorer.saliency.class_activation.refine_cam import refine_cam
from explorer.saliency.class_activation.score_cam import score_cam
from explorer.saliency.class_activation.smooth_grad_cam_pp import smooth_grad_cam_pp
from explorer.saliency.class_activation.ss_cam import ss_cam
from explorer.saliency.class_activation.xgrad_cam import xgrad_cam
from explorer.saliency.methods import METHODS

WEIGHTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grad-cam": grad_cam,
    "grad-cam-pp": grad_cam_pp,
    "xgrad-cam": xgrad_cam,
    "layer-cam": layer_cam,
    "hires-cam": hires_cam,
}  # from maps and gradients to weights
MAPS: dict[str, Callable[[Wanted], ClassActivationMap]] = {
    "cam": cam,
    "smooth-grad-cam-pp": smooth_grad_cam_pp,
    "finer-cam": finer_cam,
    "refine-cam": refine_cam,
    "score-cam": score_cam,
    "ss-cam": ss_cam,
    "is-cam": is_cam,
}  # what needs more than one gradient


def map_class(method: str, wanted: Wanted) -> ClassActivationMap:
    """One class activation map.

    Args:
        method: one of `WEIGHTS` or `MAPS`.
        wanted: what it is made of.

    Raises:
        SaliencyImpossible: the network does not allow this method, or its score does not depend on the layer.
        Stopped: `progress` gave False.
    """
    if method in MAPS:
        return MAPS[method](wanted)
    return weigh(wanted, WEIGHTS[method], cut=not METHODS[method].signed)


__all__ = ["MAPS", "WEIGHTS", "ClassActivationMap", "Wanted", "map_class"]
