"""The controls of the Convolution page: kernels, how they go over the picture, what follows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.operations.convolution import ACTIVATION_MODULES, Border, Impossible, Settings, check, padding_that_keeps
from explorer.operations.kernels import (
    LARGEST,
    PRESETS,
    fit_kernel,
    preset_kernel,
    read_kernel,
    stack_kernels,
    write_kernel,
)
from explorer.text import as_plain_text
from explorer.ui.kit.choose import (
    choose,
    choose_number,
    choose_one,
    choose_several,
    choose_step,
    keep_valid,
    said_by,
    settings_popover,
    switch,
)
from explorer.ui.kit.click import choose_next
from explorer.ui.session.pictures import Picture
from explorer.ui.shared.microscope import RGB_NAMES

OWN = "own"
SIDES = (32, 48, 64, 96, 128, 192)
_FILTER_LABELS = {**{name: preset.label for name, preset in PRESETS.items()}, OWN: "Your own"}
_BORDER_LABELS: dict[Border, str] = {
    "valid": "Valid (skip the edge)",
    "zeros": "Zeros",
    "reflect": "Reflect",
    "replicate": "Replicate",
    "circular": "Circular",
}
ACTIVATIONS = ("none", *ACTIVATION_MODULES)
_FIRST_OWN = "0 1 0;1 -4 1;0 1 0"
_PADDED = Settings(padding=1)


@dataclass(frozen=True)
class Experiment:
    """All that the page's pictures depend on. Hashable: the key of their caches.

    Attributes:
        picture: what the kernels go over.
        longest: pixels of the longer side.
        grey: one channel instead of three.
        names: of the filters, keys of `PRESETS` or `OWN`.
        kernels: their kernels as text, one or three planes each.
        settings: how they go over the picture.
        activation: one of `ACTIVATIONS`.
    """

    picture: Picture
    longest: int = 64
    grey: bool = False
    names: tuple[str, ...] = ("sobel x",)
    kernels: tuple[str, ...] = ("-1 0 1;-2 0 2;-1 0 1",)
    settings: Settings = _PADDED
    activation: str = "none"

    @property
    def channels(self) -> int:
        """Of the picture."""
        return 1 if self.grey else 3

    @property
    def labels(self) -> tuple[str, ...]:
        """The filters' names as shown."""
        return tuple(_FILTER_LABELS[name] for name in self.names)

    @property
    def side(self) -> int:
        """Rows and columns of every kernel."""
        return read_kernel(self.kernels[0]).shape[1]

    def weight(self) -> NDArray[np.float32]:
        """(filters, C / groups, k, k), for checked settings."""
        return stack_kernels([read_kernel(kernel) for kernel in self.kernels], self.channels, self.settings.groups)


def choose_experiment(picture: Picture, editor: DeltaGenerator) -> Experiment:
    """Draw the controls; gives what they say, possible or not.

    Args:
        picture: what the kernels go over.
        editor: where the kernels' numbers are edited.
    """
    names = choose_filters()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    side = int(
        row.slider("Kernel size", 1, LARGEST, 3, key="ksize", bind="query-params", help="Rows and columns.", width=220)
    )
    # Open once a number was changed: that run draws one control more, and the browser takes the rest for new.
    editor = editor.expander("Edit a kernel cell by cell", icon=":material/grid_on:", expanded=OWN in names)
    with editor:
        own = _read_own(side) if OWN in names else ""
    kernels = choose_kernels(names, side, own)
    settings, (activation, longest, grey) = choose_settings(read_kernel(kernels[0]).shape[1], row)
    with editor:
        edit_kernels(names, kernels)
    return Experiment(picture, longest, grey, names, kernels, settings, activation)


def choose_filters() -> tuple[str, ...]:
    """Which filters; at least one."""
    names = choose_several(
        "Filters",
        _FILTER_LABELS,
        "filters",
        ["sobel x"],
        help="Each filter makes one map: the depth of the output is the number of filters. Its numbers lie on every "
        "channel alike, and the answers of the channels are added up.",
    )
    if not names:
        st.caption("No filter is picked: this is Identity.")
    return names or ("identity",)


def choose_kernels(names: tuple[str, ...], side: int, own: str) -> tuple[str, ...]:
    """The kernels' numbers, all of one size; `own` is the person's, as text."""
    angle, wavelength = 0.0, 4.0
    if "gabor" in names:
        left, right = st.columns(2)
        angle = float(left.slider("Gabor angle", 0, 175, 0, 5, key="angle", format="%d°", bind="query-params"))
        wavelength = float(
            right.slider("Gabor wavelength", 2.0, 10.0, 4.0, 0.5, key="wave", format="%.1f px", bind="query-params")
        )
    kernels = []
    for name in names:
        if name == OWN:
            kernels.append(own)
            continue
        smallest = PRESETS[name].smallest
        if side < smallest:
            st.caption(
                f"{PRESETS[name].label} needs at least {smallest} × {smallest} cells, and is shown at that size."
            )
        kernels.append(write_kernel(preset_kernel(name, max(side, smallest), angle, wavelength)[None]))
    largest = max(read_kernel(kernel).shape[1] for kernel in kernels)
    return tuple(write_kernel(fit_kernel(read_kernel(kernel), largest)) for kernel in kernels)


