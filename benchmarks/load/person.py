"""One person at one page: what they do, how long each answer takes, and what goes wrong."""

import io
import random
import time
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Final

from PIL import Image
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page, Response, WebSocket

from explorer.samples import SAMPLES, read_sample
from tests.browser.serving import GLANCE, IDLE

PATIENCE: Final = 300  # seconds for an answer; later ones are errors
GLANCES: Final = 4  # at a page that does nothing, before the next question
OPENING, INTAKE, LAYER, HEATMAP = "first opening", "another picture", "another layer", "a new heatmap"
CAPTION, STRIDE = "a caption", "another stride"
TURN_TO_SALIENCY, TURN_TO_CONVOLUTION = "three heatmaps, turning to Saliency", "a kernel, turning to Convolution"
ALL_AT_ONCE, ASKED_BEFORE = "a layer that all ask for at once", "a layer that someone has just asked for"
EMPTY = "an empty app's answer"
LAYERS: Final = tuple(f"stages.stage{stage}.block2.add" for stage in (2, 3, 4, 5, 6))  # of the default network
SHARED: Final = ("stages.stage5.block3.add", "stages.stage6.block4.add")  # which no walk asks for
METHODS: Final = ("HiResCAM", "XGrad-CAM", "Grad-CAM++")  # other than those that the page begins with
UPLOADER = '[data-testid="stSidebar"] [data-testid="stFileUploader"] input[type="file"]'
WRONG = '[data-testid="stException"], [data-testid="stAlertContentError"]'


@dataclass(frozen=True)
class Reaction:
    """One answer: to what, seconds it took, and when it was asked for (of `time.monotonic`)."""

    what: str
    seconds: float
    when: float


