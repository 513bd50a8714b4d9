"""A network that describes pictures, and where it looked before every word.

`list_captioners` answers without torch; the rest is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

_HOMES = {
    "Alternative": "caption",
    "Beams": "search",
    "Caption": "caption",
    "Captioner": "captioner",
    "Decoder": "decoder",
    "Encoder": "encoder",
    "TeacherForced": "search",
    "SentenceRejected": "vocabulary",
    "Steer": "caption_decoder",
    "Stopped": "interventions.occlusion",
    "Vocabulary": "vocabulary",
    "moved": "interventions.steering",
    "occlude_words": "interventions.occlusion",
    "read_sentence": "vocabulary",
    "shuffled": "interventions.steering",
    "spot": "interventions.steering",
    "uniform": "interventions.steering",
}

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
