"""Why a map is blank, negative everywhere, not a number, or one bright cell: the cause in the tensors, and what to try.

A saturated softmax is no cause here: all methods explain logits, whose gradients do not fade when a class is certain.
"""

from __future__ import annotations

from math import isfinite

from torch import Tensor, nn

from explorer.anatomy import record, summarize_layers
from explorer.saliency.class_activation import ClassActivationMap
from explorer.zoo import VisionModel

ALONE = 0.9  # of a map's sum in one cell, from which on the rest of the picture stays dark
PIXELS_ALONE = 0.5  # the same for one pixel of a whole picture
LEAST = 1e-30  # a map whose largest value is less has lost its digits to single precision


def diagnose_maps(mapped: ClassActivationMap, model: VisionModel, x: Tensor, method: str, layer: str) -> str:
    """What is wrong with a class activation map; "" where all is well.

    Args:
        mapped: the map and what it was made of.
        model, x: asked again where the map alone does not tell the cause.
        method: name.
        layer: name.
    """
    maps, gradients, signed = mapped.maps, mapped.gradients, mapped.signed
    if _looks_well(mapped):
        return ""
    if not (maps.isfinite().all() and mapped.logits.isfinite().all() and signed.isfinite().all()):
        return _explain_broken(model, x)
    if signed.numel() == 1:
        return (
            f"The maps of {layer} have a single cell, so the heatmap is the same everywhere. Choose an earlier layer, "
            "whose maps have rows and columns."
        )
    if not maps.any():
        return (
            f"The map is blank because all {len(maps)} maps of {layer} are zero on this picture"
            f"{_silence(model, x, layer)}. Choose an earlier layer or another picture."
        )
    if not signed.any() and (unweighted := _explain_weights(mapped, model, x, layer)):
        return unweighted
    if gradients is not None and not gradients.any():
        return (
            f"The map is blank because the score does not react to {layer}: every gradient is "
            f"zero{_silence(model, x)}. Choose a later layer, or a method without gradients."
        )
    if gradients is not None and not mapped.cut and not signed.any() and not ((gradients != 0) & (maps != 0)).any():
        return (
            f"The map is blank because the score reacts to no cell of {layer} that is active on this picture. Choose a "
            "later layer or another class."
        )
    if method == "refine-cam" and signed.shape != maps.shape[1:] and not signed.any():
        return (
            f"The map is blank because no place is bright in the Grad-CAM++ maps of {layer} and of the layers before "
            "it at once. Choose an earlier layer, or Grad-CAM++."
        )
    positive = gradients is not None and bool(((gradients > 0) & (maps > 0)).any())
    if mapped.cut and not signed.any() and positive:
        return _explain_underflow(0.0)
    if mapped.cut and float(signed.max()) <= 0:
        return _explain_negative(mapped, method, layer)
    if float(signed.max()) < 0:
        return (
            f"The map is negative everywhere: the maps of {layer} speak against this class wherever they are active. "
            "Choose a class that the network finds more likely, or set it against another class."
        )
    shown = signed.clamp(min=0) if mapped.cut else signed
    if float(shown.abs().max()) < LEAST:
        return _explain_underflow(float(shown.abs().max()))
    if float(shown.max() - shown.min()) <= 1e-6 * float(shown.abs().max()):
        return (
            f"The map has the same value everywhere: at {layer} no place differs from another. Choose an earlier layer."
        )
    return _explain_single(shown, maps, layer)


def _looks_well(mapped: ClassActivationMap) -> bool:
    """Whether a map is so clearly in order that no cause need be looked for; a quick look at a few sums."""
    signed = mapped.signed.cpu().numpy()  # so few numbers that PyTorch's calls would take longer than their work
    if not (isfinite(mapped.maps.sum()) and isfinite(mapped.logits.sum()) and isfinite(signed.sum())):
        return False
    shown = signed.clip(0) if mapped.cut else abs(signed)
    peak, low, high = float(shown.max()), float(signed.min()), float(signed.max())
    return high > LEAST and high - low > 1e-3 * peak and peak < ALONE * float(shown.sum())


def _explain_weights(mapped: ClassActivationMap, model: VisionModel, x: Tensor, layer: str) -> str:
    """Why a map of nothing but zeros is one, where the last dense layer's weights are the cause; else ""."""
    head = next(
        (
            facts
            for facts in reversed(summarize_layers(model, x))
            if isinstance(model.network.get_submodule(facts.path), nn.Linear | nn.Conv2d) and facts.call is not None
        ),
        None,
    )
    if head is None or head.shape[0] != len(mapped.logits):
        return ""
    rows = model.network.get_submodule(head.path).get_parameter("weight").flatten(1)
    row = mapped.target_score.of_one(rows)
    whose = "for this class are zero" if mapped.target_score.contrast is None else "are the same for both classes"
    if not row.any():
        return (
            f"The map is blank because all weights of {head.name} {whose}: the score does not depend on the picture. "
            "Choose another class."
        )
    if mapped.gradients is not None or row.shape != mapped.maps.shape[:1]:  # not CAM
        return ""
    active = mapped.maps.flatten(1).any(1)
    weights = row[active]
    if not weights.any():
        return (
            f"The map is blank because {len(weights)} maps of {layer} are active, and their weights in {head.name} "
            f"{whose}. Choose another class or another picture."
        )
    if not (weights[:, None, None] * mapped.maps[active]).any():
        return _explain_underflow(0.0)
    return (
        f"The map is blank because what the active maps of {layer} say for this class and against it adds up to zero "
        "everywhere. Choose another class."
    )


