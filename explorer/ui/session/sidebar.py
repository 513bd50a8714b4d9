"""The sidebar, the same on every page: picture, network, device.

On the home page it must not wait for torch, so there it offers the shipped networks and leaves the
device to be found; as soon as torch is there, it offers everything.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.device import list_devices
from explorer.images import MAX_BYTES
from explorer.samples import SAMPLES
from explorer.text import as_plain_text, count_text
from explorer.ui.kit.choose import choose, choose_one, choose_step, keep_valid, switch
from explorer.ui.session.network_list import describe_chosen, show_list, show_missing
from explorer.ui.session.own_weights import choose_own_weights, refuse_weights, say_wrapped, why_refused
from explorer.ui.session.pictures import (
    ImageRejected,
    Picture,
    add_picture,
    choose_picture_of,
    count_lost,
    get_picture,
    list_pictures,
    recall,
    say_lost,
    say_where_kept,
    take_off,
)
from explorer.ui.session.quantities import bound_uploads, release, tell_lost
from explorer.ui.session.subject import SEED, UNTRAINED, Subject, open_network
from explorer.zoo import list_models, list_shipped, list_transformers

_FIT_LABELS = {"crop": "Centre crop", "pad": "Pad", "squash": "Squash"}


def show_sidebar(with_network: bool = True, transformers: bool = False) -> Subject | None:
    """Draw the sidebar.

    Args:
        with_network: open the network; without it nothing is imported that takes seconds.
        transformers: offer vision transformers too, which have no feature maps to look at layer by layer.

    Returns:
        What to look at; None where no network could be opened (the reason stands in the page).
    """
    _say_what_is_instead("model", transformers, with_network)
    with st.sidebar:
        picture = choose_picture()
        name = _choose_network("model", "Network", transformers=transformers)
        show_missing()
        told = st.empty()
        show_list(network_names(transformers))
        weights = _choose_weights(name)
        told.caption(describe_chosen(name, weights))
        device = choose_device()
        if not with_network:
            return None
    if not prepare_network(name, device, weights):
        return None
    if weights == UNTRAINED:
        st.warning(
            f"**{name}, untrained**: every weight is random (seed {SEED}). Shapes, filters, arithmetic and pooling "
            "need no training; what it says of the photo means nothing.",
            icon=":material/casino:",
        )
    with st.sidebar:
        fit, size = _choose_input(name, device, weights)
    return Subject(picture, name, device, weights, fit, size)


def choose_picture() -> Picture:
    """The uploads and the chooser; gives the chosen picture."""
    bound_uploads()
    files = st.file_uploader(
        "Your pictures",
        accept_multiple_files=True,
        max_upload_size=MAX_BYTES // 2**20,
        key="uploads",
        help="JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC, up to 20 MB and 50 megapixels each. "
        f"Drop, choose or paste several at once. {say_where_kept()}",
    )
    with st.expander("Camera", icon=":material/photo_camera:"):
        # Asked for only when wanted: the browser lights the camera as soon as the widget is there.
        wanted = st.toggle("Use the camera", key="use_camera")
        shot = st.camera_input("Take a photo", key="camera", resolution="1080p") if wanted else None
    tell_lost()
    _take_in(files, shot)
    for key in ("uploads", "camera"):
        release(key)
    if lost := count_lost():
        st.info(say_lost(lost), icon=":material/auto_delete:")
    if "image" not in st.session_state:  # a link names pictures of another session; after that, its own list counts
        asked = st.query_params.get("image")
        if asked and not recall(asked):
            st.warning("The picture of this link is no longer on the server. Upload it again.")
        for name in st.query_params:  # a second one, or a batch
            for label in reversed(st.query_params.get_all(name)):
                recall(label)
    picture = get_picture(choose_picture_of("Picture", list_pictures(), "image", SAMPLES[0].title))
    st.image(picture.intake.image, caption=picture.credit or None, alt=picture.title, width="stretch")
    width, height = picture.intake.image.size
    st.caption(f"{picture.intake.format}, {width} × {height} pixels. {picture.intake.note}".rstrip())
    if not picture.sample and picture.label not in _taken_in().values():
        # What has a row in the uploader is taken off by the cross there.
        st.button(
            "Take it off the list", key="take_off", icon=":material/delete:", on_click=take_off, args=[picture.label]
        )
    return picture


def _taken_in() -> dict[str, str]:
    """Labels of the pictures that the uploader lists, by the ids of their files."""
    taken: dict[str, str] = st.session_state.setdefault("taken_in", {})
    return taken


def _take_in(files: Sequence[Any], shot: Any | None) -> None:
    """Each file once, and each shot of the camera; a refusal stands as long as its file.

    What leaves the uploader leaves the list of pictures too. A shot stays in it when the camera goes on.
    """
    taken, refused = _taken_in(), st.session_state.setdefault("refused_files", {})
    there = [*files, *([shot] if shot else [])]
    for gone in {*taken, *refused} - {file.file_id for file in there}:
        refused.pop(gone, None)
        if (label := taken.pop(gone, None)) and label not in taken.values():
            take_off(label)
    for file in there:
        if file.file_id in taken or file.file_id in refused or file.file_id == st.session_state.get("last_shot"):
            continue
        try:
            label = st.session_state["image"] = add_picture(file.name, file.getvalue()).label
        except ImageRejected as rejected:
            refused[file.file_id] = str(rejected)
            continue
        if file not in files:
            st.session_state["last_shot"] = file.file_id
        else:
            taken[file.file_id] = label
    if refused:
        # Closed where there are several, so that the list of pictures stays on the screen.
        said = f"{count_text(len(refused), 'file')} refused"
        with st.expander(said, icon=":material/block:", expanded=len(refused) == 1):
            for file in there:
                if file.file_id in refused:
                    st.text(file.name)  # never as Markdown: a file name is untrusted text
                    st.error(as_plain_text(refused[file.file_id]), icon=":material/block:")


def network_names(transformers: bool = False) -> list[str]:
    """The networks on offer; torchvision's only once torch is there, since its import takes seconds.

    Args:
        transformers: the vision transformers too, after the others.
    """
    names = list_models() if "torchvision" in sys.modules else list(list_shipped())
    names += list_transformers() if transformers else ()
    asked = st.session_state.get("model") or st.query_params.get("model")
    return names if not asked or asked in names or "torchvision" in sys.modules else [*names, asked]


def _say_what_is_instead(key: str, transformers: bool = False, with_torchvision: bool = True) -> None:
    """Take the first network in place of one that is not on offer, and say so until a person chooses another.

    Args:
        key: of the chooser and of the address.
        transformers: whether vision transformers are on offer.
        with_torchvision: whether to look for it among torchvision's too, whose import may take seconds.
    """
    asked = st.session_state.get(key) or st.query_params.get(key)
    first, place = list_shipped()[0], f"{key}_instead"
    if asked and asked not in list_shipped() and (with_torchvision or "torchvision" in sys.modules):
        reason = ""
        if asked in list_transformers():
            if not transformers:
                reason = (
                    f"{asked} is a transformer: it has no feature maps to look at here and opens on the Saliency page "
                    "and on Pictures"
                )
        elif asked not in list_models():
            reason = f"There is no network of the name “{as_plain_text(asked[:60])}” here"
        if reason:
            st.session_state[key] = first
            st.session_state[place] = f"{reason}; this is {first} instead."
    if st.session_state.get(key, first) != first:
        st.session_state.pop(place, None)
    if told := st.session_state.get(place):
        st.info(told, icon=":material/swap_horiz:")


def _choose_network(key: str, label: str, first: int = 0, transformers: bool = False) -> str:
    names = network_names(transformers)
    return choose_one(label, names, key, names[first])


def choose_second_network(first: str) -> tuple[str, str]:
    """The other network of a comparison, at first the next of ours, and its weights: its own, or random ones."""
    _say_what_is_instead("model2")
    shipped = list_shipped()
    place = shipped.index(first) + 1 if first in shipped else 0
    name = _choose_network("model2", "Second network", place % len(shipped))
    weights = UNTRAINED if _choose_untrained("untrained2") else ""
    st.caption(describe_chosen(name, weights))
    return name, weights


def _choose_untrained(key: str) -> bool:
    said = "Random weights in place of trained ones: any architecture opens without a download."
    return switch("Untrained", key, help=said)


def _choose_weights(name: str) -> str:
    untrained = _choose_untrained("untrained")
    own = choose_own_weights(name)
    return UNTRAINED if untrained else own


def choose_device() -> str:
    """The device's chooser; gives a name for `load_model`."""
    if "torch" not in sys.modules:
        st.caption("Device: found when the first network is opened.")
        return "auto"
    devices = {info.name: info for info in list_devices()}
    options = ["auto", *devices]
    keep_valid("device", options, "auto")
    first = next(iter(devices.values()))

    def describe(name: str) -> str:
        info = first if name == "auto" else devices[name]
        memory = f", {info.memory / 2**30:.0f} GB" if info.memory else ""
        return f"{'Auto: ' if name == 'auto' else ''}{info.label}{memory}"

    device = st.selectbox("Device", options, format_func=describe, key="device")
    chosen = first if device == "auto" else devices[device]
    free = f" {chosen.free / 2**30:.1f} GB free." if chosen.free is not None else ""
    st.caption(f"Computes in float32.{free}")
    return device


