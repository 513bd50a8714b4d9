"""Long work as a person meets it: submitted by a click, named in the address, watched, stopped, found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from explorer.disk import open_privately
from explorer.jobs import Limits, open_jobs
from explorer.jobs.order import JobRefused, Jobs, JobUnknown, Order, Status
from explorer.signing import is_signed, sign
from explorer.text import as_plain_text, count_text
from explorer.ui.session.browser import this_browser

JOB: Final = "job"  # of the address
_OWNER: Final = "owner"  # of an owner link: what this server has signed for the job
_OWNERS: Final = "owners"  # in the job's folder: browsers that came by such a link


def the_jobs() -> Jobs:
    """Where long work runs."""
    return open_jobs()


@dataclass(frozen=True)
class JobOfPage:
    """The job that a page shows.

    Attributes:
        page: its name; every page remembers a job of its own.
    """

    page: str

    def current(self) -> str:
        """What the address names; else the last one of the session, which the address then names; "" for none."""
        asked = st.query_params.get(JOB, "") or str(st.session_state.get(self._shown, ""))
        if _OWNER in st.query_params:  # not for long: the address is what people send each other
            _take_over(asked, st.query_params.pop(_OWNER))
        if asked:
            self.show(asked)
        return asked

    def show(self, job: str) -> None:
        """Let the page, and its address, show a job from now on."""
        st.session_state[self._shown] = job
        if st.query_params.get(JOB) != job:
            st.query_params[JOB] = job

    def forget(self) -> None:
        """Show none any more."""
        st.session_state.pop(self._shown, None)
        st.query_params.pop(JOB, None)

    def start(self, order: Order, inputs: Mapping[str, bytes]) -> bool:
        """Submit a job and show it; False where it was refused, which is kept for `show_refusal`."""
        st.session_state.pop(self._refused, None)
        try:
            self.show(the_jobs().submit(order, inputs))
        except JobRefused as refused:
            st.session_state[self._refused] = str(refused)
            return False
        return True

    def stop(self) -> None:
        """End the current job; what has been measured stays."""
        try:
            the_jobs().stop(self.current())
        except JobUnknown as problem:
            st.session_state[self._refused] = str(problem)

    def delete(self, forget: Callable[[], None]) -> None:
        """Delete the current job, which has ended; `forget` lets go of what the server remembers of it."""
        try:
            the_jobs().delete(self.current())
        except (JobUnknown, JobRefused) as problem:
            st.session_state[self._refused] = str(problem)
            return
        forget()
        self.forget()
        st.toast("The job is deleted, with its pictures and results.", icon=":material/delete:")

    def show_controls(self, status: Status, forget: Callable[[], None]) -> None:
        """What its owner can do with a job: stop it, hand it on, delete it; `forget` as of `delete`.

        Drawn in a fragment, so that a click is answered at once, and not after the whole page.
        """
        if status.stopping:
            st.info("Stopping. What has been measured stays; it takes some seconds.", icon=":material/stop_circle:")
        if not is_mine(status):
            st.caption(
                "Another browser has started this job: that one, or whoever is given its owner link, can stop it and "
                "delete it."
            )
            return
        with st.container(horizontal=True):
            if not status.finished and not status.stopping:
                st.button(
                    "Stop and keep what is there", key=f"stop_{self.page}", icon=":material/stop:", on_click=self.stop
                )
            with st.popover("Hand it on", icon=":material/group:"):
                st.markdown(
                    "Whoever opens this **owner link** can stop this job and delete it, as you can. The link in the "
                    "address only shows it. Both show its pictures."
                )
                st.code(owner_link(status.id), language=None, wrap_lines=True)
            if status.finished:
                with st.popover("Delete pictures and results", icon=":material/delete:"):
                    st.markdown(
                        "The job's pictures, what was measured and the trained networks go from this server, for "
                        "everybody who has its link. "
                        f"By themselves they go {Limits().days:g} days after its end."
                    )
                    st.button("Delete them now", key=f"delete_{self.page}", on_click=self.delete, args=(forget,))

    def explain_wait(self, status: Status, what: str) -> None:
        """Why nothing else can be started while a job is under way; one that is somebody else's can be left.

        Args:
            status: of the job.
            what: the job does, as plain text.
        """
        st.caption(as_plain_text(f"One at a time: {what} is under way."), width="content")
        if not is_mine(status):
            st.button("Leave it to its owner", key=f"leave_{self.page}", icon=":material/close:", on_click=self.forget)

    def show_refusal(self) -> None:
        """Why the last click did nothing, where it did nothing."""
        if refused := st.session_state.get(self._refused):
            st.error(as_plain_text(refused), icon=":material/block:")

    def status(self, job: str) -> Status | None:
        """How far a job is; None where it cannot be found, and the page says why."""
        try:
            return the_jobs().follow(job)
        except JobUnknown as problem:
            self.show_unknown(problem)
            return None

    def show_unknown(self, problem: JobUnknown) -> None:
        """Say that there is no such job, and offer to close it."""
        st.warning(as_plain_text(str(problem)), icon=":material/search_off:")
        st.button("Close it", key="forget_job", icon=":material/close:", on_click=self.forget)

    @property
    def _shown(self) -> str:
        return f"{self.page}_job"

    @property
    def _refused(self) -> str:
        return f"{self.page}_refused"


def is_mine(status: Status) -> bool:
    """Whether this browser has started a job, or was handed it."""
    if status.owner == this_browser():
        return True
    try:
        return this_browser() in (the_jobs().result(status.id) / _OWNERS).read_text(encoding="ascii").split()
    except (OSError, ValueError, JobUnknown):
        return False


def owner_link(job: str) -> str:
    """The address that hands a job on."""
    return f"{st.context.url or ''}?{urlencode({JOB: job, _OWNER: sign(_OWNER, job)})}"


def _take_over(job: str, key: str) -> None:
    """Note that this browser was handed a job, where the link says so rightly."""
    if is_signed(key, _OWNER, job):
        with suppress(OSError, JobUnknown):
            path = the_jobs().result(job) / _OWNERS
            with open(path, "a", encoding="ascii", opener=open_privately) as file:
                file.write(f"{this_browser()}\n")


def find_running(job: str) -> Status | None:
    """How far a job is that is queued or under way; None for any other."""
    try:
        status = the_jobs().follow(job)
    except JobUnknown:
        return None
    return None if status.finished else status


def show_queue(status: Status) -> None:
    """Whose turn comes before that of a queued job."""
    ahead = "It is your turn next." if not status.ahead else f"{count_text(status.ahead, 'job')} before yours."
    st.info(f"Waiting for the device. {ahead}", icon=":material/hourglass_top:")
    waiting = [each for each in the_jobs().queue() if each.device == status.device]
    lines = [
        f"{place}. {'**yours**' if each.id == status.id else each.title}, {each.state}"
        for place, each in enumerate(waiting, 1)
    ]
    if len(lines) > 1:
        st.markdown("\n".join(lines))