def _read_own(side: int) -> str:
    text = st.text_input(
        "Your own kernel as text",
        _FIRST_OWN,
        key="kernel",
        bind="query-params",
        help="Rows split by “;”, and the red, green and blue plane by “|” where they differ.",
    )
    try:
        kernel = read_kernel(text)
        if len(kernel) not in (1, 3):
            raise ValueError(f"A picture has 1 or 3 channels, the kernel {len(kernel)} planes.")
    except ValueError as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        kernel = read_kernel(st.session_state.get("last_kernel", _FIRST_OWN))
    else:
        st.session_state["last_kernel"] = text
    return write_kernel(fit_kernel(kernel, side))


def edit_kernels(names: tuple[str, ...], kernels: tuple[str, ...]) -> None:
    """Tables of one kernel's numbers; a changed number makes it the person's own."""
    keep_valid("edit", names, names[-1])
    name = names[-1]
    if len(names) > 1:
        name = st.segmented_control(
            "Kernel",
            names,
            default=names[-1],
            format_func=_FILTER_LABELS.__getitem__,
            key="edit",
            required=True,
            label_visibility="collapsed",
        )
    number = names.index(name)
    kernel = read_kernel(kernels[number])
    apart = st.toggle(
        "A kernel of its own for each channel",
        value=len(kernel) == 3,
        key=f"apart-{kernels[number]}",
        help="One output value of a k × k × 3 kernel is the sum of k · k · 3 products.",
    )
    shown = kernel if apart == (len(kernel) == 3) else (np.repeat(kernel, 3, 0) if apart else kernel.mean(0)[None])
    edited = []
    places = st.columns(len(shown)) if len(shown) > 1 else [st.container()]
    for place, plane, channel in zip(places, shown, RGB_NAMES if len(shown) > 1 else ("",), strict=True):
        if channel:
            place.caption(channel)
        table = place.data_editor(
            plane.astype(float),
            key=f"cells-{channel}-{write_kernel(shown)}",
            hide_index=True,
            width="stretch",
            alt=f"The kernel's numbers {channel}".rstrip(),
        )
        edited.append(np.nan_to_num(np.asarray(table, dtype=np.float32)))
    text = write_kernel(np.stack(edited))
    if text != kernels[number]:
        picked = [OWN if other == name else other for other in names]
        choose_next(kernel=text, filters=list(dict.fromkeys(picked)))


def choose_settings(side: int, row: DeltaGenerator) -> tuple[Settings, tuple[str, int, bool]]:
    """How the kernels go over the picture, and what is around them: in the row what is changed often."""
    stride = choose_number("Stride", 1, 8, "stride", 1, place=row, width=130)
    place = row.container(width=130)
    with settings_popover(row):
        border = choose(
            "Border",
            _BORDER_LABELS,
            "border",
            "zeros",
            disabled=said_by("transposed", False) in (True, "true"),
            help="What the kernel finds beyond the edge: nothing (it skips the edge), zeros, the picture mirrored, "
            "its outermost cells repeated, or its other side.",
        )
        left, right = st.columns(2)
        dilation = choose_number("Dilation", 1, 8, "dilation", 1, place=left)
        said = "3: every filter reads one colour only."
        groups = choose_number("Groups", 1, 8, "groups", 1, place=right, help=said)
        transposed = switch(
            "Transposed convolution",
            "transposed",
            help="Every input cell stamps the kernel, scaled by its value, onto a larger picture.",
        )
        extra = choose_number("Output padding", 0, 7, "outpad", 0) if transposed else 0
        surroundings = choose_surroundings()
    keeps = padding_that_keeps(side, dilation)
    said = f"Cells {'cut off' if transposed else 'added'} on each side. " + (
        f"{keeps} keeps the size at stride 1."
        if keeps is not None
        else "No number keeps the size at stride 1: a kernel of this side and dilation cannot be centred."
    )
    off = border == "valid" and not transposed
    padding = choose_number("Padding", 0, 32, "padding", 1, place=place, disabled=off, help=said)
    return Settings(stride, padding, dilation, groups, border, transposed, extra), surroundings


def choose_surroundings() -> tuple[str, int, bool]:
    """The activation after the sum, the picture's size, and whether it is grey."""
    activation = choose_one("Activation after the sum", ACTIVATIONS, "activation")
    longest = choose_step(
        "Picture size",
        SIDES,
        "side",
        64,
        format_func=lambda pixels: f"{pixels} px",
        help="The longer side. Small pictures have cells large enough to point at.",
    )
    grey = switch("Greyscale picture", "grey")
    switch("Predict the output's size first", "predict", help="The pictures wait for your answer.")
    return activation, longest, grey


def settle(wanted: Experiment, size: tuple[int, int]) -> Experiment:
    """What is asked for where it is possible; otherwise the rule, and the last that was.

    Args:
        wanted: by the controls.
        size: rows and columns of the picture.
    """
    try:
        check(wanted.settings, wanted.channels, len(wanted.names), (wanted.side, wanted.side), size)
    except Impossible as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        last = st.session_state.get("last_possible", Experiment(wanted.picture))
        last = replace(last, picture=wanted.picture)
        st.caption("Below is still the last that was possible.")
        return last
    st.session_state["last_possible"] = wanted
    return wanted
