"""One draw: the transforms of torchvision run as they are, and are listened to while they run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from explorer.augmentation.catalogue import find
from explorer.augmentation.randomness import OwnRandomness
from explorer.augmentation.rejection import PipelineRejected
from explorer.augmentation.steps import Step, assemble, bare_transform

MOST_PIXELS = 16_000_000  # of any picture on the way: about 50 MB as RGB
_FEW = 16  # numbers of a tensor that are told one by one
_SIGNED = {"Rotate": "°"}

Value = bool | int | float | str | tuple["Value", ...]


@dataclass(frozen=True)
class Operation:
    """What an automatic policy did, one operation of several.

    Attributes:
        name: as the papers call it: "ShearX", "Posterize".
        magnitude: in the operation's own unit (degrees, pixels, a factor less one, bits, a share of white); None where
            it has no strength.
        chain: of AugMix, which of the mixed chains it belongs to, from 0; None elsewhere.
    """

    name: str
    magnitude: float | None
    chain: int | None = None

    @property
    def description(self) -> str:
        """For people: "Rotate -8°"."""
        if self.magnitude is None:
            return self.name
        return f"{self.name} {_number(self.magnitude)}{_SIGNED.get(self.name, '')}"


@dataclass(frozen=True)
class DrawnStep:
    """What one step did in one draw.

    Attributes:
        transform: its name.
        fired: whether it took place.
        parameters: what was drawn for it, in torchvision's names; of what happens inside with a probability of its own,
            only what happened. Empty where nothing is drawn.
        operations: of an automatic policy, in order.
    """

    transform: str
    fired: bool
    parameters: dict[str, Value]
    operations: tuple[Operation, ...] = ()

    @property
    def description(self) -> str:
        """For people: "Random rotation: angle -12.3"; "Random invert: did not fire"."""
        title = find(self.transform).title
        if not self.fired:
            return f"{title}: did not fire"
        said = [f"{name.replace('_', ' ')} {_say(value)}" for name, value in self.parameters.items()]
        said += [each.description for each in self.operations]
        return f"{title}: {', '.join(said)}" if said else title


@dataclass(frozen=True, eq=False)
class Draw:
    """One picture out of a pipeline, and how it came about.

    Attributes:
        image: RGB.
        seed: the same pipeline with the same seed makes the same picture of the same picture.
        steps: one for each of the pipeline's.
    """

    image: Image.Image
    seed: int
    steps: tuple[DrawnStep, ...]

    @property
    def description(self) -> str:
        """The steps that fired, in one line."""
        return "; ".join(step.description for step in self.steps if step.fired) or "nothing fired"


def run(steps: tuple[Step, ...], image: Image.Image, seed: int) -> Draw:
    """One draw of a pipeline's steps.

    Any number of threads may draw at a time; the random state of the process is left alone.

    Args:
        steps: in order; none gives the picture itself.
        image: RGB.
        seed: for this draw.

    Raises:
        PipelineRejected: a step cannot be done on the picture that reaches it: a crop larger than the picture, a kernel
            that does not fit, more pixels than memory should hold.
    """
    # A copy in any case: Pillow notes on a picture how it is being saved, as JPEG for one, and others have it too.
    image = image.convert("RGB")
    drawn = []
    with OwnRandomness(seed):
        for place, step in enumerate(steps, start=1):
            image, description = _run_one(step, image, place)
            drawn.append(description)
    return Draw(image, seed, tuple(drawn))


def _run_one(step: Step, image: Image.Image, place: int) -> tuple[Image.Image, DrawnStep]:
    bare = bare_transform(step)
    heard = _listen(bare, step)
    try:
        result = assemble(step, bare)(image)
    except PipelineRejected as refusal:
        raise PipelineRejected(f"Step {place}, {step.transform}, {refusal}") from None
    except (RuntimeError, ValueError, TypeError, IndexError, ArithmeticError) as error:
        raise PipelineRejected(f"Step {place}, {step.transform}, {_explain(step, image, error)}") from error
    return result, heard()


def _explain(step: Step, image: Image.Image, error: Exception) -> str:
    """Why a transform broke, as the rest of a sentence."""
    width, height = image.size
    size = step.parameters.get("size")
    if step.transform == "RandomCrop" and isinstance(size, int):
        return (
            f"cannot cut {size} x {size} pixels out of a picture of {width} x {height}; "
            "make the crop smaller or turn pad_if_needed on."
        )
    if step.transform == "RandomPerspective" and min(width, height) < 2:
        return f"needs at least two pixels a side, and the picture has {width} x {height}."
    kernel = step.parameters.get("kernel_size")
    if step.transform == "ElasticTransform":
        kernel = int(8 * float(step.parameters["sigma"]) + 1) | 1  # type: ignore[arg-type]
    if isinstance(kernel, int) and kernel // 2 >= min(width, height):
        return (
            f"needs more than {kernel // 2} pixels a side for its kernel of {kernel}, and the picture has "
            f"{width} x {height}."
        )
    padding = step.parameters.get("padding")
    if isinstance(padding, int) and step.parameters.get("padding_mode") in ("reflect", "symmetric"):
        return f"cannot mirror {padding} pixels at the edge of a picture of {width} x {height}."
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"cannot change a picture of {width} x {height} pixels: {reason.rstrip('.')}."


def _listen(bare: v2.Transform, step: Step) -> Callable[[], DrawnStep]:
    """Have a transform note what it draws and does; what comes back tells it afterwards.

    The methods of this one object are wrapped; nobody else has it.
    """
    fired = False
    parameters: dict[str, Value] = {}
    operations: list[Operation] = []
    make, change, forward = bare.make_params, bare.transform, bare.forward

    def make_params(flat_inputs: list[Any]) -> dict[str, Any]:
        made = make(flat_inputs)
        parameters.update(_tell(made, flat_inputs[0]))
        return made

    def transform(inpt: Any, params: dict[str, Any]) -> Any:
        nonlocal fired
        fired = True
        height, width = F.get_size(inpt)
        _refuse_giants(*_size_after(bare, params, height, width))
        return change(inpt, params)

    bare.make_params, bare.transform = make_params, transform
    if find(step.transform).group == "automatic":
        _listen_inside(bare, parameters, operations)

        def policy_forward(*inputs: Any) -> Any:
            nonlocal fired
            fired = True
            return forward(*inputs)

        bare.forward = policy_forward
    return lambda: DrawnStep(step.transform, fired, parameters, tuple(operations))


def _listen_inside(bare: v2.Transform, parameters: dict[str, Value], operations: list[Operation]) -> None:
    """The same for the operations of a policy, and for the weights with which AugMix mixes its chains."""
    apply = bare._apply_image_or_video_transform
    mixes = isinstance(bare, v2.AugMix)
    start: list[Any] = []  # the picture that every chain of AugMix begins with: the first one seen
    chain = -1

    def apply_with_trace(image: Any, transform_id: str, magnitude: float, **how: Any) -> Any:
        nonlocal chain
        if not start:
            start.append(image)
        chain += image is start[0]
        silent = transform_id in ("Identity", "AutoContrast", "Equalize", "Invert")
        operations.append(Operation(transform_id, None if silent else float(magnitude), chain if mixes else None))
        return apply(image, transform_id, magnitude, **how)

    bare._apply_image_or_video_transform = apply_with_trace
    if not mixes:
        return
    sample = bare._sample_dirichlet

    def sample_with_trace(concentrations: Tensor) -> Tensor:
        drawn: Tensor = sample(concentrations)
        shares = drawn.flatten().tolist()
        original = parameters.get("share_of_the_original")
        if isinstance(original, float):  # the second call shares out what the first one left
            parameters["shares_of_the_chains"] = tuple((1 - original) * share for share in shares)
        else:
            parameters["share_of_the_original"] = shares[0]
        return drawn

    bare._sample_dirichlet = sample_with_trace


def _size_after(bare: v2.Transform, params: dict[str, Any], height: int, width: int) -> tuple[float, float]:
    """Height and width that a transform is about to make, where it can grow the picture."""
    if isinstance(bare, v2.RandomZoomOut):
        left, top, right, bottom = params["padding"]
        return height + top + bottom, width + left + right
    size = params.get("size", bare.size if isinstance(bare, v2.Resize) else None)
    if size is None:
        return height, width
    if len(size) == 2:
        return float(size[0]), float(size[1])
    scale = size[0] / min(height, width)
    if getattr(bare, "max_size", None) and isinstance(bare, v2.Resize):
        scale = min(scale, bare.max_size / max(height, width))
    return height * scale, width * scale


def _refuse_giants(height: float, width: float) -> None:
    if height * width > MOST_PIXELS:
        raise PipelineRejected(
            f"would make a picture of {width:.0f} x {height:.0f} pixels, more than the limit of "
            f"{MOST_PIXELS // 1_000_000} megapixels."
        )
    if min(height, width) < 1:
        raise PipelineRejected("would shrink the picture to nothing.")


def _tell(made: dict[str, Any], picture: Any) -> dict[str, Value]:
    """What was drawn, without what says nothing: no tensors, no flags, nothing that did not happen."""
    if "displacement" in made:  # (1, H, W, 2) in halves of the side
        height, width = F.get_size(picture)
        field = made["displacement"][0] * torch.tensor([width / 2, height / 2])
        return {"largest_shift_px": float(field.norm(dim=-1).max())}
    if "v" in made:
        if made["v"] is None:
            return {"area": "no rectangle fitted"}
        names = {"i": "top", "j": "left", "h": "height", "w": "width"}
        return {names[key]: int(made[key]) for key in names}
    values = {name: _plain(value) for name, value in made.items() if value is not None and name != "num_input_channels"}
    if "fn_idx" in values:
        order = ("brightness", "contrast", "saturation", "hue")
        there = [order[index] for index in values.pop("fn_idx") if f"{order[index]}_factor" in values]  # type: ignore[union-attr, index]
        return {**values, **({"order": tuple(there)} if len(there) > 1 else {})}
    if "needs_crop" in values:
        padded = bool(values.pop("needs_pad"))
        values = {
            name: value for name, value in values.items() if name != "needs_crop" and (padded or name != "padding")
        }
    if "contrast_before" in values and "contrast_factor" not in values:
        del values["contrast_before"]
    return values


def _plain(value: Any) -> Value:
    if isinstance(value, Tensor):
        value = value.tolist() if value.numel() <= _FEW else f"{value.numel()} numbers"
    return tuple(_plain(each) for each in value) if isinstance(value, list | tuple) else value


def _number(value: float) -> str:
    if isinstance(value, int) or value == 0 or not math.isfinite(value):
        return str(value)
    return f"{value:.3g}"


def _say(value: Value) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_say(each) for each in value)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _number(value) if isinstance(value, int | float) else value
