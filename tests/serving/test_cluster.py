"""Tests of forward passes once more, by Ray Serve on two nodes of this machine, one of which is killed."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from explorer.jobs.ray_cluster import describe_code
from explorer.zoo import VisionModel, list_shipped, load_model, random_model, served
from explorer.zoo.catalogue import ARCHITECTURES
from tests.anatomy import test_recording, test_values

# The same tests, on networks that the service knows.
from tests.anatomy.test_recording import (  # noqa: F401
    test_channels_of_channels_last_layers,
    test_edit_of_a_channel_that_is_not_there,
    test_edit_of_a_functional_layer,
    test_edits_apply_in_the_given_order,
    test_only_the_layers_asked_for,
    test_scaling_all_channels,
    test_switching_a_channel_off_equals_masking_the_module,
    test_unknown_layers_are_named,
)
from tests.augmentation.conftest import small  # noqa: F401
from tests.augmentation.test_predicting import (  # noqa: F401
    model,
    test_batches_do_not_change_what_is_believed,
    test_each_draw_is_asked_as_if_it_were_alone,
    test_no_draws_are_refused,
    test_the_average_is_over_the_draws,
    test_without_chance_there_is_no_spread,
)
from tests.augmentation.test_sweeps import test_41_points_the_unchanged_picture_among_them  # noqa: F401
from tests.jobs.clusters import open_cluster
from tests.jobs.working import until
from tests.zoo.test_logits import (  # noqa: F401
    opened,
    test_logits_are_those_of_each_picture,
    test_probabilities_are_the_softmax_of_a_picture,
)

ray = pytest.importorskip("ray")
pytest.importorskip("ray.serve", exc_type=ImportError)


class Served(NamedTuple):
    """The cluster, its second node, and the statuses of all answers so far."""

    cluster: Any
    second: Any
    statuses: list[int]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Served]:
    from explorer.serving.service import deploy

    with open_cluster("second") as cluster, pytest.MonkeyPatch.context() as patch, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        ray.init(address=cluster.address, runtime_env=describe_code(ship=False), log_to_driver=False)
        deploy(replicas=2, gpus=0, host="127.0.0.1", port=port)  # the proxies of both nodes share the port
        patch.setenv("EXPLORER_SERVE", f"ray://127.0.0.1:{port}")
        found, post = Served(cluster, next(iter(cluster.worker_nodes)), []), served._post

        def post_and_count(address: str, body: bytes) -> tuple[int, bytes]:
            status, answer = post(address, body)
            found.statuses.append(status)
            return status, answer

        patch.setattr(served, "_post", post_and_count)
        yield found


@pytest.fixture(autouse=True)
def nothing_is_done_here_instead(cluster: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The service is asked throughout: it is never given up."""

    def open_offered(name: str) -> VisionModel:
        """As the other tests do, but without changing the weights, which the service would not know."""
        return random_model(ARCHITECTURES.get(name, name))

    monkeypatch.setattr(test_recording, "open_random", open_offered)
    monkeypatch.setattr(served, "_paused_until", 0.0)
    yield
    assert served._paused_until == 0


@pytest.mark.parametrize("name", list_shipped())
def test_every_layer_of_a_shipped_network(name: str, cluster: Served) -> None:
    """Each of its maps comes from the service, and equals torchvision's graph."""
    before = len(cluster.statuses)
    test_values.test_every_recorded_layer_equals_torchvisions_graph(name)
    assert cluster.statuses[before:] == [200]


def ask(ours: VisionModel, x: Tensor) -> dict[str, Tensor]:
    answer = served.ask(ours.network, x)
    assert answer is not None
    return answer


def pass_here(ours: VisionModel, x: Tensor) -> Tensor:
    with torch.inference_mode():
        return ours.network(x.clone())


def test_requests_at_once_share_a_forward_pass() -> None:
    """Eight at a time, until most of them came together: two replicas could take one each before the others come."""
    ours = load_model("mini-resnet", "cpu")
    pictures = torch.randn(8, 2, 3, 96, 96)
    wanted = pass_here(ours, pictures.flatten(0, 1)).unflatten(0, (8, 2))

    def count_passes() -> float:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda x: ask(ours, x), pictures))
        for answer, logits in zip(answers, wanted, strict=True):
            torch.testing.assert_close(answer["logits"], logits, rtol=1e-5, atol=1e-5)
        return sum(1 / int(answer["together"]) for answer in answers)

    until(lambda: count_passes() <= 5)


def test_other_weights_are_not_taken_for_the_same(cluster: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, x = load_model("tiny-vgg", "cpu"), torch.randn(1, 3, 32, 32)
    monkeypatch.setitem(served._offered[ours.network], "card", "0" * 64)
    before = len(cluster.statuses)
    assert torch.equal(ours.logits(x), pass_here(ours, x))
    assert cluster.statuses[before:] == [400]


def test_a_node_is_killed_while_requests_are_under_way(cluster: Served) -> None:
    """Every answer equals the pass here but for the order in which a convolution sums, and none is lost."""
    ours = load_model("mini-resnet", "cpu")
    pictures = torch.randn(4, 4, 3, 64, 64)
    wanted = [pass_here(ours, each) for each in pictures]
    counts, stop = [0] * 4, threading.Event()

    def work(number: int) -> None:
        while not stop.is_set():
            torch.testing.assert_close(ask(ours, pictures[number])["logits"], wanted[number], rtol=1e-5, atol=1e-5)
            counts[number] += 1

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(work, number) for number in range(4)]
        try:
            until(lambda: min(counts) >= 3)
            cluster.cluster.remove_node(cluster.second, allow_graceful=False)
            then = list(counts)
            until(lambda: all(now >= before + 3 for now, before in zip(counts, then, strict=True)))
        finally:
            stop.set()
    for each in asking:
        each.result()  # its error, where an answer was lost or another one
