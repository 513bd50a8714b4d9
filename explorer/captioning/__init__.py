"""A network that describes pictures, and where it looked before every word.

`list_captioners` answers without torch; the rest is imported when it is first asked for.
"""

from typing import TYPE_CHECKING

import lazy_loader

from explorer.captioning.loading import CaptionerBroken, CaptionerUnknown, list_captioners, load_captioner, open_folder

if TYPE_CHECKING:
    from explorer.captioning.caption import Alternative, Caption
    from explorer.captioning.caption_decoder import Steer
    from explorer.captioning.captioner import Captioner
    from explorer.captioning.decoder import Decoder
    from explorer.captioning.encoder import Encoder
    from explorer.captioning.interventions.occlusion import Stopped, occlude_words
    from explorer.captioning.interventions.steering import moved, shuffled, spot, uniform
    from explorer.captioning.search import Beams, TeacherForced
    from explorer.captioning.vocabulary import SentenceRejected, Vocabulary, read_sentence

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "caption": ["Alternative", "Caption"],
        "caption_decoder": ["Steer"],
        "captioner": ["Captioner"],
        "decoder": ["Decoder"],
        "encoder": ["Encoder"],
        "interventions.occlusion": ["Stopped", "occlude_words"],
        "interventions.steering": ["moved", "shuffled", "spot", "uniform"],
        "search": ["Beams", "TeacherForced"],
        "vocabulary": ["SentenceRejected", "Vocabulary", "read_sentence"],
    },
)

__all__ = [
    "Alternative",
    "Beams",
    "Caption",
    "Captioner",
    "CaptionerBroken",
    "CaptionerUnknown",
    "Decoder",
    "Encoder",
    "SentenceRejected",
    "Steer",
    "Stopped",
    "TeacherForced",
    "Vocabulary",
    "list_captioners",
    "load_captioner",
    "moved",
    "occlude_words",
    "open_folder",
    "read_sentence",
    "shuffled",
    "spot",
    "uniform",
]
