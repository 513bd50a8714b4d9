"""Pictures on pages: what is drawn arrives to the pixel, and is said in words."""

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
    calls = [
        (call.func.attr, file.relative_to(folder).as_posix(), {keyword.arg for keyword in call.keywords})
        for file in folder.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    ]
    assert {file for name, file, given in calls if name == "image" and "alt" in given} == {"kit/picture.py", *PHOTOS}
    assert [file for name, file, _ in calls if name == "plotly_chart"] == ["kit/chart.py"]
    assert [file for name, file, given in calls if name == "dataframe" and "alt" not in given] == []


def test_a_chart_says_what_it_shows():
    def script():
        from explorer.rendering import probability_bars
        from explorer.ui.kit.chart import show_chart

        show_chart(probability_bars(["a <b>", "b"], [0.25, 0.75], compare=[0.5, 0.5]), "bars")

    app = AppTest.from_function(script).run()
    assert not app.exception
    assert app.get("plotly_chart")[0].proto.alt == "Class probabilities, now, before"
