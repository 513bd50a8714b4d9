import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.samples import SAMPLES
from explorer.shared_files import SharedFile, open_shared
from explorer.ui.session import pictures
from explorer.ui.session.pictures import (
    ImageRejected,
    add_picture,
    count_lost,
    get_picture,
    list_pictures,
    recall,
    say_lost,
    say_where_kept,
)


def make_png(shade: int, side: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (shade, shade, shade)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_are_always_there(sample: object) -> None:
    picture = get_picture(sample.title)
    assert picture.sample == sample.name
    assert picture.credit == sample.credit
    assert recall(sample.title)
    assert sample.title in list_pictures()


def test_a_picture_is_found_by_its_label() -> None:
    picture = add_picture("a.png", make_png(7))
    assert get_picture(picture.label) == picture
    assert picture.key == picture.intake.sha256
    assert picture.pixels.shape == (8, 8, 3)
    assert (picture.sample, picture.credit) == ("", "")
    assert recall(picture.label)


def test_labels_differ_by_content_and_by_name() -> None:
    labels = {add_picture(name, make_png(shade)).label for name in ("a.png", "b.png") for shade in (1, 2)}
    assert len(labels) == 4
    assert add_picture("a.png", make_png(1)).label in labels  # the same file again is no new picture


def test_long_and_odd_names() -> None:
    label = add_picture("x\n" * 500 + "end.png", make_png(3)).label
    assert "\n" not in label
    assert len(label) < 100
    assert get_picture(label).label == label


def test_a_refused_file_changes_nothing() -> None:
    before = list_pictures()
    with pytest.raises(ImageRejected):
        add_picture("a.png", b"text")
    assert list_pictures() == before


def test_what_was_never_there() -> None:
    assert not recall("holiday.jpg · 0123456789ab")
    with pytest.raises(KeyError):
        get_picture("holiday.jpg · 0123456789ab")


def test_pictures_that_had_to_make_room_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SESSION_BYTES", 8 * 1024)
    pictures._store.clear()
    count_lost()  # those of other tests
    small = [add_picture(f"{shade}.png", make_png(shade)) for shade in range(2)]  # which count as 1 kB each
    large = add_picture("large.png", make_png(9, side=48))
    assert [recall(picture.label) for picture in (*small, large)] == [False, True, True]
    assert (count_lost(), count_lost()) == (1, 0)
    assert small[0].label not in list_pictures()
    assert say_lost(1).startswith("One of your pictures is no longer on the server")
    pictures._store.clear()


def test_another_copy_of_the_dashboard_finds_a_picture_by_its_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert say_where_kept() == "They stay on this server and are not stored on disk."
    monkeypatch.setenv("EXPLORER_STORE", str(tmp_path))
    assert say_where_kept() == "They stay on this server, which keeps their files for 7 days after their last use."
    brought = add_picture("long name " * 20 + "\n.png", make_png(7))
    pictures._store.clear()  # as the memory of another copy is
    assert not recall(f"other · {brought.key[:12]}")  # who has only the digits finds nothing
    with pytest.raises(KeyError):
        get_picture(brought.label)
    assert recall(brought.label)
    found = get_picture(brought.label)
    assert (found, found.title, found.credit) == (brought, brought.title, "")
    np.testing.assert_array_equal(found.pixels, brought.pixels)
    for data in (make_png(8), b"no picture", b""):
        label = f"x.png · {brought.key[:12]}"
        assert open_shared().put(f"picture/{label}", SharedFile("x.png", data))
        assert not recall(label)
    pictures._store.clear()
