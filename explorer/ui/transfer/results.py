"""What came out of a comparison: who is best, if that can be told; the figure, the table, and the report to keep."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering import CHART_CONFIG
from explorer.rendering.report_figures import figure_fragments, plotly_script
from explorer.rendering.strategy_figures import SYMBOLS
from explorer.rendering.transfer_figures import (
    AccuracyRow,
    LearningCurve,
    Spread,
    accuracy_rows,
    learning_curves,
)
from explorer.text import count_text, significant
from explorer.transfer.evaluation.comparing import Group, Verdict, compare, group_experiments
from explorer.transfer.evaluation.ending import tell_endings
from explorer.transfer.evaluation.report import to_csv, to_html
from explorer.transfer.experiment import Experiment
from explorer.transfer.progress import colour_of
from explorer.transfer.trial import STRATEGIES, STRATEGY_TITLES, TransferRejected
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz
from explorer.ui.kit.snippet import show_snippet, snippet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from streamlit.delta_generator import DeltaGenerator


def show_results(experiments: Sequence[Experiment], title: str) -> None:
    """Verdict, figure, table and downloads.

    Args:
        experiments: of one comparison; what has not been measured yet is left out.
        title: of the pictures, as the person calls them.
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
    st.plotly_chart(accuracy_figure(verdict), config=CHART_CONFIG, key="chart-accuracies")
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
    _offer(experiments, groups, title)


def tell_test(groups: Sequence[Group]) -> str:
    """What was tested, and why a ring may lie outside its whisker, in one to three sentences."""
    first = groups[0]
    tested = count_text(first.experiments[0].test, "test picture")
    distinct = first.right.shape[1]
    if len({each.trial.split_seed for each in first.experiments}) > 1:
        said = f"{tested} with every seed, other ones each time, {distinct:,} in all; none was seen by the training."
    else:
        said = f"{tested} that no training has seen, the same for all."
    if any(group.outside for group in groups):
        said += (
            " A ring outside its whisker is a single training that lies further from the mean than the mean may err."
        )
    return said


def find_groups(experiments: Sequence[Experiment]) -> tuple[Group, ...]:
    """The seeds of each strategy together; where there are none to be compared, a sentence says why."""
    measured = [each for each in experiments if each.finished]
    if not measured:
        st.info("Nothing has been measured on the test pictures yet.", icon=":material/hourglass_empty:")
        return ()
    try:
        return _group(digest(measured), measured)
    except TransferRejected as problem:
        st.error(str(problem), icon=":material/block:")
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


def digest(experiments: Sequence[Experiment]) -> str:
    """Names trainings with their answers, for caches."""
    made = hashlib.sha256()
    for each in experiments:
        made.update(each.to_json().encode())
        made.update(each.test_places.tobytes() + each.test_probabilities.tobytes())
    return made.hexdigest()


def choose_share(groups: Sequence[Group], key: str) -> float:
    """Which share of the training pictures to look at, the largest at first; asked only where there are several."""
    shares = sorted({group.share for group in groups}, reverse=True)
    if len(shares) == 1:
        return shares[0]
    return choose("Share of the training pictures", {share: f"{100 * share:.3g} %" for share in shares}, key)


def spread_of(group: Group) -> Spread:
    """What figures draw of a group."""
    return Spread(group.mean, *group.interval, group.accuracies)


def accuracy_figure(verdict: Verdict) -> Figure:
    """The best strategy on top."""
    return accuracy_rows([AccuracyRow(g.title, spread_of(g), colour_of(g.strategy)) for g in verdict.ranking])


def curves_figure(groups: Sequence[Group]) -> Figure:
    """Accuracy over the number of training pictures, a line for each strategy."""
    curves = []
    for strategy in STRATEGIES:
        own = sorted((group for group in groups if group.strategy == strategy), key=lambda group: group.training)
        if own:
            curves.append(
                LearningCurve(
                    STRATEGY_TITLES[strategy],
                    tuple(group.training for group in own),
                    tuple(spread_of(group) for group in own),
                    colour_of(strategy),
                    SYMBOLS[STRATEGIES.index(strategy)],
                )
            )
    return learning_curves(curves)


