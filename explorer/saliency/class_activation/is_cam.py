"""IS-CAM (Naidu et al. 2020), https://arxiv.org/abs/2010.03023."""

from __future__ import annotations

import operator
from functools import partial

from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.class_activation.score_cam import weigh_by_scores

STEPS = 10  # N of the paper's sum


def is_cam(wanted: Wanted) -> ClassActivationMap:
    """Softmax over k of (1 / N) sum over i = 1 ... N of S(c_i M_k x) - S(x) is w_k, c_i = sum over j < i of j / N.

    M_k as in Score-CAM. The masks are added up on the way, as the paper has it, so that c_i = i (i - 1) / 2N grows
    from 0 to (N - 1) / 2 and goes past the photo's own brightness, c = 1. Checked against the formula that torch-cam's
    issue 154 quotes from the paper, and what its first author asked for in the review of torch-cam's pull request 13.

    Raises:
        Stopped: `progress` gave False.
    """
    shares = [step * (step - 1) / (2 * STEPS) for step in range(1, STEPS + 1)]
    return weigh_by_scores(wanted, [partial(operator.mul, share) for share in shares])
