from playwright.sync_api import Page

from tests.browser.watching import follow

NAMES = (
    *("*star*", "__x__", "`c`", "~~s~~", "# head", "- item", "1. one", "2) two", "> q", "***", "+ x", "a | b", "\\*x"),
    *("[a](http://b)", "![a](http://b)", "<http://x.y>", "<b>b</b>", "&amp;", "[^1]", "$x^2$", "$$y$$", "::: note"),
    *("www.a.de", "WWW.a.de", "https://a.de/x_y", "a@b.de", ":smile:", ":+1:", ":material/home:", ":streamlit:"),
    *(":red[x]", ":blue-badge[b]", "a -> b", "a <- b <-> c", "a -- b >= c <= d ~= e"),
)


def test_streamlit_shows_names_as_they_are(dashboard: str, page: Page) -> None:
    follow(page, f"{dashboard}/?only=plain_text_page", f".st-key-button-{len(NAMES) - 1}")
    for place, name in enumerate(NAMES):
        shown = page.locator(f".st-key-name-{place} p")
        texts = [text.replace("\u2060", "") for text in shown.all_inner_texts()]
        assert texts == [name, f"It is {name}.", name, name, name]
        made = page.locator(f".st-key-name-{place}").locator("a, em, code, del, img, h1, li, blockquote, hr, .katex")
        assert made.count() == 0, name
