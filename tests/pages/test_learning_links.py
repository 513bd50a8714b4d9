"""Links between the Learning page and those on which what it explains is chosen: each opens in the state it names."""

from collections.abc import Mapping
from urllib.parse import parse_qs

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
    columns = {"part": "Scale and batch norm", "scale_view": "Two columns"}
    app = open_dashboard(
        "learning", {"model": "tiny-vgg", **columns, "columns_rate": "× 0.25", "columns_correlation": "0.5"}
    )
    assert app.select_slider(key="columns_rate").value == 0.25
    go(app, "pooling", {})
    go(app, "learning", {**columns, "columns_rate": "× 0.9"})
    assert app.select_slider(key="columns_rate").value == 0.9
    assert app.select_slider(key="columns_correlation").value == 0.5


def test_a_recipe_leads_to_what_explains_it_and_back(browser_side: Browser) -> None:
    chosen = {"optimiser": "SGD, momentum 0.9", "schedule": "A tenth after each third", "dropout": "50 %"}
    app = open_dashboard("transfer", {"model": "tiny-vgg", "part": "Train", **chosen})
    links = links_of(app)

    go(app, *links["SGD with momentum, step by step"])
    assert app.session_state["terrain_optimisers"] == ["SGD", "Momentum"]
    assert browser_side.terrains["terrain"]["look"].chosen == "Momentum"
    back = links_of(app)["Train on your own pictures with AdamW or SGD"]
    assert back == ("transfer", {"part": ["Train"], "optimiser": [chosen["optimiser"]]})

    go(app, "transfer", {})
    go(app, *links["This schedule against noise"])
    assert app.session_state["rate_schedule"] == "step"
    back = links_of(app)["Train on your own pictures with a schedule"]
    assert back == ("transfer", {"part": ["Train"], "schedule": [chosen["schedule"]]})

    go(app, "transfer", {})
    go(app, *links["Dropout, mask by mask"])
    assert app.session_state["dropout_p"] == 0.5
    go(app, *links_of(app)["Train on your own pictures with dropout"])
    assert app.select_slider(key="dropout").value == 0.5
    assert app.selectbox(key="optimiser").value == "sgd"
