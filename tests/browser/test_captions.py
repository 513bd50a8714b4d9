"""The caption player in a real browser: what it shows against known captions, and that it asks the server nothing."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from explorer.rendering import decode_png, spotlight
from explorer.rendering.film_strip import DARKEST
from tests.browser.caption_page import CELLS, GRID, ODD, PHOTOS, PLACES, WORDS, attention
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import check_width
from tests.browser.watching import PATIENCE, follow, frames_to, wait_for


def open_case(page: Page, dashboard: str, case: str = "exact") -> Locator:
    return follow(page, f"{dashboard}/?only=caption_page&case={case}", ".player[data-drawn]")


def open_captions(page: Page, dashboard: str, query: str = "") -> Locator:
    return follow(page, f"{dashboard}/captions?captioner=photo-captioner&{query}", ".player[data-drawn]")


def word_of(player: Locator, index: int) -> Locator:
    return player.get_by_role("option").nth(index)


def expect_chosen(player: Locator, index: int) -> None:
    """The word, its frame and the photo's light all are this word's."""
    expect(word_of(player, index)).to_have_attribute("aria-selected", "true")
    expect(player.locator('[aria-selected="true"]')).to_have_count(1)
    expect(player.locator('[aria-current="true"]')).to_have_count(1)
    expect(player.locator(".strip button").nth(index)).to_have_attribute("aria-current", "true")
    expect(player.locator(".photo")).to_have_attribute("data-word", str(index))  # its light has come to rest


def expect_to_go_on_from(player: Locator, index: int) -> None:
    """Playing has left a word; to which one, when this is looked at, is up to the machine."""
    expect(word_of(player, index)).to_have_attribute("aria-selected", "false")


def pixels_of(canvas: Locator) -> NDArray[np.uint8]:
    address = canvas.evaluate('canvas => canvas.toDataURL("image/png")')
    return decode_png(base64.b64decode(address.partition(",")[2]))


def facts_of(player: Locator) -> str:
    return player.locator(".facts").inner_text()


def test_every_word_without_one_message(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    player = open_case(page, dashboard)
    before = len(sent)
    assert before  # messages are seen at all
    for index in [*range(len(WORDS)), 2]:
        word_of(player, index).hover()
        expect_chosen(player, index)
        where = f"Before “{WORDS[index]}” it looked {PLACES[index]}."
        expect(player.locator(".where")).to_have_text(where)
        expect(player.locator(".photo")).to_have_attribute("aria-label", f"A photo. {where}")
    player.locator(".strip button").nth(5).hover()
    expect_chosen(player, 5)
    player.get_by_role("button", name="Smoothed").click()
    word_of(player, 0).click()
    player.get_by_role("button", name="Play").click()
    expect_to_go_on_from(player, 0)
    player.get_by_role("button", name="Pause").click()
    word_of(player, 0).click()
    page.keyboard.press("ArrowRight")
    expect_chosen(player, 1)
    page.wait_for_timeout(300)
    assert len(sent) == before


def test_what_is_said_and_shown_of_a_word(dashboard: str, page: Page) -> None:
    player = open_case(page, dashboard)
    assert page.evaluate(NAMELESS) == []
    check_the_numbers_of_a_word(player)
    check_the_photo_is_dark_by_the_formula(player)
    check_smoothed_and_back_to_the_true_grid(player)


def check_the_photo_is_dark_by_the_formula(player: Locator) -> None:
    for index in (1, 4, 6):
        word_of(player, index).hover()
        expect_chosen(player, index)
        expected = spotlight(PHOTOS["exact"], attention()[index]).astype(int)
        got = pixels_of(player.locator(".photo"))
        assert got.shape == expected.shape  # the whole photo, nothing clipped
        assert np.abs(got - expected).max() <= 2
    frames = player.locator(".strip canvas")
    expect(frames).to_have_count(len(WORDS))
    for index, (row, column) in enumerate(CELLS):
        small = pixels_of(frames.nth(index)).mean(axis=2)
        height, width = small.shape[0] // GRID[0], small.shape[1] // GRID[1]
        cells = small[: height * GRID[0], : width * GRID[1]].reshape(GRID[0], height, GRID[1], width).mean(axis=(1, 3))
        assert np.unravel_index(cells.argmax(), GRID) == (row, column)


def check_smoothed_and_back_to_the_true_grid(player: Locator) -> None:
    word_of(player, 5).hover()
    expect_chosen(player, 5)
    photo, grid = player.locator(".photo"), player.get_by_role("button", name="Grid cells")
    expect(grid).to_have_attribute("aria-pressed", "true")
    true = pixels_of(photo).astype(int)
    player.get_by_role("button", name="Smoothed").click()
    expect(grid).to_have_attribute("aria-pressed", "false")
    expect_chosen(player, 5)
    smooth = pixels_of(photo).astype(int)
    light = smooth.mean(axis=2) / np.maximum(PHOTOS["exact"].mean(axis=2), 1)
    height, width = (side // cells for side, cells in zip(light.shape, GRID, strict=True))
    profile = light[int(2.4 * height) : int(2.6 * height)].mean(axis=0)  # across the cell in the middle
    centre = int(2.5 * width)
    steps = [profile[centre + offset - 5 : centre + offset + 5].mean() for offset in (0, width // 3, 2 * width // 3)]
    assert steps[0] > steps[1] > steps[2]  # falls off, where the true cell has an edge
    assert np.abs(light[:, 5:30].mean() - light[:, -30:-5].mean()) < 0.05
    grid.click()
    expect_chosen(player, 5)
    np.testing.assert_array_equal(pixels_of(photo), true)


def check_the_numbers_of_a_word(player: Locator) -> None:
    assert "Word 2 of 7" in facts_of(player)  # the first noun
    word_of(player, 0).hover()
    expect_chosen(player, 0)
    first = facts_of(player)
    assert "Word 1 of 7" in first
    assert re.search(
        r"a\s+50 %\s+other0\s+20 %\s+rare0\s+1 %\s+rare1\s+0.1 %\s+rare2\s+0.01 %\s+rare3\s+0.001 %", first
    )
    assert "of at most 4.32 bits" in first  # log2(20)
    assert re.search(r"Moved\s+–", first)
    assert re.search(r"Gate β\s+0.00", first)
    shares = np.array([0.62, *[0.02] * 19])
    assert f"{-(shares * np.log2(shares)).sum():.2f} of at most" in first
    word_of(player, 1).hover()
    expect_chosen(player, 1)
    second = facts_of(player)
    assert re.search(r"cat\s+99.96 %", second)
    assert re.search(r"Moved\s+60 %", second)
    bar = player.locator(".guesses .bar").first
    assert bar.evaluate("bar => bar.firstChild.offsetWidth / bar.offsetWidth") == pytest.approx(0.9996, abs=0.02)
    word_of(player, 4).hover()
    expect_chosen(player, 4)
    unknown = facts_of(player)
    assert "Word 5 of 7, which it does not know" in unknown
    assert re.search(r"xyzzy\s+–", unknown)
    assert not re.search(r"other\d|rare", unknown)  # it has no runners-up
    word_of(player, 5).hover()
    expect_chosen(player, 5)
    assert "<0.001 %" in facts_of(player)
    word_of(player, 6).hover()
    expect_chosen(player, 6)
    last = facts_of(player)
    assert re.search(r"Gate β\s+–", last)
    assert "4.32 of at most 4.32 bits" in last
    player.locator(".photo").hover(position={"x": 20, "y": 20})
    expect(player.locator(".where")).to_have_text("Row 1, column 1: 5 % of the attention.")


def test_by_keyboard_alone(dashboard: str, page: Page) -> None:
    player = open_case(page, dashboard)
    status = player.get_by_role("status")
    expect(player.get_by_role("listbox", name="Words of the caption")).to_be_visible()
    expect(status).to_have_text("")
    word_of(player, 1).focus()  # the first noun, where it opens
    for key, index in (("ArrowRight", 2), ("ArrowDown", 3), ("ArrowLeft", 2), ("End", 6), ("ArrowRight", 6)):
        page.keyboard.press(key)
        expect_chosen(player, index)
        expect(word_of(player, index)).to_be_focused()
    expect(status).to_have_text("Before “today” it looked all over the photo. It was 25 % probable.")
    page.keyboard.press("Home")
    expect_chosen(player, 0)
    page.keyboard.press("ArrowUp")
    expect_chosen(player, 0)
    page.keyboard.press("Tab")  # one stop for all words
    expect(player.get_by_role("button", name="Play")).to_be_focused()
    page.keyboard.press("Enter")
    expect(player.get_by_role("button", name="Pause")).to_be_focused()
    expect_to_go_on_from(player, 0)
    page.keyboard.press("Enter")
    expect(player.get_by_role("button", name="Play")).to_be_focused()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_playing_shows_every_word_once(motion: str, dashboard: str, page: Page) -> None:
    page.emulate_media(reduced_motion=motion)
    player = open_case(page, dashboard)
    # What is chosen, and how many times the photo is drawn for a word.
    player.evaluate(
        """root => {
            window.seen = [];
            const watch = () => {
                const index = [...root.querySelectorAll("[role=option]")]
                    .findIndex((option) => option.ariaSelected === "true");
                if (window.seen.at(-1)?.[0] !== index) window.seen.push([index, performance.now()]);
            };
            new MutationObserver(watch).observe(root, { subtree: true, attributes: true });
            const context = root.querySelector(".photo").getContext("2d");
            const original = context.drawImage;
            window.drawn = 0;
            context.drawImage = function (...given) { window.drawn += 1; original.apply(this, given); };
        }"""
    )
    word_of(player, 6).click()
    expect_chosen(player, 6)
    page.evaluate("window.drawn = 0")
    player.get_by_role("button", name="Play").click()  # from the end: begins anew
    expect(word_of(player, 6)).to_have_attribute("aria-selected", "false")
    expect(player.get_by_role("button", name="Play")).to_be_visible(timeout=PATIENCE * 1000)
    expect_chosen(player, 6)
    seen = page.evaluate("window.seen")
    numbers = [index for index, _ in seen if index != -1]
    assert numbers[-7:] == list(range(7))
    times = [moment for _, moment in seen][-7:]
    assert 4.5 < (times[-1] - times[0]) / 1000 < 20  # six beats of 0.8 s, and what a busy machine adds
    expect(player.get_by_role("status")).to_contain_text("today")
    strokes = 2 * len(WORDS)  # the photo and its shade
    drawn = page.evaluate("window.drawn")
    assert drawn == strokes if motion == "reduce" else drawn > strokes


def test_another_choice_ends_the_play(dashboard: str, page: Page) -> None:
    player = open_case(page, dashboard)
    player.get_by_role("button", name="Play").click()
    expect_to_go_on_from(player, 0)
    word_of(player, 4).hover()
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    chosen = player.locator('[aria-selected="true"]').inner_text()
    page.wait_for_timeout(1700)
    assert player.locator('[aria-selected="true"]').inner_text() == chosen == WORDS[4]


def test_two_players_side_by_side_do_not_meddle(dashboard: str, page: Page) -> None:
    players = open_case(page, dashboard, "pair")
    expect(players).to_have_count(2)
    left, right = players.nth(0), players.nth(1)
    word_of(left, 3).hover()
    expect_chosen(left, 3)
    expect_chosen(right, 1)  # the first noun, as it opened
    word_of(right, 5).click()
    expect_chosen(left, 3)
    expect_chosen(right, 5)
    assert len({round(player.bounding_box()["y"]) for player in (left, right)}) == 1
    assert left.evaluate("root => root.scrollWidth - root.clientWidth") == 0
    assert page.evaluate(NAMELESS) == []


def test_odd_photos(dashboard: str, page: Page, subtests: pytest.Subtests) -> None:
    open_case(page, dashboard, "odd")
    for name in ODD:
        with subtests.test(photo=name):
            check_an_odd_photo(page.locator(f".st-key-{name} .player[data-drawn]"), PHOTOS[name])


def check_an_odd_photo(player: Locator, photo: NDArray[np.uint8]) -> None:
    word_of(player, 1).hover()
    expect_chosen(player, 1)
    area = player.locator(".photo").bounding_box()
    assert area["height"] <= 561
    assert area["width"] / area["height"] == pytest.approx(np.clip(photo.shape[1] / photo.shape[0], 0.1, 10), rel=0.03)
    assert min(area["width"], area["height"]) > 50
    light = pixels_of(player.locator(".photo")).mean(axis=2)
    assert light[-3:, -3:].mean() > 0.8 / DARKEST * light[:3, :3].mean()  # the lower right cell


def test_a_caption_without_words_is_a_photo(dashboard: str, page: Page) -> None:
    player = open_case(page, dashboard, "wordless")
    assert np.abs(pixels_of(player.locator(".photo")).astype(int) - PHOTOS["exact"]).max() <= 1
    expect(player.locator(".photo")).to_have_attribute("aria-label", "A photo")
    assert player.get_by_role("button").count() == 0
    assert player.get_by_role("option").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_finger_on_a_phone(scheme: str, dashboard: str, open_page: Callable[..., Page], screenshots: Path) -> None:
    page = open_page(width=390, height=844, colour_scheme=scheme)
    player = open_case(page, dashboard, "cat")
    check_width(page)
    strip = player.locator(".strip")
    inner, outer = strip.evaluate("strip => [strip.scrollWidth, strip.clientWidth]")
    assert inner > outer  # it scrolls by itself, not the page
    word_of(player, 6).click()
    expect_chosen(player, 6)
    page.wait_for_function(
        "strip => strip.scrollLeft + strip.clientWidth >= strip.scrollWidth - 1", arg=strip.element_handle()
    )
    box, edge = strip.locator("button").nth(6).bounding_box(), strip.bounding_box()
    assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 1
    assert all(word.bounding_box()["height"] >= 40 for word in player.get_by_role("option").all())
    page.screenshot(path=screenshots / f"caption-player-phone-{scheme}.png")


def test_the_page_has_it_all_and_hovering_is_silent(dashboard: str, page: Page, screenshots: Path) -> None:
    sent = frames_to(page)
    player = open_captions(page, dashboard)
    assert page.evaluate(NAMELESS) == []
    words = player.get_by_role("option")
    before, count = len(sent), words.count()
    assert count
    for index in range(count):
        words.nth(index).hover()
        expect_chosen(player, index)
    page.wait_for_timeout(300)
    assert len(sent) == before
    page.screenshot(path=screenshots / "captions.png")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("slider", name="Beam width").press("ArrowRight")
    page.wait_for_function("() => new URL(location).searchParams.get('beam') === '4'")
    page.get_by_role("slider", name="Beam width").press("Escape")
    wait_for(page, lambda: len(sent) > before)
    wait_until_idle(page, timeout=PATIENCE)  # the run that draws another caption takes away the file of this one
    for name in ("PNG", "Arrays (NPZ)", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename.startswith("photo-captioner-caption.")


def test_the_page_on_a_narrow_screen(dashboard: str, open_page: Callable[..., Page], screenshots: Path) -> None:
    page = open_page(width=390, height=844, colour_scheme="dark")
    player = open_captions(page, dashboard)
    check_width(page)
    word_of(player, 0).click()
    expect_chosen(player, 0)
    page.screenshot(path=screenshots / "captions-phone.png")