def _explain_underflow(largest: float) -> str:
    at_most = f" (at most {largest:.0e})" if largest else ""
    return (
        f"The values are so small{at_most} that single precision has lost them: the score hardly depends on this layer."
    )


def _explain_negative(mapped: ClassActivationMap, method: str, layer: str) -> str:
    """A map that is cut away as a whole."""
    if not (mapped.maps > 0).any():
        return (
            f"The map is blank because the maps of {layer} have no value above zero on this picture, and what is below "
            "zero is cut. Choose the activation after it, or another layer."
        )
    because = ""
    if mapped.gradients is not None and method in ("grad-cam", "xgrad-cam", "finer-cam"):
        active = mapped.maps.flatten(1).any(1)
        negative = int((mapped.gradients.flatten(1).mean(1)[active] < 0).sum())
        because = f"{negative} of the {int(active.sum())} active maps have a negative weight, and "
    if not mapped.signed.any() and not because:
        return (
            f"The map is blank: no active cell of {layer} has a positive gradient for this class. Choose a class that "
            "the network finds more likely, another layer, or Occlusion."
        )
    other = "" if method == "layer-cam" else ", or choose Layer-CAM, whose weights are never negative"
    return (
        f"The map is blank because it was negative everywhere, and what is below zero is cut: {because}the maps of "
        f"{layer} speak against this class wherever they are active. Choose a class that the network finds more "
        f"likely, or set it against another class{other}."
    )


def _explain_single(shown: Tensor, maps: Tensor, layer: str) -> str:
    """One cell that outshines all others."""
    size = shown.abs()
    share = float(size.max() / size.sum())
    if share < ALONE or size.numel() < 4:
        return ""
    row, column = divmod(int(size.argmax()), shown.shape[1])
    whose = ""
    if shown.shape == maps.shape[1:]:  # RefineCAM's cells are those of an earlier layer
        whose = f"; channel {int(maps[:, row, column].abs().argmax())} of {layer} is strongest there"
    return (
        f"One cell of {shown.shape[0]} × {shown.shape[1]} (row {row}, column {column}) holds {100 * share:.0f} % of "
        f"the map{whose}. Choose another layer to see more than this cell."
    )


def diagnose_pixels(values: Tensor, model: VisionModel, x: Tensor, logits: Tensor, method: str) -> str:
    """What is wrong with an attribution to pixels; "" where all is well.

    Args:
        values: (H, W).
        model, x: asked again where the map alone does not tell the cause.
        logits: (num_classes,).
        method: name.
    """
    if not (values.isfinite().all() and logits.isfinite().all()):
        return _explain_broken(model, x)
    if not values.any():
        if not x.any() and method in ("input-x-gradient", "integrated-gradients", "occlusion"):
            return (
                "The map is blank because the picture is the mean colour everywhere, which this method measures from. "
                "Choose Saliency, or another picture."
            )
        what = {
            "occlusion": "no window changes the score",
            "legrad": "no attention of any block would raise the score",
        }.get(method, "the gradient is zero at every pixel")
        return f"The map is blank because {what}{_silence(model, x)}. Choose another class or another picture."
    if float(values.max()) <= 0:
        if method == "occlusion":
            return (
                "The map is negative everywhere: whichever window is covered, the score rises: no window alone "
                "speaks for this class. Choose one that the network finds more likely."
            )
        return (
            "The map is negative everywhere: every pixel speaks against this class. Choose one that the network finds "
            "more likely."
        )
    size = values.abs()
    share = float(size.max() / size.sum())
    if share > PIXELS_ALONE and size.numel() >= 16:
        row, column = divmod(int(size.argmax()), values.shape[1])
        return (
            f"One pixel (row {row}, column {column}) holds {100 * share:.0f} % of the map, and the rest looks dark. "
            "SmoothGrad evens such peaks out."
        )
    return ""


def _explain_broken(model: VisionModel, x: Tensor) -> str:
    """Values that are no finite numbers: the first layer that makes them."""
    if not x.isfinite().all():
        return "The map is not a number because the picture's values are not. Choose another picture."
    for layer in record(model, x):
        if layer.output.isfinite().all():
            continue
        module = model.network.get_submodule(layer.facts.path)
        tensors = dict([*module.named_parameters(), *module.named_buffers()])
        if layer.parameters and any(t.is_floating_point() and not t.isfinite().all() for t in tensors.values()):
            return (
                f"The map is not a number because weights of {layer.name} are not. The file of weights is damaged, or "
                "its training diverged; load another one."
            )
        return (
            f"The map is not a number because {layer.name} gives values beyond what single precision holds. "
            "Its weights, or the values that it reads, are too large; load other weights."
        )
    return "The map is not a number though every layer's output is: its gradients overflow. Choose a later layer."


def _silence(model: VisionModel, x: Tensor, until: str = "") -> str:
    """The first layer whose output is zero everywhere, as part of a sentence; "" where there is none before `until`."""
    for layer in record(model, x):
        if layer.name == until:
            return ""
        if not layer.output.any():
            return f" ({layer.name} is the first layer that gives nothing but zeros)"
    return ""
