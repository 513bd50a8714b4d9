"""Scenes to try the scene captioner on: composed on request from CIFAR-10's test pictures, where they are at hand."""

from __future__ import annotations

import streamlit as st

from explorer.captioning import Captioner
from explorer.captioning.scenes import ClassImages, compose, read_class_images
from explorer.datasets import has_dataset, locate
from explorer.rendering import encode_png
from explorer.ui.session.pictures import add_picture

_PICTURES = 200  # of a class; enough for scenes that differ


@st.cache_resource(show_spinner="Reading CIFAR-10's test pictures …")
def _test_pictures(classes: tuple[str, ...]) -> ClassImages:
    known = read_class_images(locate("cifar10") / "test", most=_PICTURES)
    return ClassImages({name: known.pictures[name] for name in classes})


def offer_scenes(captioner: Captioner) -> None:
    """A number and a button in the sidebar: the scene of that number becomes the picture."""
    classes = tuple(captioner.card.get("classes", ()))
    if not classes:
        return
    names = f"{', '.join(classes[:-1])} and {classes[-1]}"
    if not has_dataset("cifar10"):
        st.caption(
            f"It knows nothing but scenes of {names} from CIFAR-10. Point EXPLORER_DATA at a folder with "
            "cifar10.tar.xz to compose some here, or upload one."
        )
        return
    st.caption(f"It knows nothing but scenes of {names}.")
    left, right = st.columns(2, vertical_alignment="bottom")
    left.number_input("Scene", 0, 9999, 1, key="scene", bind="query-params")
    right.button("Compose", on_click=_compose, args=(classes,), key="compose", width="stretch")


def _compose(classes: tuple[str, ...]) -> None:
    """Runs before the page, so that the chooser shows the scene."""
    number = int(st.session_state["scene"])
    scene = compose(_test_pictures(classes), number)
    picture = add_picture(f"Scene {number}.png", encode_png(scene.pixels))
    st.session_state["image"] = picture.label
