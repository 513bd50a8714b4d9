from math import acos

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer.generators.latent.by_hand import fold, run_by_hand
from explorer.generators.latent.inversion import RATE, STARTS, STEPS, invert_in_slices
from explorer.generators.latent.judging import judge
from explorer.generators.latent.nearest import find_nearest, find_nearest_to_held_out
from explorer.generators.latent.networks import LATENT, build_discriminator, build_generator, draw_latent, load_gan
from explorer.generators.latent.walking import find_directions, walk
from explorer.neurons.digits import load_digits
from explorer.zoo.catalogue import MODELS
from explorer.zoo.weights import WeightsRejected
from tests.slices import gather

seeds = st.integers(0, 2**31)


def draw_players(seed: int) -> tuple[nn.Sequential, nn.Sequential]:
    """In float64, with batch statistics, factors and shifts that training could have left."""
    torch.manual_seed(seed)
    players = build_generator().double(), build_discriminator().double()
    for norm in (each for player in players for each in player if isinstance(each, nn.BatchNorm2d)):
        for numbers in (norm.running_mean, norm.weight.data, norm.bias.data):
            numbers.normal_()
        norm.running_var.uniform_(0.1, 3)
    return players[0].eval().requires_grad_(False), players[1].eval().requires_grad_(False)


@given(seeds)
@settings(max_examples=4)
def test_both_players_by_hand_are_pytorchs(seed: int) -> None:
    generator, discriminator = draw_players(seed)
    z = draw_latent(3, seed).double()
    made = generator(z)
    by_hand = run_by_hand(fold(generator), z.numpy()[:, :, None, None])
    np.testing.assert_allclose(by_hand, made.numpy(), atol=1e-12)
    logits = run_by_hand(fold(discriminator), made.numpy())
    assert logits.shape == (3, 1, 1, 1)
    np.testing.assert_allclose(logits.ravel(), discriminator(made).numpy(), atol=1e-12)


def test_a_layer_that_no_player_has_is_refused() -> None:
    with pytest.raises(TypeError, match="MaxPool2d"):
        fold(nn.Sequential(nn.Conv2d(1, 1, 2), nn.MaxPool2d(2)))


def test_z_is_what_a_program_would_draw() -> None:
    torch.manual_seed(7)
    torch.testing.assert_close(draw_latent(5, 7), torch.randn(5, LATENT), rtol=0, atol=0)


def test_the_nearest_digit_is_that_of_a_search_one_by_one() -> None:
    data = load_digits()
    pictures = np.concatenate([np.random.default_rng(0).random((4, 8, 8)), data.images[data.training[[3, 900]]]])
    found = find_nearest(pictures)
    for picture, place, distance in zip(pictures, found.places, found.distances, strict=True):
        each = [float(np.sqrt(((picture - data.images[known]) ** 2).sum())) for known in data.training]
        assert distance == pytest.approx(min(each), abs=1e-12)
        assert place == data.training[int(np.argmin(each))]
    assert found.distances[4:].tolist() == [0, 0]  # a training digit is learned by heart
    honest = find_nearest_to_held_out()
    assert len(honest.distances) == 450
    assert set(honest.places) <= set(data.training)
    assert honest.distances.min() > 0


vectors = st.lists(st.floats(-3, 3), min_size=LATENT, max_size=LATENT).map(np.array)


@given(vectors, vectors)
def test_a_walk_along_the_sphere_turns_evenly(begin: np.ndarray, end: np.ndarray) -> None:
    shares = np.linspace(0, 1, 7)
    straight = walk(begin, end, shares, "straight")
    np.testing.assert_allclose(straight, [begin + share * (end - begin) for share in shares], atol=1e-12)
    turned = walk(begin, end, shares, "sphere")
    np.testing.assert_allclose(turned[[0, -1]], [begin, end], atol=1e-7)
    lengths = np.linalg.norm(turned, axis=1)
    norms = np.linalg.norm(begin), np.linalg.norm(end)
    if min(norms) < 1e-3 or abs(begin @ end) / (norms[0] * norms[1]) > 0.999:
        return  # no angle worth the name: the way is straight
    np.testing.assert_allclose(lengths, np.linspace(*norms, 7), rtol=1e-7)
    cosines = [a @ b / (p * q) for a, b, p, q in zip(turned, turned[1:], lengths, lengths[1:], strict=False)]
    whole = acos(begin @ end / (norms[0] * norms[1]))
    np.testing.assert_allclose(np.arccos(np.clip(cosines, -1, 1)), whole / 6, atol=1e-6)


