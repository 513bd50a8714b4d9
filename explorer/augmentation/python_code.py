"""A pipeline as a program that needs torchvision alone."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from explorer.augmentation.catalogue import find
from explorer.augmentation.steps import ON_TENSORS, Step, settings_of

OPENING = ("image = Image.open('photo.jpg').convert('RGB')",)
IMPORTS = ("from PIL import Image",)


def write(steps: Sequence[Step], seed: int, opening: Sequence[str], imports: Sequence[str]) -> str:
    """The program; see `Pipeline.to_python`."""
    inside = [f"    {_write_step(step)}," for step in steps] or ["    v2.Identity(),"]
    lines = [
        "import torch",
        *imports,
        "from torchvision.transforms import v2",
        "",
        "pipeline = v2.Compose([",
        *inside,
        "])",
        "",
        "",
        "def draw(image, seed):",
        '    """The same picture for the same seed; the random state of the process is put back afterwards."""',
        "    with torch.random.fork_rng(devices=[]):",
        "        torch.default_generator.manual_seed(seed)",
        "        return pipeline(image)",
        "",
        "",
        *opening,
        f"drawn = draw(image, seed={seed})",
        "print(drawn.size)",
    ]
    return "\n".join(lines) + "\n"


def _write_step(step: Step) -> str:
    made = f"v2.{step.transform}({', '.join(f'{name}={_write(value)}' for name, value in settings_of(step).items())})"
    parts = ["v2.PILToTensor()", made, "v2.ToPILImage()"] if step.transform in ON_TENSORS else [made]
    if step.probability < 1 and not find(step.transform).own_probability:
        return f"v2.RandomApply([{', '.join(parts)}], p={step.probability!r})"
    return parts[0] if len(parts) == 1 else f"v2.Compose([{', '.join(parts)}])"


def _write(value: Any) -> str:
    return f"v2.{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value)
