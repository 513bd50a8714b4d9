import pytest

from tests.pages.opening import Browser, open_page

PARAMETERS = {
    "layers": ["compare", "order", "scale", "fit", "size", "unit", "layer", "open", "image", "model"],
    "filters": ["conv", "filter_order", "filter_scale", "filter", "slice", "silence", "example"],
    "convolution": [
        *("look", "border", "filters", "activation", "side", "ksize", "stride", "padding", "dilation", "groups"),
        *("kernel", "grey", "map", "transposed", "outpad", "predict", "microscope.cell", "layer", "unit"),
    ],
    "pooling": ["part", "pooled", "pooled_map", "window", "pool_stride", "pool_padding", "show", "kind", "colour"],
    "saliency": [
        *("part", "class", "against", "layer", "panels", "look", "scale", "opacity", "contour", "fast", "hidden"),
        *("method1", "layer1", "class1", "against1", "open"),
        *("fool_view", "fool_attack", "fool_class", "fool_bound", "fool_defence"),
        *("fool_patch_class", "fool_side", "fool_train", "fool_row", "fool_column"),
    ],
    "augmentation": ["seed", "draw", "pipeline", "one_transform", "sweep", "effect"],
    "captions": [
        "captioner",
        "beams",
        "word",
        "draws_seed",
        "temperature",
        "look_row",
        "look_column",
        "cover",
        "scene",
    ],
    "neurons": [
        *("part", "ask", "neuron", "neuron_source", "neuron_inputs", "neuron_weights", "neuron_bias"),
        *("neuron_activation", "detector", "patch", "overflow_z", "linear_layers", "linear_between", "layer_inputs"),
        *("losses", "logits", "logits_of", "truth", "photo_truth", "loss", "constant", "softmax_temperature"),
    ],
    "learning": [
        *("part", "ask", "terrain_surface", "terrain_turned", "terrain_condition", "terrain_rates", "terrain_start"),
        *("terrain_step", "terrain_chosen", "terrain_left_out", "terrain_momentum", "terrain_alpha", "terrain_beta2"),
        "terrain_optimisers",
    ],
    "generators": [*("part", "ask")],
    "transfer learning": ["data", "each", "split_seed", "strategies", "share", "epochs", "seed", "job"],
}


@pytest.mark.parametrize("value", ["", "nonsense", "1e999", "9" * 5000], ids=["", "nonsense", "endless", "digits"])
@pytest.mark.parametrize("page", PARAMETERS)
def test_a_mangled_address_still_opens_its_page(page: str, value: str, browser_side: Browser) -> None:
    """`open_page` fails on a traceback; what the page falls back to is its own business."""
    try:
        opens(page, dict.fromkeys(PARAMETERS[page], value))
    except AssertionError:
        for name in PARAMETERS[page]:  # which of them it was
            opens(page, {"model": "tiny-vgg", name: value})
        raise


def opens(page: str, address: dict[str, str]) -> None:
    app = open_page(page.split()[0], {"model": "tiny-vgg", **address})
    assert app.title[0].value.lower() == page
