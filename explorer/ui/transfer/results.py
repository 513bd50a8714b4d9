"""What came out of a comparison: who is best, if that can be told; the figure, the table, and the report to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from explorer.text import as_plain_text
from explorer.transfer.evaluation.comparing import Group, Verdict, compare, digest, group_experiments
from explorer.transfer.evaluation.ending import tell_endings
from explorer.transfer.evaluation.figures import accuracy_figure, make_report
from explorer.transfer.evaluation.report import to_csv
from explorer.transfer.evaluation.tables import answer_arrays, pair_rows, result_rows, tell_test
from explorer.transfer.experiment import Experiment
from explorer.transfer.snippets import answers_snippet
from explorer.transfer.trial import TransferRejected
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, download
from explorer.ui.kit.snippet import show_snippet

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


def show_results(experiments: Sequence[Experiment], title: str, extent: str = "") -> None:
    """Verdict, figure, table and downloads.

    Args:
        experiments: of one comparison; what has not been measured yet is left out.
        title: of the pictures, as the person calls them.
        extent: what what is taken home must say where not everything is measured yet.
    """
    groups = find_groups(experiments)
    if not groups:
        return
    share = choose_share(groups, "result_share")
    shown = tuple(group for group in groups if group.share == share)
    verdict = find_verdict(shown)
    st.markdown(verdict.sentence)
    for told in tell_endings([each for group in shown for each in group.experiments]):
        st.caption(told)
    show_chart(accuracy_figure(verdict), "chart-accuracies")
    st.caption(
        f"Diamonds are means over the seeds, whiskers their 95 % intervals, rings single trainings. {tell_test(shown)}"
    )
    st.table(result_rows(verdict))
    if verdict.differences:
        with st.expander("Pair by pair", icon=":material/compare_arrows:"):
            st.table(pair_rows(verdict))
            st.caption(
                "Differences in points on the same test pictures. Intervals are widened for the number of pairs, so "
                "that all of them hold together in 95 % of repetitions; only one without zero is more than noise."
            )
    _offer(experiments, groups, title, extent)


def find_groups(experiments: Sequence[Experiment]) -> tuple[Group, ...]:
    """The seeds of each strategy together; where there are none to be compared, a sentence says why."""
    measured = [each for each in experiments if each.finished]
    if not measured:
        st.info("Nothing has been measured on the test pictures yet.", icon=":material/hourglass_empty:")
        return ()
    try:
        return _group(digest(measured), measured)
    except TransferRejected as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return ()


@st.cache_resource(max_entries=16, show_spinner=False)
def _group(key: str, _experiments: Sequence[Experiment]) -> tuple[Group, ...]:
    return group_experiments(_experiments)


def find_verdict(groups: Sequence[Group]) -> Verdict:
    """Which of these is best."""
    return _compare(digest([each for group in groups for each in group.experiments]), groups)


@st.cache_resource(max_entries=32, show_spinner=False)
def _compare(key: str, _groups: Sequence[Group]) -> Verdict:
    return compare(_groups)


def choose_share(groups: Sequence[Group], key: str) -> float:
    """Which share of the training pictures to look at, the largest at first; asked only where there are several."""
    shares = sorted({group.share for group in groups}, reverse=True)
    if len(shares) == 1:
        return shares[0]
    return choose("Share of the training pictures", {share: f"{100 * share:.3g} %" for share in shares}, key)


def _offer(experiments: Sequence[Experiment], groups: Sequence[Group], title: str, extent: str) -> None:
    row = st.container(horizontal=True)
    part = "-unfinished" if extent else ""  # a table has no place for a sentence
    download(
        row,
        "Report (HTML)",
        lambda: make_report(experiments, groups, title, extent),
        f"transfer-report{part}.html",
        "report-html",
    )
    download(row, "Table (CSV)", lambda: to_csv(experiments), f"transfer{part}.csv", "report-csv")
    offer_arrays(
        row,
        "answers",
        lambda: arrays_as_npz(**answer_arrays(groups)),
        answers_snippet(),
        key="report-npz",
        label="Answers (NPZ)",
    )


def offer_arrays(
    row: DeltaGenerator, name: str, npz: Callable[[], bytes], code: str, key: str, label: str = "Arrays (NPZ)"
) -> None:
    """A button for arrays, and the snippet that reads them and gives the same numbers."""
    download(row, label, npz, f"{name}.npz", key)
    show_snippet(f"# beside the downloaded {name}.npz\n{code}", f"{key}-python")
