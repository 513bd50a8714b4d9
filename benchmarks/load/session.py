"""One session without a browser: it speaks Streamlit's protocol, so its times are the server's alone."""

import asyncio
import hashlib
import random
import time
from collections.abc import Coroutine
from pathlib import Path
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.load.person import (
    HEATMAP,
    LAYER,
    LAYERS,
    METHODS,
    OPENING,
    PATIENCE,
    TURN_TO_SALIENCY,
    Reaction,
    take_photo,
)
from explorer.samples import SAMPLES
from explorer.shared_files import SharedFile, SharedFiles

MESSAGES = (ValueError, LookupError, OSError, TimeoutError, WebSocketException)


class Session:
    """Asks as a page in a browser would, and waits until the run of the script that answers has come to its end.

    What the browser keeps of earlier messages it names, so that they are not sent again.

    Attributes:
        reactions: every answer that came.
        errors: a sentence for whatever went wrong.
        received: bytes.
    """

    def __init__(self, number: int, address: str, store: Path, pause: float) -> None:
        self.address, self.pause = address, pause
        self.reactions: list[Reaction] = []
        self.errors: list[str] = []
        self.received = 0
        self._chance = random.Random(number)
        self.title = f"session {number}.jpg"
        photo = take_photo(self.title, self._chance)
        label = f"{self.title} · {hashlib.sha256(photo).hexdigest()[:12]}"
        SharedFiles(store).put(f"picture/{label}", SharedFile(self.title, photo))
        self._query = urlencode({"image": label})
        self._page = "layers"
        self._lists: dict[str, str] = {}  # label of a list -> id of the widget
        self._held: dict[str, bytes] = {}  # by its hash, what the server need not send again
        self._socket: ClientConnection | None = None

    async def attempt(self, steps: Coroutine[object, object, None]) -> None:
        """Do something; whatever goes wrong is kept."""
        try:
            await steps
        except MESSAGES as error:
            self.errors.append(f"{type(error).__name__} in {steps.__name__}: {error}")

    async def open_layers(self) -> None:
        """By a link that names a picture of one's own."""
        asked = time.monotonic()
        self._socket = await connect(
            f"{self.address.replace('http', 'ws', 1)}/_stcore/stream", subprotocols=["streamlit"], max_size=None
        )
        await self._ask(f"for {self.title}", None)
        self.reactions.append(Reaction(OPENING, time.monotonic() - asked, asked))

    async def walk_layers(self) -> None:
        """Three layers."""
        for layer in self._chance.sample(LAYERS, k=3):
            await self._choose("Layer", layer, LAYER, f"of {layer} for {self.title}")

    async def turn_to_saliency(self) -> None:
        """Three heatmaps."""
        self._page = "saliency"
        await self._time(TURN_TO_SALIENCY, f" on {self.title}", None)

    async def walk_saliency(self) -> None:
        """Two others in the place of one."""
        for method in self._chance.sample(METHODS, k=2):
            await self._choose("Method 1", method, HEATMAP, f"{method} of ")

    async def return_to_sample(self) -> None:
        """The layers of what everyone has."""
        self._page = "layers"
        await self._ask(f"for {self.title}", None)
        await self._choose("Picture", SAMPLES[0].title, "", f"for {SAMPLES[0].title}")
        await self.ask_shared(LAYERS[0], "")

    async def ask_shared(self, layer: str, what: str) -> None:
        """What someone else asks for too; what is not named is not kept."""
        await self._choose("Layer", layer, what, f"of {layer} for {SAMPLES[0].title}")

    async def close(self) -> None:
        """Leave."""
        if self._socket:
            await self._socket.close()

    async def _choose(self, box: str, option: str, what: str, said: str) -> None:
        await self._time(what, said, (self._lists[box], option))

    async def _time(self, what: str, said: str, choice: tuple[str, str] | None) -> None:
        asked = time.monotonic()
        await self._ask(said, choice)
        if what:
            self.reactions.append(Reaction(what, time.monotonic() - asked, asked))
        if self.pause:
            await asyncio.sleep(self._chance.expovariate(1 / self.pause))

    async def _ask(self, said: str, choice: tuple[str, str] | None) -> None:
        """Have the script run, with something chosen from a list or as it is.

        Raises:
            ValueError: the answer does not say what it should, or an error.
        """
        assert self._socket
        question = BackMsg()
        run = question.rerun_script
        run.query_string, run.page_name = self._query, self._page
        run.cached_message_hashes.extend(self._held)
        if choice:
            widget = run.widget_states.widgets.add()
            widget.id, widget.string_value = choice
        await self._socket.send(question.SerializeToString())
        found = False
        async with asyncio.timeout(PATIENCE):
            while True:
                raw = await self._socket.recv(decode=False)
                self.received += len(raw)
                message = ForwardMsg.FromString(raw)
                found = found or said.encode() in self._held.get(message.ref_hash, raw)
                if message.HasField("script_finished"):
                    if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                        break
                elif message.HasField("page_info_changed"):
                    self._query = message.page_info_changed.query_string
                else:
                    self._note(message, raw)
        if not found:
            raise ValueError(f"No answer says {said!r}.")

    def _note(self, message: ForwardMsg, raw: bytes) -> None:
        if message.metadata.cacheable:
            self._held[message.hash] = raw
        element = message.delta.new_element
        if element.HasField("selectbox"):
            self._lists[element.selectbox.label] = element.selectbox.id
        if element.HasField("exception"):
            raise ValueError(f"The page says: {element.exception.message}")
