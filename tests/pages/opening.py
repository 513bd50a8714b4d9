"""Opening pages as a session does, and what they hand to the browser."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Widget

from explorer.operations import ChannelView
from explorer.ui.components import GanStop, Look, Looking, NetworkClick, Stop, Stored
from explorer.ui.session.pictures import get_picture
from explorer.ui.session.subject import Subject

ROOT = Path(__file__).parents[2]
SECONDS = 120  # of patience, on a machine that does other things too


def open_page(name: str, address: Mapping[str, str | list[str]] | None = None) -> AppTest:
    """A page, by the name of its file, as a link opens it, with these query parameters."""
    app = AppTest.from_file(ROOT / "pages" / f"{name}.py", default_timeout=SECONDS)
    for key, value in (address or {}).items():
        app.query_params[key] = value
    return run(app)


def open_layers(address: Mapping[str, str | list[str]] | None = None) -> AppTest:
    """The Layers page as a link opens it, with these query parameters."""
    return open_page("layers", address)


def run(changed: AppTest | Widget) -> AppTest:
    """Run once, after a change of a widget perhaps; a page never ends in a traceback."""
    app = changed.run()
    assert not app.exception, [problem.value for problem in app.exception]
    return app


def subject_of(app: AppTest, **changes: Any) -> Subject:
    """What the page looks at, by its widgets."""
    label = app.session_state["image"]
    state = {name: app.session_state[name] for name in ("fit", "size", "device")}
    subject = Subject(get_picture(label), app.session_state["model"], **state)
    return Subject(**{**subject.__dict__, **changes})


def parameter(app: AppTest, name: str) -> str:
    """One of the address, which is a list or not by who has written it."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[-1]


def texts_of(app: AppTest) -> str:
    """What the page says outside its charts and controls, with common spaces."""
    shown = (*app.markdown, *app.caption, *app.info, *app.success, *app.warning, *app.error, *app.text)
    return "\n".join(each.value for each in shown).replace("\u00a0", " ")


def strings_in(message: Message) -> Iterator[str]:
    """Every text of an element, also what a component is given."""
    for kind, value in message.ListFields():
        for each in value if kind.is_repeated else (value,):
            if isinstance(each, Message):
                yield from strings_in(each)
            elif isinstance(each, str | bytes):
                yield each if isinstance(each, str) else each.decode(errors="replace")


def everything_in(app: AppTest) -> str:
    """Every text that the page sends, also what its components are given."""
    messages = (getattr(node, "proto", None) for node in app._tree)
    return "\n".join(text for each in messages if isinstance(each, Message) for text in strings_in(each))


def answer_first(app: AppTest, answer: str, verdict: str, *finding: str) -> str:
    """Answer the question that a page asks first; its finding waits until then.

    Args:
        app: a page that asks one question.
        answer: to it.
        verdict: what the page says of the answer.
        *finding: words of what it was asked about.

    Returns:
        What the page says afterwards.
    """
    assert not any(each in texts_of(app) for each in finding)
    (question,) = [radio for radio in app.radio if radio.key and radio.key.startswith("ask-")]
    told = texts_of(run(question.set_value(answer)))
    assert [each for each in (verdict, *finding) if each not in told] == []
    return told


def reopen(opens: Callable[[dict[str, str]], AppTest], address: dict[str, str], app: AppTest) -> AppTest:
    """The page as a link with this address opens it: every control that is named there says what it says in `app`."""
    again = opens(address)
    for key in address:
        assert again.session_state[key] == app.session_state[key], key
    return again


def run_snippet(code: str) -> tuple[dict[str, Any], str]:
    """What a snippet's code computes, and what it prints."""
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "snippet", "exec"), names)
    return names, printed.getvalue()


