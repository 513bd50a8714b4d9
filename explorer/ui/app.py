"""The pages in one table, from which the navigation and the home page are made, and the way every session takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from itertools import groupby
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.text import count_text
from explorer.turns import RUNS
from explorer.ui.glossary import glossary

_PAGES = Path(__file__).parents[2] / "pages"
_SHOWN, _ADDRESS, _LED_BACK, _LINKS = "shown_page", "parameters_of_address", "led_back", "links_to_pages"
_STYLE, _LARGE = (Path(__file__).parent / name for name in ("app.css", "present.css"))
PRESENT = "present"
"""In the address: "true" shows pages to a class, in large letters and without the sidebar."""
_HISTORY = f"<script>{(Path(__file__).parent / 'app.js').read_text(encoding='utf-8')}</script>"


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        name: of its file in `pages/`, and in the address.
        title: what a person reads.
        icon: a Material symbol.
        group: what it stands with.
        promise: what there is to see, in a sentence; the home page says it.
        address: query parameters with which the home page opens it.
    """

    name: str
    title: str
    icon: str
    group: str
    promise: str
    address: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """Its script; whole, so that it is found wherever the script lies that runs first."""
        return _PAGES / f"{self.name}.py"


LOOK, LEARN, WRITE, DECK = "Look inside", "Learn", "Write and draw", "Deck"
PAGES = (
    Page("layers", "Layers", ":material/layers:", LOOK, "Every map of every layer, from the photo to the class."),
    Page(
        "filters",
        "Filters",
        ":material/grid_on:",
        LOOK,
        "What a filter of shape 5 × 5 × 25 looks like, and what it lets through.",
        {"example": "5x5x25"},
    ),
    Page(
        "convolution",
        "Convolution",
        ":material/center_focus_strong:",
        LOOK,
        "Point at a cell and see every multiply-add behind it.",
    ),
    Page("pooling", "Pooling", ":material/compress:", LOOK, "What is kept and what is lost when maps get smaller."),
    Page("saliency", "Saliency", ":material/visibility:", LOOK, "Where a network looked, and which map to believe."),
    Page(
        "pictures",
        "Pictures",
        ":material/photo_library:",
        LOOK,
        "All your pictures on one map, near each other what a network takes for alike.",
    ),
    Page(
        "neurons",
        "Neurons",
        ":material/hub:",
        LEARN,
        "Follow one number to the loss, and its blame back to every weight.",
    ),
    Page(
        "learning",
        "Learning",
        ":material/trending_down:",
        LEARN,
        "Why the same network learns, or does not: seven optimisers race, fifty layers fade, a batch shares its mean.",
    ),
    Page(
        "augmentation",
        "Augmentation",
        ":material/auto_fix_high:",
        LEARN,
        "Change the photo step by step, and watch the network change its mind.",
    ),
    Page(
        "transfer",
        "Transfer learning",
        ":material/school:",
        LEARN,
        "Train strategies side by side on your own pictures, and see which one wins.",
    ),
    Page("captions", "Captions", ":material/subtitles:", WRITE, "A sentence about your photo; where each word looked."),
    Page(
        "sequences",
        "Sequences",
        ":material/linear_scale:",
        WRITE,
        "What a network remembers of a sentence, for how long, and where it looks instead.",
    ),
    Page(
        "generators",
        "Generators",
        ":material/auto_awesome:",
        WRITE,
        "Squeeze your photo through a few numbers, and make pictures from none.",
    ),
    Page(
        "deck",
        "Deck",
        ":material/quiz:",
        DECK,
        "79 questions; every answer can be run, and comes again on the day you would forget it.",
    ),
)


def page_of(name: str) -> Page:
    """A page by its name."""
    return next(page for page in PAGES if page.name == name)


def shown_page() -> str | None:
    """The name of the page that is shown; None where it runs by itself, and has no other to link to."""
    name: str | None = st.session_state.get(_SHOWN)
    return name


def link_to(
    name: str, label: str, address: Mapping[str, str | Sequence[str]], *, icon: str = "", exactly: bool = False
) -> None:
    """A link to another page, opened with these query parameters; none where the page runs by itself.

    Args:
        name: of the page.
        label: what a person reads.
        address: the query parameters.
        icon: "" for that of the page.
        exactly: whether all that they do not name is as at first; then the page may be the one that is shown.
    """
    if shown_page() is not None:
        page = page_of(name)
        st.page_link(page.file, label=label, icon=icon or page.icon, query_params=dict(address))
        st.session_state[_LINKS].append((name, address, exactly))