def test_a_walk_without_an_angle_is_straight() -> None:
    z = np.arange(LATENT, dtype=float)
    for end in (np.zeros(LATENT), 2 * z, -z):
        half = np.array([0.5])
        np.testing.assert_array_equal(walk(z, end, half, "sphere"), walk(z, end, half, "straight"))


def test_directions_are_those_that_the_first_layer_answers_to() -> None:
    generator, _ = draw_players(3)
    directions = find_directions(generator)
    np.testing.assert_allclose(directions @ directions.T, np.eye(LATENT), atol=1e-12)
    first, norm = generator[1], generator[2]
    still = norm(first(torch.zeros(1, LATENT, 1, 1).double()))
    answers = norm(first(torch.from_numpy(directions.copy())[:, :, None, None])) - still
    sizes = answers.flatten(1).norm(dim=1)
    columns = torch.eye(LATENT).double()[:, :, None, None]
    values = torch.linalg.svdvals((norm(first(columns)) - still).flatten(1))
    torch.testing.assert_close(sizes, values)  # from the largest on


def test_inversion_takes_adams_steps_down_the_distance() -> None:
    generator, _ = draw_players(5)
    generator.float()
    images = load_digits().images[:2]
    found = gather(invert_in_slices(generator, images, seed=4))[1]
    assert found.distances.shape == (2, STARTS, STEPS + 1)
    z = draw_latent(STARTS, 4)
    assert (found.distances[:, :, -1].min(axis=1) < found.distances[:, :, 0].min(axis=1)).all()
    made = generator(torch.from_numpy(found.latents).flatten(0, 1))[:, 0].unflatten(0, (2, STARTS)).numpy()
    np.testing.assert_allclose(found.pictures, made, atol=1e-6)
    apart = np.sqrt(((made - images[:, None]) ** 2).sum(axis=(2, 3)))
    np.testing.assert_allclose(found.distances[:, :, -1], apart, rtol=1e-5)
    np.testing.assert_array_equal(found.nearest, found.distances[:, :, -1].min(axis=1))
    assert found.best.tolist() == [int(row.argmin()) for row in found.distances[:, :, -1]]

    # Adam's first step is the rate along the sign of the gradient, which sums by hand give by finite differences.
    layers = fold(generator.double())

    def square(latent: np.ndarray) -> float:
        return float(((run_by_hand(layers, latent[None, :, None, None])[0, 0] - images[0]) ** 2).sum())

    start, h = z[0].double().numpy(), 1e-6
    slopes = np.array([(square(start + h * axis) - square(start - h * axis)) / (2 * h) for axis in np.eye(LATENT)])
    after = np.sqrt(square(start - RATE * np.sign(slopes)))
    assert found.distances[0, 0, :2] == pytest.approx([np.sqrt(square(start)), after], rel=1e-4)


def test_a_judge_names_what_it_is_sure_of() -> None:
    logits = torch.tensor([[9.0, 0, 0, 0], [0, 9, 0, 0], [0, 9, 0, 0], [1, 0, 0, 1.5]])
    judgement = judge(nn.Identity(), logits)
    assert judgement.named == 0.75
    assert judgement.classes[:4] == (0.25, 0.5, 0, 0.25)
    assert judgement.entropy == 1.5


def test_the_shipped_gan_is_the_one_of_its_card() -> None:
    gan = load_gan()
    for name in ("generator", "discriminator"):
        assert sum(each.numel() for each in getattr(gan, name).parameters()) == gan.card["parameters"][name]
    assert sum(path.stat().st_size for path in (MODELS / "digit-gan").iterdir()) < 450_000
    assert gan.card["training"]["command"] == "python -m explorer.training.digit_gan"
    assert gan.card["training"]["seconds"] < 600


def test_another_file_is_not_opened(tmp_path) -> None:
    (tmp_path / "card.json").write_text('{"sha256": "0"}')
    (tmp_path / "weights.safetensors").write_bytes((MODELS / "digit-gan" / "weights.safetensors").read_bytes())
    with pytest.raises(WeightsRejected, match="not the file whose sha256"):
        load_gan(tmp_path)
