"""Albums and pooled features against files read by Pillow and a forward pass in PyTorch's own words."""

import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import VisionTransformer

from explorer.anatomy import LayerUnknown, average_maps, summarize_layers
from explorer.picture_features import album as albums
from explorer.picture_features.album import Album, AlbumRejected, as_small_file, read_album
from explorer.picture_features.features import MOST_LAYERS, choose_side, read_features, spread_layers, with_layer
from explorer.slices import finish
from explorer.zoo import load_model
from tests.anatomy.networks import as_model
from tests.slices import gather


def png_of(seed: int, side: int = 40) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def zip_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def album_of(count: int) -> Album:
    files = tuple(map(png_of, range(count)))
    return Album("random", files, tuple(map(str, range(count))), np.arange(count) % 2, ("even", "odd"))


def test_a_zip_files_folders_are_classes() -> None:
    files = {f"{folder}/{number}.png": png_of(number) for number in range(3) for folder in ("b", "a")}
    told: list[tuple[int, int]] = []
    data = zip_of({**files, "loose.png": png_of(9), "a/none.txt": b"no picture"})
    reading = read_album(data, "mine.zip", lambda done, of: told.append((done, of)))
    assert reading.album.classes == ("a", "b")
    assert reading.album.labels.tolist() == [*[1, 0] * 3, -1]
    assert reading.album.names == ("0.png", "0.png", "1.png", "1.png", "2.png", "2.png", "loose.png")
    assert {name for name, _ in reading.skipped} == {"a/none.txt"}
    assert told[-1] == (8, 8)
    expected = np.asarray(Image.open(io.BytesIO(png_of(1))))
    np.testing.assert_array_equal(np.asarray(reading.album.image(2)), expected)


def test_what_makes_no_map_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AlbumRejected, match="no ZIP file"):
        read_album(b"nonsense", "mine.zip")
    with pytest.raises(AlbumRejected, match="A map takes 4 to 2,000 pictures; there are 3"):
        read_album(zip_of({f"a/{number}.png": png_of(number) for number in range(3)}), "mine.zip")
    with pytest.raises(AlbumRejected, match="101 classes"):
        read_album(zip_of({f"{number}/a.png": png_of(0, 4) for number in range(101)}), "mine.zip")
    monkeypatch.setattr(albums, "MOST", 5)
    cut = read_album(zip_of({f"a/{number}.png": png_of(number) for number in range(7)}), "mine.zip")
    assert len(cut.album) == 5
    assert "the rest is left out" in cut.note


def test_a_newcomers_zip_file_says_what_is_left_out() -> None:
    """Twenty photos in three folders of a folder, as macOS packs them, one of them broken."""
    files = {f"photos/{('cat', 'dog', 'bird')[number % 3]}/{number}.png": png_of(number, 9) for number in range(20)}
    broken = {"photos/cat/broken.jpg": b"\xff\xd8\xff broken", "photos/.DS_Store": b"x"}
    reading = read_album(zip_of({**files, **broken, "__MACOSX/photos/cat/._0.png": b"x"}), "photos.zip")
    assert (len(reading.album), reading.album.classes) == (20, ("bird", "cat", "dog"))
    said = dict(reading.skipped)
    assert [*said] == [*broken, "__MACOSX/photos/cat/._0.png"]
    assert said["__MACOSX/photos/cat/._0.png"] == "macOS has added it; it is no picture."
    assert all(why.endswith(".") for why in said.values())
    with pytest.raises(AlbumRejected, match=r"there are 0\. 3 of the files were left out, the first is broken\.jpg: "):
        read_album(zip_of({**broken, "__MACOSX/a": b"x"}), "photos.zip")


def test_large_pictures_are_kept_small() -> None:
    data = png_of(0, 600)
    kept = Image.open(io.BytesIO(as_small_file(data, Image.open(io.BytesIO(data)))))
    assert kept.size == (512, 512)
    small = png_of(0)
    assert as_small_file(small, Image.open(io.BytesIO(small))) is small


