"""`python -m explorer.training.packaged_card`: the card of `efficientnet-lite0`, whose weights were trained by others.

What is measured here is measured on Imagenette's validation photos, the only ones of ImageNet that are at hand.
"""

import json
import sys
from datetime import date
from importlib.metadata import version

import torch
from PIL import Image
from torchvision.models import MobileNet_V2_Weights

from explorer.training.datasets import load_split, needs_data
from explorer.training.recipes import IMAGENETTE_IN_IMAGENET
from explorer.zoo import efficientnet_lite, load_model
from explorer.zoo.catalogue import MODELS, PACKAGED
from explorer.zoo.vision_model import VisionModel

NAME = "efficientnet-lite0"
AT_ONCE = 50


def describe() -> dict[str, object]:
    """The card without what is measured."""
    package = PACKAGED[NAME]
    return {
        "name": NAME,
        "title": "EfficientNet-Lite0, ImageNet",
        "architecture": "efficientnet_lite0",
        "parameters": sum(p.numel() for p in efficientnet_lite.efficientnet_lite0().parameters()),
        "input_size": 224,
        "resize": 256,
        "interpolation": "bicubic",
        "mean": [127 / 255] * 3,
        "std": [128 / 255] * 3,
        "classes": MobileNet_V2_Weights.DEFAULT.meta["categories"],  # ImageNet's, in the order that everyone uses
        "data": {
            "name": "ImageNet-1K",
            "licence": "weights: Apache-2.0; ImageNet's photographs: research use",
            "cite": "Tan & Le 2019, EfficientNet; Deng et al. 2009, ImageNet",
            "split": "ImageNet's own: 1,281,167 to train, 50,000 to validate",
        },
        "note": "Trained by Google for phones and published in 2020 (EfficientNet-Lite), converted to PyTorch by the "
        "package's author. The file is opened only if its sha256 is the one below.",
        "package": {"name": package.project, "version": version(package.project), "licence": "Apache-2.0"},
        "sha256": package.sha256,
    }


@torch.inference_mode()
def measure(model: VisionModel) -> dict[str, object]:
    """Shares of Imagenette's validation photos: right among 1,000 classes, among the five best, among the ten."""
    data = load_split("imagenette", "val")
    wanted = torch.tensor(IMAGENETTE_IN_IMAGENET)[data.labels]
    top1 = top5 = of_ten = 0
    for images, target, label in zip(*(t.split(AT_ONCE) for t in (data.images, wanted, data.labels)), strict=True):
        x = torch.cat([model.preprocessing.tensor(Image.fromarray(i.permute(1, 2, 0).numpy())) for i in images])
        logits = model.network(x)
        best = logits.topk(5, dim=1).indices
        top1 += int((best[:, 0] == target).sum())
        top5 += int((best == target[:, None]).sum())
        of_ten += int((logits[:, IMAGENETTE_IN_IMAGENET].argmax(1) == label).sum())
    count = len(data.labels)
    return {
        "value": 0.751,
        "split": "ImageNet validation, as its authors state it",
        "measured": {
            "top1": round(top1 / count, 4),
            "top5": round(top5 / count, 4),
            "among_ten": round(of_ten / count, 4),
            "split": f"Imagenette validation, {count:,} photos of 128 px, resized to 256, 224 px cut out",
            "date": date.today().isoformat(),
        },
        "command": "python -m explorer.training.packaged_card",
    }


@needs_data
def main() -> None:
    """Write the card."""
    path = MODELS / NAME / "card.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    card = describe()
    if not path.is_file():  # the zoo opens what has a card
        path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    card["accuracy"] = measure(load_model(NAME, device="cpu"))
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(card["accuracy"], indent=1))


if __name__ == "__main__":
    sys.exit(main())
