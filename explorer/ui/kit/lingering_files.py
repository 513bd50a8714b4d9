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

    def load_and_get_id(
        self, path_or_data: str | bytes, mimetype: str, kind: MediaFileKind, filename: str | None = None
    ) -> str:
        """Add a file; one that was to be deleted stays."""
        file_id = super().load_and_get_id(path_or_data, mimetype, kind, filename)
        self._left.pop(file_id, None)
        return file_id

    def delete_file(self, file_id: str) -> None:
        """Delete the file after a while, and those now whose while is over."""
        now = time.monotonic()
        self._left[file_id] = now
        left = sum(self.get_file(each).content_size for each in self._left)
        for each, since in [*self._left.items()][:-1]:  # the last may be as large as it likes
            if now - since < SECONDS and left <= BYTES:
                break
            left -= self.get_file(each).content_size
            del self._left[each]
            super().delete_file(each)
