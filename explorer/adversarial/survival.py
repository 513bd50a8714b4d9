"""What becomes of a fooled photo that is treated: saved as JPEG, blurred, cut anew, or looked at through noise.

The same treatments are defences that need no training; what each costs is measured on photos that nobody has attacked.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import functional as TF

from explorer.adversarial.attacks import SEED, predict
from explorer.slices import Slices
from explorer.zoo import VisionModel

Pixels = NDArray[np.uint8]
Outcome = Literal["fooled", "recovered", "other"]
LOOKS: Final = 16  # noisy copies of randomised smoothing
NOISE: Final = 16.0  # their standard deviation, of 255
_CUT: Final = 1 / 16  # of the side, by which the new crop begins further right and further down


@dataclass(frozen=True)
class Treatment:
    """One way to treat a picture.

    Attributes:
        label: what a person reads.
        looks: from (H, W, 3) to the pictures (N, H, W, 3) that the network looks at; its probabilities are averaged.
    """

    label: str
    looks: Callable[[Pixels], Pixels]


def save_as_jpeg(pixels: Pixels, quality: int) -> Pixels:
    """What is left of a picture (H, W, 3) that is saved as JPEG and opened again; (1, H, W, 3)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file).convert("RGB"))[None]


def blur(pixels: Pixels) -> Pixels:
    """A Gaussian blur with a standard deviation of one pixel; (1, H, W, 3)."""
    return np.array(TF.gaussian_blur(Image.fromarray(pixels), [7, 7], [1.0, 1.0]))[None]


def crop_anew(pixels: Pixels) -> Pixels:
    """The picture without a sixteenth at its left and its top, brought back to its size; (1, H, W, 3)."""
    height, width = pixels.shape[:2]
    box = (round(width * _CUT), round(height * _CUT), width, height)
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR, box))[None]


def add_noise(pixels: Pixels) -> Pixels:
    """Noisy copies, (LOOKS, H, W, 3); always the same noise.

    The network smoothed by noise is that of Cohen, Rosenfeld & Kolter 2019, "Certified adversarial robustness via
    randomized smoothing", but for two things: probabilities are averaged rather than votes counted, and too few copies
    are drawn for a certificate.
    """
    noise = np.random.default_rng(SEED).normal(0, NOISE, (LOOKS, *pixels.shape))
    return (pixels + noise).round().clip(0, 255).astype(np.uint8)


TREATMENTS: Final[dict[str, Treatment]] = {
    "jpeg90": Treatment("JPEG, quality 90", lambda pixels: save_as_jpeg(pixels, 90)),
    "jpeg75": Treatment("JPEG, quality 75", lambda pixels: save_as_jpeg(pixels, 75)),
    "jpeg50": Treatment("JPEG, quality 50", lambda pixels: save_as_jpeg(pixels, 50)),
    "blur": Treatment("Blur by 1 pixel", blur),
    "crop": Treatment("A new crop", crop_anew),
    "noise": Treatment(f"Mean of {LOOKS} noisy looks", add_noise),
}


def predict_treated(model: VisionModel, pixels: Pixels, treatment: str) -> NDArray[np.float32]:
    """(num_classes,) the mean of the probabilities that a network gives a picture (H, W, 3) as treated.

    Args:
        model: from the zoo.
        pixels: as large as the network sees it.
        treatment: a key of `TREATMENTS`.
    """
    mean: NDArray[np.float32] = predict(model, TREATMENTS[treatment].looks(pixels)).mean(0)
    return mean


@dataclass(frozen=True, eq=False)
class Survival:
    """What a treatment leaves of an attack.

    Attributes:
        treatment: a key of `TREATMENTS`.
        clean, fooled: (num_classes,) probabilities of both photos, treated.
        original, named: index of the class of the photo and of the fooled photo as they are.
    """

    treatment: str
    clean: NDArray[np.float32]
    fooled: NDArray[np.float32]
    original: int
    named: int

    @property
    def outcome(self) -> Outcome:
        """What the fooled photo is taken for once it is treated."""
        then = int(self.fooled.argmax())
        return "fooled" if then == self.named else "recovered" if then == self.original else "other"

    @property
    def kept(self) -> bool:
        """Whether the photo that nobody has attacked keeps its class."""
        return int(self.clean.argmax()) == self.original

    @property
    def alone(self) -> bool:
        """Whether the treatment does by itself what the change did: it gives the clean photo the fooled one's class."""
        return int(self.clean.argmax()) == self.named


def treat_in_slices(model: VisionModel, photo: Pixels, fooled: Pixels) -> Slices[list[Survival]]:
    """Treat a photo and its fooled version (H, W, 3) in every way."""
    original, named = predict(model, np.stack([photo, fooled])).argmax(1).tolist()
    found = []
    for done, name in enumerate(TREATMENTS, 1):
        treated = [predict_treated(model, pixels, name) for pixels in (photo, fooled)]
        found.append(Survival(name, treated[0], treated[1], original, named))
        yield done, len(TREATMENTS)
    return found


def ask_network(model: VisionModel, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
    """(N, num_classes) what another network makes of squares (H, W, 3), at its own resolution."""
    preprocessing = model.preprocessing.with_fit("squash")
    return predict(model, np.stack([preprocessing.pixels(Image.fromarray(picture)) for picture in pictures]))


@dataclass(frozen=True, eq=False)
class Cost:
    """What a treatment costs on photos that nobody has attacked.

    Attributes:
        kept: (N,) whether each keeps the class that it has untreated.
        before, after: (N,) the probability of that class, untreated and treated.
    """

    kept: NDArray[np.bool_]
    before: NDArray[np.float32]
    after: NDArray[np.float32]


def cost_in_slices(model: VisionModel, photos: Sequence[Pixels], treatment: str) -> Slices[Cost]:
    """Treat photos (H, W, 3) in one way, and compare with what the network says of them as they are."""
    rows = []
    for done, photo in enumerate(photos, 1):
        plain, treated = predict(model, photo[None])[0], predict_treated(model, photo, treatment)
        named = int(plain.argmax())
        rows.append((int(treated.argmax()) == named, plain[named], treated[named]))
        yield done, len(photos)
    kept, before, after = (np.array(column) for column in zip(*rows, strict=True))
    return Cost(kept, before, after)
