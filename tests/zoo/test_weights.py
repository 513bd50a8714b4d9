"""A person's own weights: what fits, what does not, and what is never opened."""

import json
import re
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor
from torchvision import models

from explorer.zoo import WeightsMismatch, WeightsRejected, WeightsWrapped, load_model, random_model
from explorer.zoo.loading import _builder
from explorer.zoo.weights import ShapesOnly, fit_weights, fits, read_classes, read_weights, unwrap

from .making import as_bytes, as_torch_file

FAMILIES = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "resnet18",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "vgg11_bn",
    "wide_resnet50_2",
    "tiny-vgg",
    "mini-resnet",
    "photo-net",
]


def state_of(name: str, num_classes: int) -> dict[str, Tensor]:
    return random_model(name, num_classes, seed=1).network.state_dict()


@pytest.mark.parametrize("name", ["squeezenet1_1", "mini-resnet", "mnasnet0_5"])
def test_seven_classes_go_round(name: str, own_models: Path) -> None:
    state = state_of(name, 7)
    model = load_model(name, device="cpu", weights=as_bytes(state))
    assert model.classes == tuple(f"class {index}" for index in range(7))
    x = torch.randn(1, 3, 64, 64)
    expected = random_model(name, 7, seed=1).network(x)
    assert torch.equal(model.network(x), expected)
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    assert "own weights" in model.title
    assert "accuracy" not in model.card  # what was measured was measured on other weights


@pytest.mark.parametrize("num_classes", [1, 7, 1001])
@pytest.mark.parametrize("name", FAMILIES)
def test_the_class_count_is_read_off_the_head(name: str, num_classes: int) -> None:
    with ShapesOnly():  # weights without memory, which nobody draws
        state = _builder(name)(num_classes).state_dict()
        usual = 10 if "-" in name else 1000
        network, count = fit_weights(name, _builder(name), usual, state)
    assert count == num_classes
    assert {key: value.shape for key, value in network.state_dict().items()} == {k: v.shape for k, v in state.items()}


def test_half_precision_becomes_single() -> None:
    state = {key: value.half() for key, value in state_of("squeezenet1_1", 4).items()}
    model = load_model("squeezenet1_1", device="cpu", weights=as_bytes(state))
    for key, value in model.network.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, state[key].float())


def test_counters_of_batches_may_be_missing() -> None:
    state = {key: value for key, value in state_of("mobilenet_v3_small", 5).items() if "num_batches" not in key}
    assert len(load_model("mobilenet_v3_small", device="cpu", weights=as_bytes(state)).classes) == 5


def test_names_of_classes_come_from_the_metadata() -> None:
    names = ["ant", "bee", "Käfer"]
    data = as_bytes(state_of("squeezenet1_1", 3), {"classes": json.dumps(names)})
    assert load_model("squeezenet1_1", device="cpu", weights=data).classes == tuple(names)


@pytest.mark.parametrize(
    "classes",
    [
        '["ant", "bee"]',
        '["a", "b", "c", "d"]',
        "ant, bee, wasp",
        "",
        "3",
        '"abc"',  # whose letters are three
        '{"ant": 1, "bee": 2, "wasp": 3}',  # whose keys are three
        '["ant", 2, "wasp"]',
        '["ant", null, "wasp"]',
        '["ant", ["bee"], "wasp"]',
        '["ant", "", "wasp"]',
        '["ant", " \\u200b", "wasp"]',
        '["ant", "two\\nlines", "wasp"]',
        '["ant", "\\u202eeeb", "wasp"]',
        '["ant", "\\ud800", "wasp"]',
        json.dumps(["ant", "b" * 201, "wasp"]),
        "[" * 100_000,
        "[" + "1" * 5000 + "]",
    ],
)
def test_bad_names_of_classes_are_refused(classes: str) -> None:
    with pytest.raises(WeightsRejected, match=r"^The .*class[^\n]*\.$"):
        read_classes(classes, 3)


def test_refused_names_of_classes_refuse_the_file() -> None:
    data = as_bytes(state_of("squeezenet1_1", 3), {"classes": '{"a": 1, "b": 2, "c": 3}'})
    with pytest.raises(WeightsRejected, match="not a JSON list of texts"):
        load_model("squeezenet1_1", device="cpu", weights=data)


