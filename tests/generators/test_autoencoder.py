"""Codes of a photo's patches: the floor of linear ones, what training reaches, other photos, noise, bytes."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explorer.generators.autoencoder.coder import round_to_bytes
from explorer.generators.autoencoder.file_size import file_code, file_jpeg
from explorer.generators.autoencoder.noise import add_noise, choose_size, expect_errors
from explorer.generators.autoencoder.patches import Patches, PatchesRejected, cut, measure_error
from explorer.generators.autoencoder.principal import find_principal
from explorer.generators.autoencoder.training import Recipe, train_in_slices
from explorer.slices import finish


@pytest.fixture(scope="module")
def patches(photo: Image.Image) -> Patches:
    return cut(photo.resize((80, 64)))


def test_patches_are_the_photo_piece_by_piece(photo: Image.Image) -> None:
    found = cut(photo.resize((85, 66)))
    assert (found.rows, found.columns) == (8, 10)
    pixels = np.asarray(photo.resize((85, 66)))[:64, :80]
    np.testing.assert_array_equal(found.join(found.values), pixels)
    np.testing.assert_allclose(found.values[13].reshape(8, 8, 3), pixels[8:16, 24:32] / 255)
    assert max(cut(photo).join(cut(photo).values).shape) == 256


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (Image.new("RGB", (63, 64)), "give 56 patches"),
        (Image.new("RGB", (2000, 9)), "give 0 patches"),
        (Image.new("RGB", (64, 64), (9, 9, 9)), "nothing to encode"),
    ],
)
def test_what_has_nothing_to_learn_from_is_said(image: Image.Image, said: str) -> None:
    with pytest.raises(PatchesRejected, match=said):
        cut(image)


def test_the_floor_is_what_the_covariances_smallest_eigenvalues_add_up_to(patches: Patches) -> None:
    principal = find_principal(patches)
    eigenvalues = np.linalg.eigvalsh(np.cov(patches.values.T, bias=True))[::-1]
    np.testing.assert_allclose(principal.floors, [eigenvalues[k:].sum() / 192 for k in range(193)], atol=1e-15)
    for size in (1, 16, 79, 192):
        made = principal.coder(size).run(patches.values)
        assert measure_error(made, patches.values) == pytest.approx(principal.floors[size], abs=1e-16)
    assert principal.rank == np.linalg.matrix_rank(patches.values - patches.values.mean(axis=0))
    np.testing.assert_allclose(principal.directions @ principal.directions.T, np.eye(192), atol=1e-12)


def test_no_linear_code_passes_the_floor_and_alternating_least_squares_reaches_it(patches: Patches) -> None:
    size, centred = 5, patches.values - patches.values.mean(axis=0)
    floor = find_principal(patches).floors[size]
    codes = centred @ np.random.default_rng(1).normal(size=(192, size))
    errors = []
    for _ in range(60):
        decoder = np.linalg.lstsq(codes, centred, rcond=None)[0]
        codes = centred @ np.linalg.pinv(decoder)
        errors.append(measure_error(codes @ decoder, centred))
    assert min(errors) >= floor - 1e-15
    assert errors[-1] == pytest.approx(floor, rel=1e-3)


def test_training_is_pytorchs_and_the_linear_one_stays_above_the_floor(patches: Patches) -> None:
    recipe = Recipe("linear", 4, 60, seed=3)
    trained = finish(train_in_slices(patches, recipe))
    mean, spread = patches.values.mean(axis=0), float(patches.values.std())
    x = torch.from_numpy((patches.values - mean) / spread).float()
    network, generator = nn.Sequential(nn.Linear(192, 4), nn.Linear(4, 192)), torch.Generator().manual_seed(3)
    for layer in network:
        nn.init.xavier_uniform_(layer.weight, generator=generator)
        nn.init.zeros_(layer.bias)
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for step in range(60):
        optimiser.param_groups[0]["lr"] = 0.005 * (1 + np.cos(np.pi * step / 60))
        batch = x[torch.randint(len(x), (128,), generator=generator)]
        loss = ((network(batch) - batch) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        made = network.double()(x.double()).numpy() * spread + mean
    assert trained.run.error == pytest.approx(((made - patches.values) ** 2).mean(), rel=1e-4)
    assert abs(trained.run.error - trained.run.by_torch) < 1e-15
    assert trained.run.errors[0] > trained.run.error > find_principal(patches).floors[4]


def test_an_mlp_may_pass_the_floor_and_its_numbers_are_pytorchs(patches: Patches) -> None:
    trained = finish(train_in_slices(patches, Recipe("mlp", 2, 150)))
    assert trained.run.error < find_principal(patches).floors[2]
    layers = [nn.Linear(*weight.shape[::-1]).double() for weight, _ in trained.layers]
    for layer, (weight, bias) in zip(layers, trained.layers, strict=True):
        layer.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    x = torch.from_numpy((patches.values - trained.mean) / trained.spread)
    with torch.no_grad():
        code = layers[1](layers[0](x).relu())
        made = layers[3](layers[2](code).relu()) * trained.spread + torch.from_numpy(trained.mean)
    coder = trained.coder
    np.testing.assert_allclose(coder.encode(patches.values), code, atol=1e-12)
    np.testing.assert_allclose(coder.run(patches.values), made, atol=1e-12)


def test_the_error_of_other_patches_is_that_of_the_code(patches: Patches) -> None:
    principal = find_principal(patches)
    other = np.random.default_rng(0).random((50, 192))
    errors = principal.errors_of(other)
    for size in (0, 7, 100):
        basis = principal.directions[:size].T
        centred = other - principal.mean
        left = centred - centred @ basis @ np.linalg.pinv(basis) if size else centred
        assert errors[size] == pytest.approx((left**2).mean())
    assert errors[192] < 1e-12


def test_noise_passes_in_proportion_to_the_code(patches: Patches) -> None:
    principal, sigma = find_principal(patches), 0.2
    expected = expect_errors(principal, sigma)
    coder = principal.coder(12)
    drawn = [measure_error(coder.run(add_noise(patches.values, sigma, seed)), patches.values) for seed in range(20)]
    assert np.mean(drawn) == pytest.approx(expected[12], rel=0.02)
    assert choose_size(principal, sigma) == expected.argmin()


def test_bytes_are_counted_and_drawn_from(patches: Patches) -> None:
    rows = np.array([[0.0, 0.3, 1.0], [5.0, 5.0, 5.0]])
    np.testing.assert_allclose(round_to_bytes(rows), [[0.0, np.rint(0.3 * 255) / 255, 1.0], [5.0, 5.0, 5.0]])
    coder = find_principal(patches).coder(3)
    filed = file_code(patches, coder)
    # A byte for each number of the codes, the decoder's weights and its bias; two float32 for each range.
    assert filed.size == 80 * 3 + 8 * 3 + 192 * 3 + 192 + 8 * (192 + 1)
    assert filed.error >= find_principal(patches).floors[3]
    assert filed.error == pytest.approx(find_principal(patches).floors[3], rel=0.05)


def test_the_jpeg_is_the_best_that_fits(patches: Patches) -> None:
    photo = Image.fromarray(patches.join(patches.values))

    def write(quality: int) -> bytes:
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", quality=quality, optimize=True)
        return buffer.getvalue()

    jpeg = file_jpeg(patches, 2000)
    assert jpeg.size == len(write(jpeg.quality)) <= 2000 < len(write(jpeg.quality + 1))
    again = np.asarray(Image.open(io.BytesIO(write(jpeg.quality))), float)
    assert jpeg.error == pytest.approx(((again - np.asarray(photo)) ** 2).mean() / 255**2)
    assert file_jpeg(patches, 10).quality == 1
