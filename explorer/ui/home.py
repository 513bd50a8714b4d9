"""The home page: what there is to see, and where to begin. Imports nothing that takes seconds."""

import streamlit as st

from explorer.ui.app import PAGES
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.tours.bar import offer_tours
from explorer.zoo import list_shipped, read_card

IN_A_ROW = 4  # cards


def show() -> None:
    """The whole page."""
    show_sidebar(with_network=False)
    st.title("Look inside a convolutional network", anchor=False)
    st.markdown(
        "Choose a picture in the sidebar, or upload your own, and see what every layer of a network makes of it: "
        "every feature map, every shape, every number. Everything runs on this machine."
    )
    if st.button("Open the layers of a network", type="primary", icon=":material/layers:"):
        st.switch_page(next(page.file for page in PAGES if page.name == "layers"))
    for start in range(0, len(PAGES), IN_A_ROW):
        for column, page in zip(st.columns(IN_A_ROW), PAGES[start : start + IN_A_ROW], strict=False):
            with column.container(border=True, height="stretch"):
                st.page_link(page.file, label=f"**{page.title}**", icon=page.icon, query_params=dict(page.address))
                st.caption(page.promise)
    st.subheader("Networks that are here", anchor=False)
    for start in range(0, len(list_shipped()), IN_A_ROW):
        for column, name in zip(st.columns(IN_A_ROW), list_shipped()[start : start + IN_A_ROW], strict=False):
            card = read_card(name)
            with column.container(border=True, height="stretch"):
                st.markdown(f"**{name}**")
                st.caption(card["title"])
                size, accuracy = card["input_size"], card["accuracy"]
                st.markdown(
                    f"{card['parameters']:,} parameters, {len(card['classes']):,} classes, made for {size} × {size} "
                    f"pixels. **{accuracy['value']:.1%}** accuracy on {card['data']['name']} ({accuracy['split']})."
                )
    st.caption(
        "Torchvision's classification CNNs are in the list of networks too: their weights are downloaded on first use, "
        "or they open untrained."
    )
    st.subheader("In front of a class", anchor=False)
    offer_tours()
