"""Python that gives what the part "Fool it" shows.

`opening` are lines that give `model`, `preprocessing` and `image`.
"""

from __future__ import annotations

from collections.abc import Sequence

from explorer.adversarial.attacks import Attack
from explorer.snippet import snippet


def _grow_lines(attack: Attack, target: int | None) -> list[str]:
    aimed = "" if target is None else f", target={target}"
    return [
        "from explorer.adversarial.attacks import grow_in_slices",
        "from explorer.slices import finish",
        "photo = preprocessing.pixels(image)",
        f"growth = finish(grow_in_slices(model, photo, {attack!r}{aimed}))",
    ]


def growth_snippet(opening: Sequence[str], attack: Attack, target: int | None, index: int) -> str:
    """Python that attacks the photo under every bound and saves one of the pictures."""
    return snippet(
        *opening,
        "from PIL import Image",
        *_grow_lines(attack, target),
        "for bound, probabilities in zip(growth.bounds, growth.probabilities):",
        "    best = probabilities.argmax()",
        "    print(bound, model.classes[best], probabilities[best])",
        f"changed = growth.pixels[{index}]",
        "Image.fromarray(changed).save('fooled.png')",
        "# Opened again and given to the network as it is, no pixel is resized:",
        "x = preprocessing.with_fit('squash').tensor(Image.open('fooled.png'))",
    )


def layers_snippet(opening: Sequence[str], attack: Attack, target: int | None, index: int) -> str:
    """Python that compares every layer."""
    return snippet(
        *opening,
        *_grow_lines(attack, target),
        "from explorer.adversarial.layers import compare_layers",
        f"distances = compare_layers(model, photo, growth.pixels[{index}])",
        "for name, fooled, signs in zip(distances.names, distances.fooled, distances.signs):",
        "    print(name, fooled, signs)",
    )


def survival_snippet(opening: Sequence[str], attack: Attack, target: int | None, index: int) -> str:
    """Python that treats the photo and its fooled version."""
    return snippet(
        *opening,
        *_grow_lines(attack, target),
        "from explorer.adversarial.survival import treat_in_slices",
        f"for each in finish(treat_in_slices(model, photo, growth.pixels[{index}])):",
        "    print(each.treatment, each.outcome, each.kept)",
    )


def patch_snippet(opening: Sequence[str], target: int, side: int, steps: int) -> str:
    """Python that trains a patch and tries every place.

    Args:
        opening: lines that give `pictures` in the place of `image`, the photo that is looked at first.
        target: index of the class.
        side: of the patch in pixels.
        steps: how many; 0 for the patch that comes along.
    """
    if steps:
        made = [
            "import numpy as np",
            "from explorer.adversarial.patch import PatchTraining",
            "from explorer.slices import finish",
            "photos = np.stack([preprocessing.pixels(open_image(data)) for _, data in pictures])",
            f"training = PatchTraining(model, photos, {target}, {side})",
            f"patch = finish(training.go_on_in_slices({steps}))",
        ]
    else:
        made = ["from explorer.adversarial.patch import read_shipped", f"patch = read_shipped({target})"]
    return snippet(
        *opening,
        "from explorer.adversarial.patch import try_places",
        "from explorer.images import open_image",
        *made,
        "photo = preprocessing.pixels(open_image(pictures[0][1]))",
        f"shares = try_places(model, photo, patch.pixels)[:, :, {target}]",
        "print(shares)",
    )
