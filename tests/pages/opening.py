"""Opening pages as a session does, and what they hand to the browser."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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

    def network_view(self, *, key: str, **given: Any) -> Any:
        self.networks[key] = given
        return self.clicks.pop(key, None)

    def clickable_grid(self, *, key: str, **given: Any) -> Any:
        self.grids[key] = given
        return self.clicks.pop(key, None)

    def microscope(self, channel_view: ChannelView, *, pinned: tuple[int, int] | None, key: str) -> Any:
        self.channel_views[key] = channel_view, pinned
        return self.clicks.pop(key, None)

    def photo_cover(self, *, key: str, **given: Any) -> Any:
        self.covers[key] = given
        return self.clicks.pop(key, None)

    def digit_pad(self, *, key: str, **given: Any) -> Any:
        self.pads[key] = given
        return self.clicks.pop(key, None)

    def attention_mover(self, *, key: str, **given: Any) -> Any:
        self.movers[key] = given
        return self.clicks.pop(key, None)

    def caption_player(self, *, key: str, **given: Any) -> None:
        self.players[key] = given

    def read_storage(self, key: str) -> Stored:
        return self.stored

    def keep_in_storage(self, text: str | None, *, key: str, **given: Any) -> None:
        self.kept = {"text": text, **given}

    def logit_board(self, *, key: str, **given: Any) -> Any:
        self.boards[key] = given
        return self.clicks.pop(key, None)

    def perceptron_trainer(self, *, key: str, **given: Any) -> Any:
        self.trainers[key] = given
        return self.clicks.pop(key, None)

    def shared_mean(self, *, key: str, **given: Any) -> Any:
        self.batches[key] = given
        return self.clicks.pop(key, None)

    def terrain(self, *, key: str, **given: Any) -> Any:
        self.terrains[key] = given
        return self.clicks.pop(key, None)

    def gan_plane(self, *, key: str, **given: Any) -> Any:
        self.games[key] = given
        return self.clicks.pop(key, None)

    def letter_attention(self, *, key: str, **given: Any) -> Any:
        self.letters[key] = given
        return self.clicks.pop(key, None)

    def latent_pad(self, *, key: str, **given: Any) -> Any:
        self.latents[key] = given
        return self.clicks.pop(key, None)

    def watch_downloads(self, original: Callable[..., bool]) -> Callable[..., bool]:
        def download_button(
            place: Any, label: str, data: Any, file_name: str, *rest: Any, key: str, **more: Any
        ) -> bool:
            self.downloads[key] = label, data, file_name
            return original(place, label, data, file_name, *rest, key=key, **more)

        return download_button
