"""Sample photographs, so that every page shows something before a person has uploaded anything.

The files come with scikit-image and scikit-learn and are read from where those are installed, without importing
either: both take seconds. Only photographs inside the packages are listed, none that would be downloaded first.
Turning the bytes into a picture is the business of `explorer.images`.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """A photograph: its name in links and code, its title for people, and whom to thank for it."""

    name: str
    title: str
    credit: str


# Credits as the packages give them: the docstrings of skimage.data, and sklearn/datasets/images/README.txt (whose
# text names one photographer for both pictures, but links the flower to vultilion's page).
SAMPLES: tuple[Sample, ...] = (
    Sample("cat", "Chelsea the cat", "Photo: Stéfan van der Walt, CC0, from scikit-image"),
    Sample(
        "coffee", "A cup of coffee", "Photo: Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0, from scikit-image"
    ),
    Sample("astronaut", "Eileen Collins, astronaut", "Photo: NASA, public domain, from scikit-image"),
    Sample("rocket", "A Falcon 9 taking off", "Photo: SpaceX, public domain, from scikit-image"),
    Sample("temple", "A temple in China", "Photo: danielbuechele on Flickr, CC BY 2.0, from scikit-learn"),
    Sample("flower", "A flower", "Photo: vultilion on Flickr, CC BY 2.0, from scikit-learn"),
)

_FILES = {  # name -> top-level package, path inside it
    "cat": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "astronaut": ("skimage", "data/astronaut.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "temple": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
}


def read_sample(name: str) -> bytes:
    """Read a sample's file, as if a person had uploaded it.

    Raises:
        KeyError: no sample has this name.
        FileNotFoundError: the package that brings it is not installed.
    """
    package, path = _FILES[name]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"The sample {name!r} comes with {package}, which is not installed.")
    return (Path(spec.origin).parent / path).read_bytes()
