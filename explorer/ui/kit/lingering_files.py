"""The server's store of pictures and files, which keeps for a while what no page shows any more."""

from __future__ import annotations

import time
from typing import Final

from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

SECONDS: Final = 20.0
BYTES: Final = 64 * 2**20


class LingeringFiles(MemoryMediaFileStorage):
    """Deletes a file `SECONDS` after it was told to, or earlier where those to be deleted take more than `BYTES`.

    Streamlit deletes a picture where its page runs again and anybody's page comes to the end of a run, before the page
    shows it anew: in a class that is before a browser has asked for it, and the person sees a broken picture from then
    on. A file made on demand it deletes after two more runs of anybody's page, whether or not it was asked for.
    """

    def __init__(self, media_endpoint: str) -> None:
        super().__init__(media_endpoint)
        self._left: dict[str, float] = {}  # those to be deleted, and since when, of time.monotonic; the oldest first
        self._bytes = 0  # of these: a class deletes dozens a second, and a thousand may be left

    def load_and_get_id(
        self, path_or_data: str | bytes, mimetype: str, kind: MediaFileKind, filename: str | None = None
    ) -> str:
        """Add a file; one that was to be deleted stays."""
        file_id = super().load_and_get_id(path_or_data, mimetype, kind, filename)
        if file_id in self._left:
            self._take_off(file_id)
        return file_id

    def delete_file(self, file_id: str) -> None:
        """Delete the file after a while, and those now whose while is over."""
        now = time.monotonic()
        self._left[file_id] = now
        self._bytes += self.get_file(file_id).content_size
        while len(self._left) > 1:  # the last may be as large as it likes
            oldest, since = next(iter(self._left.items()))
            if now - since < SECONDS and self._bytes <= BYTES:
                break
            self._take_off(oldest)
            super().delete_file(oldest)

    def _take_off(self, file_id: str) -> None:
        del self._left[file_id]
        self._bytes -= self.get_file(file_id).content_size
