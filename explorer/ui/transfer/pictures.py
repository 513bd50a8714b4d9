"""The part of the Transfer page where pictures are chosen or brought, and looked at before anything is trained."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import streamlit as st

from explorer.jobs.order import JobUnknown
from explorer.text import as_plain_text
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.sources import list_built_in, load_built_in
from explorer.transfer.data.torchvision_sets import TORCHVISION, is_here
from explorer.transfer.trial import TransferRejected
from explorer.ui.app import link_to
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_number, choose_one, choose_step, said_by
from explorer.ui.kit.slow import watched
from explorer.ui.session.zip_upload import leave_zip
from explorer.ui.transfer.dataset_report import show_dataset_report
from explorer.ui.transfer.own_pictures import bring_classes, bring_zip
from explorer.ui.transfer.state import pictures_of

EACH: Final = (10, 20, 40, 80, 160, 0)  # pictures of each class; 0 for all
MOST_SEED: Final = 9999
_OWN: Final = {"zip": "Your own ZIP file", "classes": "Your own classes"}
_CURRENT = "transfer_current"  # the pictures after all that was done to them; None where the chooser gave none


def show_pictures() -> PictureSet | None:
    """The chooser, what it asks for, and the look at it; gives what is to be trained on, None where there is nothing.

    The address holds the source ("data"), how many of a built-in set ("each") and the seed of the split.
    """
    offered = {**_OWN, **list_built_in()}
    left, middle, right = st.columns([4, 5, 2], vertical_alignment="bottom")
    with left:
        source = choose_one(
            "Pictures to learn",
            offered,
            "data",
            _first(offered),
            disabled=False,
            help="Yours stay on this server and are used for nothing else. The others need no upload.",
        )
    if source != "zip":
        leave_zip()
    if source == "zip":
        found = bring_zip()
    elif source == "classes":
        found = bring_classes()
    else:
        with middle:
            each = choose_step(
                "Pictures of each class",
                EACH,
                "each",
                40,
                disabled=False,
                format_func=lambda count: f"{count}" if count else "all",
                help="As far as the set has so many; together at most 5,000.",
            )
        found = _load(source, each)
    if found is None:
        st.session_state[_CURRENT] = None
        return None
    with right:
        seed = choose_number(
            "Split seed",
            0,
            MOST_SEED,
            "split_seed",
            0,
            disabled=False,
            help="Which pictures are learned from, watched and tested: 60, 20 and 20 % of every class.",
        )
    code = _snippet_of(source, found)
    shown = show_dataset_report(found, seed, code)
    if source not in (*_OWN, *TORCHVISION):
        link_to("pictures", "Their map, by what a network makes of them", {"of": offered[source]})
    st.session_state[_CURRENT] = shown
    return shown


def current_pictures(job: str = "") -> PictureSet | None:
    """What is to be trained on, for the parts that do not show the chooser.

    What the chooser gave last in this session; before it was opened, the pictures of the job, else those that the
    address names. None where a person's own pictures are asked for that are not here.
    """
    if _CURRENT in st.session_state:
        kept: PictureSet | None = st.session_state[_CURRENT]
        return kept
    if job:
        with suppress(JobUnknown):
            return pictures_of(job)
    offered = list_built_in()
    names = {title: name for name, title in {**_OWN, **offered}.items()}  # an address has titles
    said, each = str(said_by("data", _first(offered))), str(said_by("each", 40)).replace("all", "0")
    asked = names.get(said, said)
    if asked in _OWN or (asked in TORCHVISION and not is_here(asked)):
        return None
    try:
        asked = asked if asked in offered else _first(offered)
        return _load_once(asked, next((count for count in EACH if str(count) == each), 40))
    except TransferRejected:
        return None


def current_split_seed() -> int:
    """The seed of the split that the person chose, here or where the strategies are chosen."""
    said = said_by("split_seed", 0)
    try:
        return min(max(int(said), 0), MOST_SEED)
    except ValueError:
        return 0


def _first(offered: dict[str, str]) -> str:
    return "hymenoptera" if "hymenoptera" in offered else "shapes"


def _load_once(source: str, each: int) -> PictureSet:
    def make() -> PictureSet:
        what, unit = ("Downloading", "MB") if source in TORCHVISION else ("Reading the pictures", "")
        with watched(what, unit) as tell:
            return load_built_in(source, each or None, tell=tell)

    return once(("built-in", source, each), make)


def _load(source: str, each: int) -> PictureSet | None:
    """A built-in set; one that has to be downloaded waits for a click."""
    if source in TORCHVISION and not is_here(source):
        asked = st.button(f"Download {TORCHVISION[source]}", key=f"download-{source}", icon=":material/download:")
        if not asked:
            st.info("It is downloaded once and checked, then it works offline.", icon=":material/cloud_download:")
            return None
    try:
        with st.spinner("Reading the pictures …", show_time=True):
            return _load_once(source, each)
    except TransferRejected as problem:
        st.error(as_plain_text(str(problem)), icon=":material/cloud_off:")
        return None


def _snippet_of(source: str, pictures: PictureSet) -> tuple[str, ...]:
    """Python that gives `pictures`, the lines of imports first."""
    if source in _OWN:
        name = pictures.title if source == "zip" else "pictures.zip"
        return (
            "from pathlib import Path",
            "",
            "from explorer.transfer.data.sources import read_zip",
            f"pictures = read_zip(Path({name!r}).read_bytes(), {pictures.title!r}).pictures",
        )
    each = int(st.session_state.get("each", 40)) or None
    return ("from explorer.transfer.data.sources import load_built_in", f"pictures = load_built_in({source!r}, {each})")
