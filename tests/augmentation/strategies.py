"""Steps and pipelines drawn by hypothesis, and the program that a pipeline leaves as."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from PIL import Image

from explorer.augmentation import CATALOGUE, Parameter, Pipeline, PipelineRejected, Step, Value


def numbers(parameter: Parameter) -> st.SearchStrategy[float]:
    if parameter.whole:
        most = int((parameter.high - parameter.low) // parameter.step)
        return st.integers(0, most).map(lambda count: int(parameter.low + count * parameter.step))
    return st.floats(parameter.low, parameter.high)


def values(parameter: Parameter) -> st.SearchStrategy[Value]:
    each = numbers(parameter)
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "number": each,
        "integer": each,
        "range": st.tuples(each, each).map(lambda pair: tuple(sorted(pair))),
        "pair": st.tuples(each, each),
        "choice": st.sampled_from(parameter.choices or ("",)),
        "switch": st.booleans(),
        "colour": st.tuples(each, each, each),
    }
    chosen = by_kind[parameter.kind]
    return st.none() | chosen if parameter.optional else chosen


@st.composite
def steps(draw: st.DrawFn, names: tuple[str, ...] = tuple(CATALOGUE)) -> Step:
    """Any step with any values its controls allow; those that do not go together are drawn again."""
    known = CATALOGUE[draw(st.sampled_from(names))]
    parameters = {each.name: draw(values(each)) for each in known.parameters}
    try:
        return Step(known.name, parameters, draw(st.floats(0, 1)))
    except PipelineRejected:
        return Step(known.name)


def pipelines(most: int = 4) -> st.SearchStrategy[Pipeline]:
    return st.lists(steps(), max_size=most).map(lambda drawn: Pipeline(tuple(drawn)))


def run_program(pipeline: Pipeline, image: Image.Image, seed: int) -> Image.Image:
    """What torchvision alone makes of a picture, by the program that the pipeline leaves as."""
    names: dict[str, Any] = {"image": image}
    exec(pipeline.to_python(seed, opening=(), imports=()), names)
    return names["drawn"]


def attempt(call: Callable[[], Any]) -> Any:
    """What a call gives, or the sentence with which it is refused; no other error passes."""
    try:
        return call()
    except PipelineRejected as refusal:
        return str(refusal)


def is_one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text
