"""Long work as a person meets it: submitted by a click, named in the address, watched, stopped, found again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from explorer.jobs import open_jobs
from explorer.jobs.order import JobRefused, Jobs, JobUnknown, Order, Status
from explorer.text import count_text

JOB: Final = "job"  # of the address
_OWNER = "owner_of_jobs"


def the_jobs() -> Jobs:
    """Where long work runs."""
    return open_jobs()


def owner() -> str:
    """Whose jobs these are: a number made up for the session, which says nothing about the person."""
    return str(st.session_state.setdefault(_OWNER, uuid.uuid4().hex))


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

    def show_refusal(self) -> None:
        """Why the last click did nothing, where it did nothing."""
        if refused := st.session_state.get(self._refused):
            st.error(refused, icon=":material/block:")

    def status(self, job: str) -> Status | None:
        """How far a job is; None where it cannot be found, and the page says why."""
        try:
            return the_jobs().follow(job)
        except JobUnknown as problem:
            self.show_unknown(problem)
            return None

    def show_unknown(self, problem: JobUnknown) -> None:
        """Say that there is no such job, and offer to close it."""
        st.warning(str(problem), icon=":material/search_off:")
        st.button("Close it", key="forget_job", icon=":material/close:", on_click=self.forget)

    @property
    def _shown(self) -> str:
        return f"{self.page}_job"

    @property
    def _refused(self) -> str:
        return f"{self.page}_refused"


def is_running(job: str) -> bool:
    """Whether a job is queued or under way."""
    try:
        return bool(job) and not the_jobs().follow(job).finished
    except JobUnknown:
        return False


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
