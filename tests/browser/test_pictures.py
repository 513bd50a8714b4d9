"""The map of pictures in a browser: a click chooses, a narrow screen holds it, a picture goes along to another page."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from explorer.samples import SAMPLES
from tests.browser.serving import wait_until_idle
from tests.browser.watching import PATIENCE, address_of, follow

LAYER = "stages.stage4.block2.project.bn"  # none of those that stand for a stage
# Where a picture's thumbnail has its middle, and its point, in pixels of the window.
PLACES = """(plot, place) => {
    const { left, top } = plot.getBoundingClientRect();
    const { xaxis, yaxis } = plot._fullLayout;
    return plot.data.filter((trace) => trace.customdata?.includes(place) && trace.hoverinfo !== "skip").map((trace) => {
        const at = trace.customdata.indexOf(place);
        return {
            x: left + xaxis._offset + xaxis.d2p(trace.x[at]),
            y: top + yaxis._offset + yaxis.d2p(trace.y[at]),
            thumbnail: trace.name === "thumbnails",
        };
    });
}"""


def test_a_click_on_the_map_chooses_a_picture(dashboard: str, page: Page) -> None:
    plots = follow(page, f"{dashboard}/pictures?of=Your+pictures+and+the+samples&by={LAYER}", ".js-plotly-plot")
    titles = [sample.title for sample in SAMPLES]
    row = page.get_by_alt_text(f"Nearest by {LAYER}: ")
    before = row.get_attribute("alt")
    for number, thumbnail in ((4, True), (2, False)):
        (place,) = (each for each in plots.first.evaluate(PLACES, number) if each["thumbnail"] == thumbnail)
        page.mouse.click(place["x"], place["y"])
        expect(page.get_by_text(f"To {number + 1}: {titles[number]}, which stands first")).to_be_visible()
        wait_until_idle(page, timeout=PATIENCE)
        assert address_of(page)["picture"] == str(number + 1)
        assert row.get_attribute("alt") != before
        before = row.get_attribute("alt")
    assert f"{len(titles)} of them stand above their points" in page.get_by_test_id("stMain").inner_text()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("table")).to_be_visible()
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth") == 0
    link = page.get_by_role("link", name="Where the network looks on it").get_attribute("href")
    assert parse_qs(urlsplit(link).query)["image"] == [titles[2]]
