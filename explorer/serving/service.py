"""The replicas: each holds some networks open and passes together what is asked at the same time."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
from ray import serve
from safetensors.torch import save
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from torch import Tensor

from explorer.device import resolve_device
from explorer.kept import LruCache
from explorer.serving.request import MOST_BYTES, PassRequest, RequestRefused
from explorer.zoo import VisionModel

APP = "cnn-explorer"
_OPEN = 6  # networks at a time
_TOGETHER = 16  # requests of a batch
_WAIT = 0.002  # seconds for others to come
Answer = dict[str, Tensor] | RequestRefused


class ForwardPasses:
    """One replica: a process with a core, or with a GPU."""

    def __init__(self) -> None:
        os.environ.pop("EXPLORER_SERVE", None)  # whoever answers must not ask
        self._networks = LruCache(_OPEN)

    def check_health(self) -> None:
        """For Ray Serve, which begins another replica where this raises or does not answer: a GPU may be lost."""
        torch.ones(1, device=resolve_device("auto")).item()

    async def __call__(self, request: Request) -> Response:
        """A request of `explorer.zoo.served.ask`; 400 with a sentence where it will not be done."""
        found: Answer
        try:
            asked = PassRequest.read(await _read_body(request))
            if asked.layers or asked.edits:
                found = await asyncio.to_thread(lambda: asked.record(self._open(asked)))
            else:
                found = await self._pass(asked)
        except RequestRefused as refused:
            found = refused
        if isinstance(found, RequestRefused):
            return PlainTextResponse(str(found), 400)
        return Response(save(found), media_type="application/octet-stream")

    @serve.batch(max_batch_size=_TOGETHER, batch_wait_timeout_s=_WAIT)
    async def _pass(self, asked: list[PassRequest]) -> list[Answer]:
        return await asyncio.to_thread(self.pass_together, asked)

    def pass_together(self, asked: Sequence[PassRequest]) -> list[Answer]:
        """The answers in order: "logits" (N, classes), and "together" (), how many requests shared the forward pass.

        Equal network and size go together.
        """
        alike: dict[Any, list[int]] = defaultdict(list)
        for place, each in enumerate(asked):
            alike[each.network, each.x.shape[2:]].append(place)
        answers: list[Any] = [None] * len(asked)
        for places in alike.values():
            x = torch.cat([asked[place].x for place in places])
            try:
                parts = self._open(asked[places[0]]).logits(x).split([len(asked[place].x) for place in places])
            except (RequestRefused, RuntimeError) as error:  # a size that the network cannot run
                answers = [RequestRefused(str(error)) if at in places else each for at, each in enumerate(answers)]
                continue
            for place, logits in zip(places, parts, strict=True):
                answers[place] = {"logits": logits.contiguous(), "together": torch.tensor(len(places))}
        return answers

    def _open(self, asked: PassRequest) -> VisionModel:
        model: VisionModel = self._networks.get(asked.network, asked.open)
        return model


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise RequestRefused(f"A request has at most {MOST_BYTES} bytes.")
    return bytes(body)


def deploy(replicas: int, gpus: int, host: str, port: int) -> None:
    """Put so many replicas on the cluster that this process is connected to; return once they answer.

    Args:
        replicas: processes, each with a core.
        gpus: of each replica, 0 or 1.
        host: address that the proxies of all machines listen on.
        port: of them.
    """
    serve.start(proxy_location="EveryNode", http_options={"host": host, "port": port})
    passes = serve.deployment(
        num_replicas=replicas,
        max_ongoing_requests=4 * _TOGETHER,
        max_queued_requests=256,  # more are sooner done where they come from
        health_check_period_s=2,
        health_check_timeout_s=10,
        graceful_shutdown_timeout_s=5,
        ray_actor_options={"num_cpus": 1, "num_gpus": gpus},
    )(ForwardPasses)
    serve.run(passes.bind(), name=APP, route_prefix="/")
