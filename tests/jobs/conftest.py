"""A folder for jobs of which nothing is left running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.jobs import LocalJobs
from explorer.jobs.shelf import Shelf
from tests.jobs.working import Place, until


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path / "jobs")
    yield place
    for folder in Shelf(place.root).jobs():
        folder.ask_to_stop()
    until(lambda: not place.kill("device_queue") and not place.kill("worker"))


@pytest.fixture
def jobs(place: Place) -> LocalJobs:
    return place.open()
