"""Pictures on pages: what is drawn arrives to the pixel."""

import ast
import io
from pathlib import Path

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

import explorer.ui
from explorer.rendering import encode_png

# Photos of people, which are shown and not measured: Streamlit sends them as JPEG.
PHOTOS = {"session/sidebar.py", "captions/several.py", "transfer/try_it.py"}


def test_a_png_arrives_to_the_bit(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)

    def script(png):
        from explorer.ui.kit.picture import show_png

        show_png(png, "a caption", alt="Cells")

    sent = []
    app = AppTest.from_function(script, args=(encode_png(pixels),))
    with monkeypatch.context() as patch:
        patch.setattr("streamlit.elements.lib.image_utils._get_image_format_mimetype", lambda kind: kind)
        patch.setattr(
            "streamlit.runtime.media_file_manager.MediaFileManager.add",
            lambda manager, data, mimetype, *rest, **more: sent.append((data, mimetype)) or "/media/picture",
        )
        app.run()
    assert not app.exception
    [(data, kind)] = sent
    assert kind == "PNG"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)
    [shown] = app.get("image")[0].proto.imgs
    assert (shown.alt, shown.caption) == ("Cells", "a caption")


def test_only_photos_are_sent_otherwise():
    folder = Path(explorer.ui.__file__).parent
    calls = {
        (file.relative_to(folder).as_posix(), call.func.attr)
        for file in folder.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and has_alternative_text(call)
    }
    assert {file for file, function in calls if function == "image"} == {"kit/picture.py", *PHOTOS}


def has_alternative_text(call):
    return any(keyword.arg == "alt" for keyword in call.keywords)
