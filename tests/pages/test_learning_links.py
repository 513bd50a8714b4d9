"""Links between the Learning page and those on which what it explains is chosen: each opens in the state it names."""

from collections.abc import Mapping
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.opening import ROOT, SECONDS, Browser, run


def go(app: AppTest, page: str, address: Mapping[str, str | list[str]]) -> AppTest:
    """To a page as a link leads there: the address has what the link names, and nothing else."""
    for key in list(app.query_params):
        del app.query_params[key]
    app.query_params.update(address)
    return run(app.switch_page(str(ROOT / "pages" / f"{page}.py")))


def open_dashboard(page: str, address: Mapping[str, str | list[str]]) -> AppTest:
    """A page under its navigation, without which nothing is linked."""
    return go(AppTest.from_file(ROOT / "explorer/ui/front_door.py", default_timeout=SECONDS), page, address)


def links_of(app: AppTest) -> dict[str, tuple[str, dict[str, list[str]]]]:
    """The page and the query parameters of every link below the navigation that has some, by its label."""
    found = [link.proto for link in app.main.get("page_link")]
    return {link.label: (link.page, parse_qs(link.query_string)) for link in found if link.query_string}


def test_what_a_link_names_wins_over_what_was_set_there_before(browser_side: Browser) -> None:
    """Also where it is the default, which Streamlit leaves out of an address; what it does not name stays."""
    scale = {"part": "Scale and batch norm", "scale_view": "By hand", "norm_numbers": "1 2 3"}
    app = open_dashboard("learning", {"model": "tiny-vgg", **scale})
    go(app, "augmentation", {})
    run(app.segmented_control(key="part").set_value("normalise"))
    page, address = links_of(app)["What inputs of different scale do to training"]
    # Streamlit sends the parameters of the last page too, and those of one name twice.
    go(app, page, {**address, "part": ["Normalisation", *address["part"]]})
    assert app.segmented_control(key="scale_view").value == "columns"
    assert app.session_state["norm_numbers"] == "1 2 3"


RECIPE = {"optimiser": "SGD, momentum 0.9", "schedule": "A tenth after each third", "dropout": "50 %"}
LINKS = {  # below the recipe, what is chosen where they lead, and the link from there back
    "SGD with momentum, step by step": (
        {"terrain_optimisers": ["SGD", "Momentum"]},
        "Train on your own pictures with AdamW or SGD",
        "optimiser",
    ),
    "This schedule against noise": (
        {"rate_schedule": "step"},
        "Train on your own pictures with a schedule",
        "schedule",
    ),
    "Dropout, mask by mask": ({"dropout_p": 0.5}, "Train on your own pictures with dropout", "dropout"),
}


@pytest.mark.parametrize("label", LINKS)
def test_a_recipe_leads_to_what_explains_it_and_back(label: str, browser_side: Browser) -> None:
    there, back, chosen = LINKS[label]
    app = open_dashboard("transfer", {"model": "tiny-vgg", "part": "Train", **RECIPE})
    page, address = links_of(app)[label]
    go(app, page, {**address, "part": ["Train", *address["part"]]})
    assert {key: app.session_state[key] for key in there} == there
    if chosen == "optimiser":
        assert browser_side.terrains["terrain"]["look"].chosen == "Momentum"
    assert links_of(app)[back] == ("transfer", {"part": ["Train"], chosen: [RECIPE[chosen]]})
    go(app, *links_of(app)[back])
    assert label in links_of(app)
