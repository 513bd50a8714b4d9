"""The server: `make run`, or `streamlit run streamlit_app.py`. Every session runs `explorer/ui/front_door.py`."""

from __future__ import annotations

import threading
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from streamlit.runtime import memory_media_file_storage

from explorer.ui.kit.lingering_files import LingeringFiles

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

REST = 4.0  # seconds in which the server begins to answer, and who waits for it sees the home page


class WithoutMetrics:
    """Keeps Streamlit's `/_stcore/metrics`, for which it has no switch, from telling strangers what goes on here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked_for_metrics = scope["type"] == "http" and scope["path"].rstrip("/").endswith("/_stcore/metrics")
        answer = PlainTextResponse("Not found", status_code=404) if asked_for_metrics else self._app
        await answer(scope, receive, send)


# Streamlit has no setting for its store of files; it looks the class up here when the server starts.
memory_media_file_storage.MemoryMediaFileStorage = LingeringFiles  # type: ignore[misc]
app = st.App("explorer/ui/front_door.py", middleware=[Middleware(WithoutMetrics)])


def warm_up() -> None:
    """Import what pages need, torch first, and run the default network once, so that the first page opens at once.

    Then see to the jobs of the server before: old ones go and unfinished ones go on, whoever opens them.
    """
    for slow in ("explorer.zoo.loading", "explorer.ui.layers.page", "explorer.deck.topics"):
        import_module(slow)
    from explorer.images import read_image
    from explorer.jobs import JobRefused, open_jobs
    from explorer.samples import SAMPLES, read_sample
    from explorer.zoo import list_shipped, load_model

    load_model(list_shipped()[0]).probabilities(read_image(read_sample(SAMPLES[0].name)).image)
    with suppress(JobRefused):  # no cluster answers; a page says so to whoever asks
        open_jobs().queue()


_warming = threading.Timer(REST, warm_up)
_warming.daemon = True
_warming.start()