def result_rows(verdict: Verdict) -> list[dict[str, str]]:
    """The table, the best strategy first."""
    rows = []
    for group in verdict.ranking:
        low, high = group.interval
        spread = f" ± {100 * group.deviation:.1f}" if isfinite(group.deviation) else ""
        rows.append(
            {
                "strategy": group.title,
                "right": f"{100 * group.mean:.1f}{spread} %",
                "95 % interval": f"{100 * low:.1f} to {100 * high:.1f} %",
                "seeds": str(len(group.seeds)),
                "time of one": f"{significant(group.seconds)} s",
                "trainable": f"{group.trainable:,} of {group.parameters:,}",
                "learned from": count_text(group.training, "picture"),
            }
        )
    return rows


def pair_rows(verdict: Verdict) -> list[dict[str, str]]:
    """Every pair, the better one first."""
    rows = []
    for each in verdict.differences:
        low, high = each.interval
        rows.append(
            {
                "better": each.first.title,
                "than": each.second.title,
                "by": f"{100 * each.mean:.1f}",
                "interval": f"{100 * low:.1f} to {100 * high:.1f}",
                "more than noise": "yes" if each.separate else "no",
            }
        )
    return rows


def _offer(experiments: Sequence[Experiment], groups: Sequence[Group], title: str) -> None:
    row = st.container(horizontal=True)
    row.download_button(
        "Report (HTML)",
        lambda: make_report(experiments, groups, title),
        "transfer-report.html",
        "text/html",
        key="report-html",
        on_click="ignore",
        icon=":material/description:",
    )
    row.download_button(
        "Table (CSV)",
        lambda: to_csv(experiments),
        "transfer.csv",
        "text/csv",
        key="report-csv",
        on_click="ignore",
        icon=":material/table:",
    )
    offer_arrays(
        row, "answers", lambda: answers_as_npz(groups), answers_snippet(), key="report-npz", label="Answers (NPZ)"
    )


def offer_arrays(
    row: DeltaGenerator,
    name: str,
    npz: Callable[[], bytes],
    code: str,
    key: str,
    label: str = "Arrays (NPZ)",
) -> None:
    """A button for arrays, and the snippet that reads them and gives the same numbers."""
    row.download_button(
        label,
        npz,
        f"{name}.npz",
        "application/octet-stream",
        key=key,
        on_click="ignore",
        icon=":material/data_array:",
    )
    show_snippet(f"# beside the downloaded {name}.npz\n{code}")


def make_report(experiments: Sequence[Experiment], groups: Sequence[Group], title: str) -> str:
    """The page to take home, with its figures."""
    most = max(group.share for group in groups)
    verdict = find_verdict(tuple(group for group in groups if group.share == most))
    figures = [("Accuracies", accuracy_figure(verdict))]
    if len({group.share for group in groups}) > 1:
        figures.append(("Learning curves", curves_figure(groups)))
    return to_html(experiments, title=title, figures=figure_fragments(figures), script=plotly_script())


def answers_as_npz(groups: Sequence[Group]) -> bytes:
    """What every training said of its test pictures: (seeds, T, K) by strategy and share; true classes and places of
    the pictures, (seeds, T) of the strategy with most seeds.
    """
    most = max(groups, key=lambda group: len(group.experiments)).experiments
    arrays: dict[str, NDArray[np.generic]] = {
        group.key: np.stack([each.test_probabilities for each in group.experiments]) for group in groups
    }
    arrays["labels"] = np.stack([each.test_labels for each in most])
    arrays["places"] = np.stack([each.test_places for each in most])
    arrays["classes"] = np.array(most[0].classes, dtype=np.str_)
    return arrays_as_npz(**arrays)


def answers_snippet() -> str:
    """Python that gives the intervals of the table from the answers."""
    return snippet(
        "import numpy as np",
        "",
        "from explorer.transfer.evaluation.resampling import accuracy_interval",
        "",
        'answers = np.load("answers.npz")',
        'labels, places = answers["labels"], answers["places"]  # (seeds, T)',
        "intervals = {}",
        'for name in set(answers) - {"labels", "places", "classes"}:',
        "    told = answers[name].argmax(axis=2)  # (seeds, T)",
        "    right = np.full((len(told), places.max() + 1), np.nan)  # a column a picture",
        "    np.put_along_axis(right, places[: len(told)], told == labels[: len(told)], axis=1)",
        "    intervals[name] = low, high = accuracy_interval(right)",
        '    print(f"{name}: {np.nanmean(right):.1%}, {low:.1%} to {high:.1%}")',
    )
