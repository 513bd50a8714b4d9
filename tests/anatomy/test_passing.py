"""`pass_through`: one layer's output led through a function, in batches and with gradients."""

import pytest
import torch

from explorer.anatomy import Edit, LayerUnknown, pass_through, record, summarize_layers

from .networks import make_input, open_any
from .test_concurrency import assert_untouched

NAMES = ["tiny_vgg", "resnet18", "densenet121", "googlenet", "mobilenet_v3_small"]


@pytest.mark.parametrize("name", NAMES)
def test_the_function_sees_the_layer_and_the_network_its_result(name: str) -> None:
    model, x = open_any(name), make_input(name)
    layers = summarize_layers(model, x)
    for facts in [*layers[1 : -2 : max(1, len(layers) // 12)], layers[-2]]:
        seen: list[torch.Tensor] = []

        def halve(output: torch.Tensor, seen: list[torch.Tensor] = seen) -> torch.Tensor:
            seen.append(output.clone())
            return output * 0.5

        with torch.inference_mode():
            logits = pass_through(model, x, facts.name, halve)
        recording = record(model, x, [facts.name])
        assert len(seen) == 1
        assert torch.equal(seen[0][0], recording[facts.name].output)
        torch.testing.assert_close(logits[0], record(model, x, [], [Edit(facts.name, 0.5)]).logits)
    assert_untouched(model)


def test_batches_and_gradients() -> None:
    model = open_any("resnet18")
    x = torch.randn(3, 3, 64, 64)
    found: list[torch.Tensor] = []

    def start_here(output: torch.Tensor) -> torch.Tensor:
        found.append(output.detach().requires_grad_())
        return found[-1].clone()  # what follows adds in place

    logits = pass_through(model, x, "layer2.0.bn2", start_here)
    assert found[0].shape == (3, 128, 8, 8)
    torch.testing.assert_close(logits, model.network(x), rtol=1e-4, atol=1e-5)
    (gradient,) = torch.autograd.grad(logits[1, 7], found[0])
    assert gradient[1].abs().sum() > 0
    assert not gradient[[0, 2]].any()
    assert_untouched(model)


def test_unknown_layers() -> None:
    model = open_any("tiny_vgg")
    with pytest.raises(LayerUnknown, match="nothing"):
        pass_through(model, make_input("tiny_vgg"), "nothing", lambda output: output)