def _choose_input(name: str, device: str, weights: str) -> tuple[Any, int]:
    fit = choose(
        "Fit",
        _FIT_LABELS,
        "fit",
        "crop",
        help="How a picture that is no square becomes one: cut its ends, pad it with grey, or stretch it.",
    )
    model = open_network(name, device, weights)
    native = model.preprocessing.size
    if model.only_size is not None:
        st.caption(f"Resolution: {native} px, the only one that {name} takes: it has learned where each patch lies.")
        return fit, native
    sizes = sorted({max(32, native // 2), native, native * 3 // 2, native * 2, *([native * 4] if native < 64 else [])})
    size = choose_step(
        "Resolution",
        sizes,
        "size",
        native,
        format_func=lambda side: f"{side} px",
        help=f"The side of the square the network sees. It was trained on {native} pixels.",
    )
    return fit, size


def prepare_network(name: str, device: str, weights: str, untrained: str = "untrained") -> bool:
    """Download where needed, with a bar, and open; a failure is said in one sentence.

    Args:
        name, device, weights: as in `Subject`.
        untrained: key of the switch that a person may turn on where the weights are not to be had.
    """
    from explorer.device import DeviceUnavailable
    from explorer.zoo import ModelUnknown, WeightsMismatch, WeightsRejected, WeightsUnavailable, WeightsWrapped
    from explorer.zoo.download import is_cached

    place = st.empty()
    try:
        if not weights and not is_cached(name):
            bar = place.progress(0.0, f"Downloading the weights of {name} …")

            def tell(done: int, total: int) -> None:
                share = min(done / total, 1.0) if total else 0.0
                bar.progress(share, f"Downloading the weights of {name}: {done / 1e6:.0f} of {total / 1e6:.0f} MB")

            from explorer.zoo import load_model

            load_model(name, "cpu", progress=tell)
        open_network(name, device, weights)
    except WeightsWrapped as problem:
        say_wrapped(problem, weights)
        return False
    except (ModelUnknown, WeightsUnavailable, WeightsRejected, DeviceUnavailable) as problem:
        if isinstance(problem, WeightsRejected) and not isinstance(problem, WeightsMismatch):
            refuse_weights(weights, problem)
        # Hidden while a file of weights is on its way, which Python learns of at the end (app.css).
        with st.container(key="no_weights"):
            st.error(as_plain_text(why_refused(weights) or str(problem)), icon=":material/cloud_off:")
            if isinstance(problem, WeightsUnavailable):
                st.button(
                    "Open it untrained",
                    key=f"open_{untrained}",
                    icon=":material/casino:",
                    on_click=_turn_on,
                    args=(untrained,),
                )
            st.info(f"Choose one of ours in the sidebar: {', '.join(list_shipped())}.")
        return False
    finally:
        place.empty()
    return True


def _turn_on(key: str) -> None:
    st.session_state[key] = True