def test_googlenet_opens_as_torchvision_saves_it() -> None:
    """With the heads of its training, which a network of torchvision's own that has loaded them does not use."""
    saved = models.googlenet(weights=None, num_classes=5, init_weights=False, transform_input=True)
    assert {"aux1", "aux2"} < {key.split(".")[0] for key in saved.state_dict()}
    model = load_model("googlenet", device="cpu", weights=as_bytes(saved.state_dict()))
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(model.network(x), saved.eval()(x))
    assert len(model.classes) == 5


def test_inception_fits_as_torchvision_saves_it() -> None:
    with torch.device("meta"):
        state = models.inception_v3(weights=None, num_classes=5, init_weights=False).state_dict()
    assert "AuxLogits.fc.weight" in state
    assert fits(_builder("inception_v3"), 1000, state)


@pytest.mark.parametrize("kind", [torch.int8, torch.bool, torch.complex64])
def test_only_floating_point_numbers_are_weights(kind: torch.dtype) -> None:
    state = state_of("squeezenet1_1", 3)
    state["features.0.weight"] = state["features.0.weight"].to(kind)
    with pytest.raises(WeightsRejected, match=rf"features\.0\.weight is {str(kind)[6:]} in this file"):
        load_model("squeezenet1_1", device="cpu", weights=as_bytes(state))


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small"])
def test_a_head_of_no_classes_is_refused(name: str) -> None:
    with torch.no_grad():
        state = _builder(name)(0).state_dict()
    with pytest.raises(WeightsRejected, match="has 0 outputs"):
        load_model(name, device="cpu", weights=as_bytes(state))


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "model.", "state_dict.", "module._orig_mod.", "state_dict.model.module."]
)
def test_a_wrapper_is_named_and_taken_away(prefix: str) -> None:
    state = state_of("squeezenet1_1", 3)
    wrapped = {prefix + key: value for key, value in state.items()}
    data = as_bytes({**wrapped, "epoch": torch.tensor(3)}, {"classes": '["a", "b", "c"]'})
    with pytest.raises(WeightsWrapped) as caught:
        load_model("squeezenet1_1", device="cpu", weights=data)
    assert caught.value.prefix == prefix
    first = min(state)
    assert f"{prefix}{first} becomes {first}, and so for all {len(state)}; 1 others are left out (epoch)." in str(
        caught.value
    )
    model = load_model("squeezenet1_1", device="cpu", weights=unwrap(data, prefix))
    assert model.classes == ("a", "b", "c")
    assert all(torch.equal(value, state[key]) for key, value in model.network.state_dict().items())


def test_what_real_wrappers_write_is_known() -> None:
    network = random_model("squeezenet1_1", 3).network
    averaged = torch.optim.swa_utils.AveragedModel(network)
    for wrapper in (torch.nn.DataParallel(network), averaged):
        with pytest.raises(WeightsWrapped):
            load_model("squeezenet1_1", device="cpu", weights=as_bytes(wrapper.state_dict()))


def test_a_wrapper_of_another_architecture_offers_nothing() -> None:
    wrapped = {f"module.{key}": value for key, value in state_of("mnasnet0_5", 3).items()}
    with pytest.raises(WeightsMismatch):
        load_model("squeezenet1_1", device="cpu", weights=as_bytes(wrapped))


def test_a_thousand_unnamed_classes_are_imagenets() -> None:
    model = load_model("squeezenet1_1", device="cpu", weights=as_bytes(state_of("squeezenet1_1", 1000)))
    assert model.classes[281] == "tabby"


