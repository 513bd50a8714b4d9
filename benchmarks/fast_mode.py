"""`python -m benchmarks.fast_mode`: measure how like the fast maps are to the exact ones, for the page to tell."""

import json
from dataclasses import asdict

from benchmarks.saliency import PHOTOS, compare_modes, draw_photos
from explorer.saliency.fast_mode import MEASURED
from explorer.zoo import load_model

if __name__ == "__main__":
    model = load_model("photo-net", device="cpu")
    found = compare_modes(model, draw_photos(model)[:PHOTOS])
    MEASURED.write_text(json.dumps([asdict(each) for each in found], indent=2) + "\n", encoding="utf-8")
    print(MEASURED.read_text(encoding="utf-8"))