class Person:
    """Asks, waits until the answer is drawn, and keeps how long that took.

    Attributes:
        reactions: every answer that came.
        errors: a sentence for whatever went wrong: no answer, one that is not to the question, an error on the page,
            a picture or file that is not there, a connection lost.
    """

    def __init__(self, number: int, page: Page, address: str, pause: float) -> None:
        self.number, self.page, self.address, self.pause = number, page, address, pause
        self.reactions: list[Reaction] = []
        self.errors: list[str] = []
        self._chance = random.Random(number)
        self._sockets = 0
        self.title = ""  # of the last picture
        page.set_default_timeout(PATIENCE * 1000)
        page.on("websocket", self._count)
        page.on("response", self._check)
        page.on("pageerror", lambda error: self.errors.append(f"JavaScript: {error}"))

    def _count(self, socket: WebSocket) -> None:
        self._sockets += 1
        if self._sockets > 1:
            self.errors.append("The connection was lost, and made anew.")

    def _check(self, response: Response) -> None:
        if "/media/" in response.url and response.status >= 400:
            self.errors.append(f"{response.status} for {response.url}")

    async def attempt(self, steps: Coroutine[object, object, None]) -> None:
        """Do something; whatever goes wrong is kept, and the person goes on."""
        try:
            await steps
            for text in await self.page.locator(WRONG).all_inner_texts():
                self.errors.append(f"The page says: {text}")
        except (PlaywrightError, LookupError) as error:
            self.errors.append(f"{type(error).__name__} in {steps.__name__}: {' '.join(str(error).split())[:300]}")

    async def open_empty(self) -> None:
        """The empty app."""
        await self._ask(OPENING, self.page.goto(self.address), self.page.locator("h1"))

    async def walk_empty(self) -> None:
        """Answers of the empty app, which come from a list as those of Layers do."""
        for choice in self._chance.sample(LAYERS, k=3):
            await self._choose("Layer", choice, EMPTY, self.page.locator(f'h1:has-text("{choice}")'))

    async def open_layers(self) -> None:
        """By a link, as a teacher hands it out."""
        await self._ask(OPENING, self.page.goto(f"{self.address}/layers"), self._grid("for "))

    async def walk_layers(self) -> None:
        """A picture of one's own, and three of its layers."""
        await self._turn_to("Layers", self._grid("for "), "")
        self.title = f"person {self.number}, {len(self.reactions)}.jpg"
        file = {"name": self.title, "mimeType": "image/jpeg", "buffer": take_photo(self.title, self._chance)}
        given = self.page.locator(UPLOADER).first.set_input_files([file])  # type: ignore[list-item]
        await self._ask(INTAKE, given, self._grid(f"for {self.title}"))
        shown = await self.page.get_by_role("combobox", name="Layer").input_value()
        for layer in self._chance.sample([layer for layer in LAYERS if layer != shown], k=3):
            await self._choose_layer(layer, LAYER)

    async def walk_saliency(self) -> None:
        """Three heatmaps of it, and then two others in the place of one."""
        await self._turn_to("Saliency", self._heatmap("Saliency"), TURN_TO_SALIENCY)
        shown = await self.page.get_by_role("combobox", name="Method 1").input_value()
        for method in self._chance.sample([method for method in METHODS if method != shown], k=2):
            await self._choose("Method 1", method, HEATMAP, self._heatmap(method))

    async def walk_captions(self) -> None:
        """A sentence about it."""
        said = self.page.locator(f'.player[data-drawn] canvas[aria-label^="{self.title}."]')
        await self._turn_to("Captions", said, CAPTION)

    async def walk_convolution(self) -> None:
        """A kernel on it, by one step and by two, or back."""
        label = 'canvas[aria-label^="Output of"]'
        shown = self.page.locator(f".microscope[data-drawn] {label}")
        await self._turn_to("Convolution", shown, TURN_TO_CONVOLUTION)
        before = await self.page.locator(label).get_attribute("aria-label")
        # The stride is still that of the last walk: to and fro, for at its end a step more changes nothing.
        stride = await self.page.get_by_role("spinbutton", name="Stride").first.input_value()
        step = self.page.get_by_role("button", name="Increment" if stride == "1" else "Decrement").first
        further = step.evaluate("button => button.click()")
        await self._ask(STRIDE, further, self.page.locator(f'{label}:not([aria-label="{before}"])'))

    async def return_to_sample(self) -> None:
        """The layers of what everyone has."""
        sample = SAMPLES[0].title
        await self._turn_to("Layers", self._grid("for "), "")
        await self._choose("Picture", sample, "", self._grid(f"for {sample}"))
        # Who has that layer already would wait for a drawing that nobody has a reason to make.
        if await self.page.get_by_role("combobox", name="Layer").input_value() != LAYERS[0]:
            await self._choose_layer(LAYERS[0], "")

    async def ask_shared(self, layer: str, what: str) -> None:
        """What someone else asks for too; what is not named is not kept."""
        await self._choose_layer(layer, what)

    def _grid(self, label: str) -> Locator:
        return self.page.locator(f'.grid[data-drawn][aria-label*="{label}"]').first

    def _heatmap(self, method: str) -> Locator:
        return self.page.locator(f'img[alt^="{method} of "][alt*=" on {self.title}"]').first

    async def _choose_layer(self, layer: str, what: str) -> None:
        # The label is of the new grid before that is drawn: what says so of the old one must go first.
        await self.page.locator(".grid").evaluate("grid => { delete grid.dataset.drawn; }")
        await self._choose("Layer", layer, what, self._grid(f"of {layer} for "))

    async def _turn_to(self, page: str, drawn: Locator, what: str) -> None:
        link = self.page.get_by_role("link", name=page, exact=True).first
        await self._ask(what, link.evaluate("link => link.click()"), drawn)

    async def _choose(self, box: str, option: str, what: str, drawn: Locator) -> None:
        """As a person types a name and clicks it; timed from there."""
        field = self.page.get_by_role("combobox", name=box)
        found = self.page.get_by_role("option", name=option, exact=True).first
        await field.click()
        await field.fill(option)
        await found.wait_for()
        await self._ask(what, found.click(), drawn)

    async def _ask(self, what: str, act: Awaitable[object], drawn: Locator) -> None:
        asked = time.monotonic()
        await act
        await drawn.wait_for()
        await drawn.evaluate("drawn => drawn.decode?.()")
        if what:
            self.reactions.append(Reaction(what, time.monotonic() - asked, asked))
        await self.page.evaluate("window.quiet = 0")
        await self.page.wait_for_function(IDLE, arg=GLANCES, polling=1000 * GLANCE)
        if self.pause:
            await self.page.wait_for_timeout(1000 * self._chance.expovariate(1 / self.pause))


def take_photo(title: str, chance: random.Random) -> bytes:
    """A part of a sample that nobody else has, as JPEG."""
    whole = Image.open(io.BytesIO(read_sample(chance.choice(SAMPLES).name))).convert("RGB")
    left, top = chance.randrange(whole.width // 4), chance.randrange(whole.height // 4)
    part = whole.crop((left, top, left + whole.width * 3 // 4, top + whole.height * 3 // 4))
    file = io.BytesIO()
    part.save(file, "JPEG", quality=90, comment=title)  # no two files are equal, whatever was cut out
    return file.getvalue()