def test_every_mismatch_is_counted_and_the_first_ten_are_named() -> None:
    state = state_of("squeezenet1_1", 5)
    keys = sorted(state)
    gone, bent = keys[:12], keys[20:31]
    for key in gone:
        del state[key]
    for key in bent:
        state[key] = state[key][..., None].expand(*state[key].shape, 2).contiguous()
    state["extra.weight"] = torch.zeros(3)
    with pytest.raises(WeightsMismatch) as caught:
        load_model("squeezenet1_1", device="cpu", weights=as_bytes(state))
    error, message = caught.value, str(caught.value)
    assert error.missing == gone
    assert error.unexpected == ["extra.weight"]
    assert len(error.misshapen) == 11
    assert "squeezenet1_1" in message
    assert f"12 missing ({', '.join(gone[:10])}, ...)" in message
    assert gone[10] not in message
    assert "1 unexpected (extra.weight)" in message
    assert "11 misshapen (" in message
    first = error.misshapen[0]
    key = first.split(":")[0]
    shape = tuple(state[key].shape)
    assert first == f"{key}: file {shape}, network {shape[:-1]}"
    assert sum(item in message for item in error.misshapen) == 10


def test_another_architecture_is_told_apart() -> None:
    state = state_of("mnasnet0_5", 10)
    with pytest.raises(WeightsMismatch, match="do not fit squeezenet1_1") as caught:
        load_model("squeezenet1_1", device="cpu", weights=as_bytes(state))
    wanted = random_model("squeezenet1_1").network.state_dict()
    assert caught.value.missing == sorted(wanted.keys() - state.keys())
    assert caught.value.unexpected == sorted(state.keys() - wanted.keys())
    assert caught.value.misshapen == ["classifier.1.weight: file (10, 1280), network (10, 512, 1, 1)"]


@pytest.mark.parametrize("shape", [(), (5,), (0, 512, 1, 1), (5, 3)])
def test_a_head_of_no_sense_is_a_mismatch(shape: tuple[int, ...]) -> None:
    state = state_of("squeezenet1_1", 5)
    state["classifier.1.weight"] = torch.zeros(shape)
    with pytest.raises(WeightsRejected):
        load_model("squeezenet1_1", device="cpu", weights=as_bytes(state))


@pytest.mark.parametrize("legacy", [False, True])
def test_pickles_are_refused_and_the_advice_works(
    legacy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = state_of("squeezenet1_1", 6)
    data = as_torch_file(state, legacy)
    with pytest.raises(WeightsRejected, match="pickle") as caught:
        load_model("squeezenet1_1", device="cpu", weights=data)
    (tmp_path / "weights.pth").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    advice = re.search(r"safetensors\.torch\.save_file\(.*'\)", str(caught.value))
    assert advice
    exec(advice[0].replace("PATH", "'weights.pth'"), {"safetensors": safetensors, "torch": torch})
    converted = Path("weights.safetensors").read_bytes()
    assert len(load_model("squeezenet1_1", device="cpu", weights=converted).classes) == 6


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise AssertionError('the pickle was opened')",))


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickle_is_never_opened(protocol: int) -> None:
    import pickle

    with pytest.raises(WeightsRejected, match="pickle"):
        read_weights(pickle.dumps({"weight": Bomb()}, protocol))


def test_a_safetensors_file_that_begins_like_a_pickle() -> None:
    """Its first eight bytes are a length: 640 = 0x0280 reads as the start of a pickle, 19,280 = 0x4b50 as a zip's."""
    for start in (b"\x80\x02", b"\x80\x04", b"PK"):
        for length in range(20_000):
            metadata = {"classes": json.dumps(["a", "b"]), "note": "x" * length}
            header = json.dumps({"__metadata__": metadata}).encode()
            if abs(len(header) - int.from_bytes(start, "little")) > 200:
                continue
            data = as_bytes({"weight": torch.arange(3.0)}, metadata)
            if data.startswith(start):
                break
        else:
            pytest.fail("no length gave this start")
        tensors, read = read_weights(data)
        assert torch.equal(tensors["weight"], torch.arange(3.0))
        assert read == metadata


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"PK",
        b"hello, these are no weights",
        b"\xff" * 64,
        b"\x08" + b"\x00" * 7 + b"[1,2,3] ",
        b"\x02" + b"\x00" * 7 + b"{}trailing",
        b"\x89HDF\r\n\x1a\n" + b"\x00" * 100,
    ],
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(WeightsRejected):
        read_weights(data)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused(share: float) -> None:
    data = as_bytes(state_of("squeezenet1_1", 4))
    with pytest.raises(WeightsRejected, match="whole safetensors"):
        load_model("squeezenet1_1", device="cpu", weights=data[: int(len(data) * share)])
