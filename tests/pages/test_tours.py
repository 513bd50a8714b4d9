"""The bar of a tour, and where one begins."""

from collections.abc import Mapping
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui.tours.tour import list_tours
from tests.pages.opening import ROOT, SECONDS, run


def open_step(address: Mapping[str, str], page: str) -> AppTest:
    """A page of the whole dashboard, as a link opens it."""
    app = run(AppTest.from_file(ROOT / "explorer/ui/front_door.py", default_timeout=SECONDS))
    app.switch_page(str(ROOT / f"pages/{page}.py"))
    for key, value in address.items():
        app.query_params[key] = value
    return run(app)


def links(app: AppTest) -> dict[str, tuple[str, dict[str, str]]]:
    """Page and query parameters of every link, by its label."""
    found = (link.proto for link in app.main.get("page_link"))
    return {each.label: (each.page, {k: v for k, (v,) in parse_qs(each.query_string).items()}) for each in found}


@pytest.mark.parametrize("present", [True, False])
def test_the_bar_says_the_step_and_leads_back_and_on(present: bool) -> None:
    tour = list_tours()[0]
    page, address = tour.link_to(2, present)
    app = open_step(address, page)
    assert tour.steps[1].say in [text.value for text in app.main.markdown]
    said = [text.value for text in app.main.caption]
    assert any(tour.steps[1].look in text for text in said)
    assert f"{tour.title}: 2 of {len(tour.steps)}" in said
    for label, number in (("Previous", 1), ("Next", 3)):
        assert links(app)[label] == tour.link_to(number, present)
    (html,) = (each.proto.body for each in app.main.get("html") if "for_the_class" in each.proto.body)
    assert f'href="?filters={address["filters"].replace(" ", "+")}&amp;ask=true"' in html

    (leave,) = (button for button in app.button if button.label == "Leave the tour")
    run(leave.click())
    assert "Next" not in links(app)
    assert app.title[0].value == "Convolution"
    assert not {"tour", "step", "present"} & {*app.query_params}


def test_the_first_step_has_no_way_back_and_no_other_page_a_bar() -> None:
    tour = list_tours()[0]
    app = open_step(tour.link_to(1, present=False)[1], tour.steps[0].page)
    assert "Next" in links(app)
    assert "Previous" not in links(app)
    run(app.switch_page(str(ROOT / "pages/filters.py")))
    assert "Next" not in links(app)


def test_home_offers_every_tour_from_its_first_step() -> None:
    app = run(AppTest.from_file(ROOT / "explorer/ui/front_door.py", default_timeout=SECONDS))
    for tour in list_tours():
        assert links(app)[f"**{tour.title}**"] == tour.link_to(1, present=True)
        assert any(tour.promise in text.value for text in app.main.caption)
