"""The Transfer learning page: train strategies side by side on one's own pictures, and see which one won."""

import streamlit as st

from explorer.text import as_plain_text
from explorer.ui.kit.choose import choose_part
from explorer.ui.session.browser import keep_browser
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.transfer.download import show_downloads
from explorer.ui.transfer.inside import show_inside
from explorer.ui.transfer.mistakes import show_mistakes
from explorer.ui.transfer.pictures import current_pictures, show_pictures
from explorer.ui.transfer.quadrant import show_quadrant
from explorer.ui.transfer.results import show_results
from explorer.ui.transfer.state import SHOWN, choose_trained, weights_of
from explorer.ui.transfer.train import describe_job, open_finished, show_button, show_training
from explorer.ui.transfer.try_it import show_try

PART_LABELS = {
    "pictures": "Pictures",
    "strategies": "Train",
    "try": "Try it",
    "results": "Results",
    "quadrant": "Which situation?",
    "mistakes": "Mistakes",
    "inside": "Inside",
    "download": "Take it home",
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Transfer learning",
        show_sidebar,
        "Several strategies on the same pictures: which one wins, and by more than seed variance?",
    )
    job = SHOWN.current()
    if job and "part" not in st.query_params and "part" not in st.session_state:
        st.session_state["part"] = "strategies"  # a link to a job opens where it can be watched
    part = choose_part(PART_LABELS)
    # One part at a time: what is not looked at is not computed.
    if part == "pictures":
        button = st.container()  # above a look that can be long
        pictures = show_pictures()
        with button:
            show_button(subject, pictures, None, job)
    elif part == "strategies":
        ended = show_training(subject, current_pictures(job), job)
        if ended and (finished := open_finished(job)):
            st.subheader("On pictures that no training has seen", anchor=False)
            show_results(finished.experiments, finished.pictures.title, finished.extent)
    elif finished := open_finished(job):
        st.caption(as_plain_text(describe_job(job)))
        if part == "try":
            show_try(subject, finished.experiments, weights_of)
        elif part == "results":
            show_results(finished.experiments, finished.pictures.title, finished.extent)
        elif part == "quadrant":
            show_quadrant(finished.experiments, finished.pictures)
        elif part == "mistakes":
            show_mistakes(finished.experiments, finished.pictures, weights_of)
        elif trained := choose_trained(finished.experiments, weights_of):
            {"inside": show_inside, "download": show_downloads}[part](trained, finished.pictures)
    keep_browser()
