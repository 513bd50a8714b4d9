"""A person's pictures in classes, as they are trained on: files, labels, names. Reading them in: `sources`."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.images import LabelledPictures
from explorer.transfer.trial import TransferRejected

LEAST_CLASSES, LEAST_PICTURES = 2, 5
MOST_CLASSES, MOST_PICTURES = 100, 5000


@dataclass(frozen=True, eq=False)
class PictureSet(LabelledPictures):
    """Pictures in classes: what is shown, trained and exported begins with the same bytes.

    Raises:
        TransferRejected: fewer than two classes, a class with fewer than five pictures, or too many of either.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.classes) < LEAST_CLASSES:
            raise TransferRejected(f"It takes at least {LEAST_CLASSES} classes; there is {len(self.classes)}.")
        if len(self.classes) > MOST_CLASSES or len(self.files) > MOST_PICTURES:
            raise TransferRejected(
                f"There are {len(self.classes):,} classes and {len(self.files):,} pictures, "
                f"more than {MOST_CLASSES} or {MOST_PICTURES:,}."
            )
        counts = self.counts
        if len(counts) != len(self.classes) or counts.min() < LEAST_PICTURES:
            poor = self.classes[int(counts.argmin())]
            raise TransferRejected(
                f"Every class needs at least {LEAST_PICTURES} pictures; {poor!r} has {counts.min()}."
            )

    @property
    def counts(self) -> NDArray[np.int64]:
        """(K,) pictures of each class."""
        return np.bincount(self.labels, minlength=len(self.classes)).astype(np.int64)

    def to_zip(self) -> bytes:
        """One folder a class; `sources.read_zip` and `sources.reopen` read it again, pictures and classes in order."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for place, (file, name, label) in enumerate(zip(self.files, self.names, self.labels.tolist(), strict=True)):
                archive.writestr(f"{self.classes[label]}/{place:05d} {name}", file)
            # Folders have no order, and the numbers in front of the names keep names apart that are the same.
            archive.comment = json.dumps({"numbered": True, "classes": self.classes}, ensure_ascii=False).encode()
        return buffer.getvalue()