@dataclass
class Browser:
    """Stands where the browser is: keeps what the components were given, answers with prepared clicks.

    Attributes:
        networks: the arguments of every network view of the last run, by key.
        grids: those of every grid of maps.
        channel views: what is under every microscope, and the pinned cell.
        covers: those of every photo to be covered.
        pads: those of every pad to draw on.
        movers: those of every photo with a spot of attention.
        players: those of every player of a caption.
        stored: what the browser tells of its storage.
        kept: the arguments with which the page had it stored last.
        boards: those of every board of logits.
        trainers: those of every perceptron that is trained.
        batches: those of every batch of maps whose cells share means.
        terrains: those of every surface with paths.
        games: those of every game of a generator and a discriminator.
        letters: those of every text that was looked at character by character.
        latents: those of every plane in z.
        downloads: label, data and file name of every download button, by key.
        clicks: what a component gives the next time it is drawn, by key.
    """

    networks: dict[str, dict[str, Any]] = field(default_factory=dict)
    grids: dict[str, dict[str, Any]] = field(default_factory=dict)
    channel_views: dict[str, tuple[ChannelView, tuple[int, int] | None]] = field(default_factory=dict)
    covers: dict[str, dict[str, Any]] = field(default_factory=dict)
    pads: dict[str, dict[str, Any]] = field(default_factory=dict)
    movers: dict[str, dict[str, Any]] = field(default_factory=dict)
    players: dict[str, dict[str, Any]] = field(default_factory=dict)
    stored: Stored = field(default_factory=lambda: Stored("", 1, False))
    kept: dict[str, Any] = field(default_factory=dict)
    boards: dict[str, dict[str, Any]] = field(default_factory=dict)
    trainers: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    terrains: dict[str, dict[str, Any]] = field(default_factory=dict)
    games: dict[str, dict[str, Any]] = field(default_factory=dict)
    letters: dict[str, dict[str, Any]] = field(default_factory=dict)
    latents: dict[str, dict[str, Any]] = field(default_factory=dict)
    downloads: dict[str, tuple[str, Any, str]] = field(default_factory=dict)
    clicks: dict[str, NetworkClick | Stop | Look | Looking | GanStop | int | str | tuple[float, ...]] = field(
        default_factory=dict
    )

    def stand_in(self, kept: dict[str, dict[str, Any]]) -> Callable[..., Any]:
        """A component that keeps its arguments there, by its key, and gives the click that waits under that key."""

        def draw(*, key: str, **given: Any) -> Any:
            kept[key] = given
            return self.clicks.pop(key, None)

        return draw

    def microscope(self, channel_view: ChannelView, *, pinned: tuple[int, int] | None, key: str) -> Any:
        self.channel_views[key] = channel_view, pinned
        return self.clicks.pop(key, None)

    def read_storage(self, key: str) -> Stored:
        return self.stored

    def keep_in_storage(self, text: str | None, *, key: str, **given: Any) -> None:
        self.kept = {"text": text, **given}

    def components(self) -> dict[str, Callable[..., Any]]:
        """What is drawn in place of each component, by its name."""
        return {
            "network_view": self.stand_in(self.networks),
            "clickable_grid": self.stand_in(self.grids),
            "photo_cover": self.stand_in(self.covers),
            "digit_pad": self.stand_in(self.pads),
            "attention_mover": self.stand_in(self.movers),
            "caption_player": self.stand_in(self.players),
            "logit_board": self.stand_in(self.boards),
            "perceptron_trainer": self.stand_in(self.trainers),
            "shared_mean": self.stand_in(self.batches),
            "terrain": self.stand_in(self.terrains),
            "gan_plane": self.stand_in(self.games),
            "letter_attention": self.stand_in(self.letters),
            "latent_pad": self.stand_in(self.latents),
            "microscope": self.microscope,
            "read_storage": self.read_storage,
            "keep_in_storage": self.keep_in_storage,
        }

    def arrays(self, key: str = "offer") -> dict[str, Any]:
        """What a download of arrays holds, by the key of its buttons."""
        with np.load(io.BytesIO(self.downloads[f"{key}-npz"][1]()), allow_pickle=False) as arrays:
            return dict(arrays)

    def watch_downloads(self, original: Callable[..., bool]) -> Callable[..., bool]:
        def download_button(
            place: Any, label: str, data: Any, file_name: str, *rest: Any, key: str, **more: Any
        ) -> bool:
            # A run that begins with the click may drop the answer to the question for a file that is not made yet.
            assert more["on_click"] == "ignore" or not callable(data)
            self.downloads[key] = label, data, file_name
            return original(place, label, data, file_name, *rest, key=key, **more)

        return download_button


def cover_by_click(app: AppTest, side: Browser, fill: str, cover: str) -> None:
    """Choose what covers a photo, then cover a part of it, which the address and the browser then name."""
    run(app.segmented_control(key="fill").set_value(fill))
    side.clicks["cover-photo"] = cover
    run(app)
    assert parameter(app, "cover") == cover
    assert side.covers["cover-photo"]["cover"] == cover