def test_features_are_the_means_of_the_maps() -> None:
    model, album = load_model("tiny-vgg", "cpu"), album_of(20)
    layers = ("features.relu1_1", "features.pool3", "average")
    told, found = gather(read_features(model, album, layers))
    seen: dict[str, torch.Tensor] = {}
    x = torch.cat([model.preprocessing.tensor(album.image(place)) for place in range(20)])
    with torch.inference_mode():
        for name, module in model.network.named_children():
            assert name in ("features", "average", "classifier", "flatten", "drop") or not list(module.parameters())
        y = x
        for name, module in model.network.features.named_children():
            y = module(y)
            seen[f"features.{name}"] = y
    assert found.places.tolist() == list(range(20))
    assert list(found.layers) == ["input", *layers]
    np.testing.assert_allclose(found.layers["input"], x.numpy().mean((2, 3)), atol=1e-5)
    for name in layers[:2]:
        np.testing.assert_allclose(found.layers[name], seen[name].numpy().mean((2, 3)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.layers["average"], found.layers["features.pool3"], rtol=1e-4, atol=1e-5)
    assert told == [(16, 20), (20, 20)]
    with pytest.raises(LayerUnknown):
        average_maps(model, x, ["nonsense"])


def test_features_of_a_transformer_are_its_class_tokens() -> None:
    """Torchvision's own encoder, block by block, beside what is read of it."""
    torch.manual_seed(0)
    network = VisionTransformer(32, 8, num_layers=9, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=5)
    torch.nn.init.normal_(network.conv_proj.weight)
    model, album = as_model(network), album_of(4)
    blocks = [f"encoder.layers.encoder_layer_{number}.add_1" for number in range(9)]
    layers = spread_layers(summarize_layers(model, torch.zeros(1, 3, 32, 32)))
    assert len(layers) == MOST_LAYERS
    assert (layers[0], layers[-1]) == ("conv_proj", blocks[-1])
    assert set(layers[1:]) < set(blocks)
    found = finish(read_features(model, album, (layers[0], *blocks)))
    with torch.inference_mode():
        cells = network.conv_proj(model.preprocessing.tensors([album.image(place) for place in range(4)]))
        tokens = torch.cat([network.class_token.expand(4, -1, -1), cells.flatten(2).transpose(1, 2)], 1)
        tokens = tokens + network.encoder.pos_embedding
        np.testing.assert_allclose(found.layers["conv_proj"], cells.mean((2, 3)).numpy(), atol=1e-5)
        for name, block in zip(blocks, network.encoder.layers, strict=True):
            tokens = block(tokens)
            np.testing.assert_allclose(found.layers[name], tokens[:, 0].numpy(), atol=1e-5)


def test_one_more_layer_stands_in_its_place() -> None:
    facts = summarize_layers(load_model("tiny-vgg", "cpu"), torch.zeros(1, 3, 32, 32))
    ends = ("features.conv1_1", "features.pool3")
    assert with_layer(facts, ends, "features.relu1_1") == ("features.conv1_1", "features.relu1_1", "features.pool3")
    assert with_layer(facts, ends, "nonsense") == with_layer(facts, ends, ends[0]) == ends


def test_who_has_no_time_gets_a_fair_sample() -> None:
    found = finish(read_features(load_model("tiny-vgg", "cpu"), album_of(60), ("features.relu1_1",), seconds=0.0))
    assert len(found.places) == 16
    assert found.asked == 60
    assert (np.diff(found.places) > 0).all()
    assert found.places.max() > 16  # not the first ones


def test_layers_stand_for_the_stages() -> None:
    model = load_model("tiny-vgg", "cpu")
    layers = spread_layers(summarize_layers(model, torch.zeros(1, 3, 32, 32)), 4)
    assert len(layers) == 4
    assert layers[0] == "features.conv1_1"
    assert layers[-1] == "features.pool3"
    assert [choose_side(count, 224) for count in (400, 401)] == [224, 112]
    assert choose_side(2000, 32) == 32