@RUNS.turn()
def open_page() -> None:
    """Show the navigation, and the page that the address names.

    The page runs as part of the front door, and not by `page.run()`: then Streamlit takes what pages share, the sidebar
    with its files and every query parameter of one name, for the same control on each of them. Under `page.run()` it
    belongs to one page: it is made anew on the next, and taken out of the address, also of one that Back returns to.
    """
    _forget_what_was_left()
    name = st.navigation(_list_pages(), position="hidden").url_path
    _open_as_the_link_says(name)
    st.session_state[_LINKS] = []
    show_navigation()
    # What stands in the page's place stays until it is written over: emptied first where another page begins.
    place = st.empty() if st.session_state.get(_SHOWN) != name else st
    st.session_state[_SHOWN] = name
    try:
        with place.container():
            import_module(f"explorer.ui.{name}.page" if name else "explorer.ui.home").show()
            if name:
                _offer_cards(page_of(name))
    except RerunException:
        raise
    except BaseException:
        st.session_state[_LED_BACK] = False
        raise
    else:
        st.session_state[_LED_BACK] = False
    finally:
        st.session_state.setdefault(_ADDRESS, {})[name] = [*st.query_params]
    glossary()


def _offer_cards(page: Page) -> None:
    """At its end, the questions that a page answers."""
    from explorer.deck.topics import cards_on  # whose exercises need torch

    if cards := cards_on(page.name):
        st.page_link(
            page_of("deck").file,
            label=f"Test me on this page ({count_text(len(cards), 'card')})",
            icon=page_of("deck").icon,
            query_params={"page": page.name},
        )


def _forget_what_was_left() -> None:
    """After Back and Forward only the address counts, also for what reads a control before it is drawn.

    Until a run has come to its end: the one that takes the place of an interrupted one is no longer marked.
    """
    context = get_script_run_ctx()
    if context is not None and context.is_history_navigation:
        st.session_state[_LED_BACK] = True
    if st.session_state.get(_LED_BACK):
        left = st.session_state.get(_ADDRESS, {}).get(st.session_state.get(_SHOWN), [])
        _forget({*left, *st.query_params})


def _open_as_the_link_says(name: str) -> None:
    """What a link to another page names wins over what the session says of it, also where it is the default.

    Streamlit would keep the session's value there; where the last page has a parameter of the same name, both values
    stand in the address, and the control takes neither. An experiment of the Deck begins with all of the page's own
    settings as its address has them, the rest as at first; what stood in the Deck's address too, picture and network,
    belongs to the sidebar, and stays. A link that is to be followed exactly is followed as Back would be, after which
    the address alone counts.
    """
    elsewhere = name != st.session_state.get(_SHOWN)
    if elsewhere and "card" in st.query_params:
        addresses = st.session_state.get(_ADDRESS, {})
        _forget({*addresses.get(name, []), *st.query_params} - {*addresses.get("deck", [])})
        return
    said = {key: st.query_params.get_all(key) for key in st.query_params}
    for page, address, exactly in st.session_state.get(_LINKS, []):
        named = {key: [one] if isinstance(one, str) else [*one] for key, one in address.items()}
        followed = page == name and all(said.get(key, [])[-len(values) :] == values for key, values in named.items())
        if not followed or not (elsewhere or exactly):
            continue
        _forget(named)
        context = get_script_run_ctx()
        led_back = context is not None and context.is_history_navigation
        if exactly and led_back:
            _tell_browser(named)
        elif context is not None and (exactly or any(said[key] != values for key, values in named.items())):
            # This run's widgets have the address as it was. `st.rerun` would too: what the last page's controls
            # are bound to can be set by nobody else.
            text = urlencode(named if exactly else {**said, **named}, doseq=True)
            page_hash, info = context.page_script_hash, context.context_info
            raise RerunException(
                RerunData(text, page_script_hash=page_hash, context_info=info, is_history_navigation=exactly)
            )
        return


def _tell_browser(named: Mapping[str, Sequence[str]]) -> None:
    """Write the whole address, in which the browser still has what the last view left there.

    Streamlit does so whenever a parameter is set, which those of controls that were there already refuse.
    """
    for key, values in named.items():
        with suppress(StreamlitAPIException):
            st.query_params[key] = values


def _forget(keys: Iterable[str]) -> None:
    for key in keys:
        if not isinstance(st.session_state.get(key), UploadedFile):  # which no address holds
            st.session_state.pop(key, None)


def show_navigation() -> None:
    """Every page in its group, one click away; the current one is marked."""
    st.html(_STYLE)
    if st.query_params.get(PRESENT) == "true":
        st.html(_LARGE)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="navigation"):
        st.page_link(_PAGES / "home.py", label="Home", icon=":material/home:")
        for group, pages in groupby(PAGES, lambda page: page.group):
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
                named = list(pages)
                if [page.title for page in named] != [group]:
                    st.caption(group, width="content")
                for page in named:
                    st.page_link(page.file, label=page.title, icon=page.icon)
        st.html(_HISTORY, unsafe_allow_javascript=True)


def _list_pages() -> list[st.Page]:
    # Without icons: they would be the browser's tab icons as well, which Streamlit fetches from fonts.gstatic.com.
    return [
        st.Page(_PAGES / "home.py", title="Home", default=True),
        *(st.Page(page.file, title=page.title) for page in PAGES),
    ]
