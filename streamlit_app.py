"""The server: `make run`, or `streamlit run streamlit_app.py`. Every session runs `explorer/ui/front_door.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class WithoutMetrics:
    """Keeps Streamlit's `/_stcore/metrics`, for which it has no switch, from telling strangers what goes on here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked_for_metrics = scope["type"] == "http" and scope["path"].rstrip("/").endswith("/_stcore/metrics")
        answer = PlainTextResponse("Not found", status_code=404) if asked_for_metrics else self._app
        await answer(scope, receive, send)


app = st.App("explorer/ui/front_door.py", middleware=[Middleware(WithoutMetrics)])
