"""Cards on networks that make pictures: autoencoders, transposed convolutions, GANs."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from explorer.deck.card import Card, Drawn, Experiment
from explorer.operations.convolution import Settings, build


def _draw_bottleneck(numbers: random.Random) -> Drawn:
    pixels, code = numbers.choice((8, 14, 16, 28, 32)) ** 2, numbers.randint(2, 64)
    with torch.device("meta"):
        network = nn.Sequential(nn.Linear(pixels, code), nn.Linear(code, pixels))
    return Drawn(
        f"An autoencoder of two dense layers with biases squeezes {pixels} pixels into {code} numbers. How many "
        "parameters has it?",
        f"**{sum(each.numel() for each in network.parameters()):,}**: ${pixels} \\cdot {code}$ weights and {code} "
        f"biases in the encoder, as many weights and {pixels} biases in the decoder.",
    )


def _draw_stamps(numbers: random.Random) -> Drawn:
    row = [numbers.randint(-3, 4) for _ in range(3)]
    kernel = [numbers.randint(1, 4) for _ in range(numbers.choice((3, 4)))]
    layer = build(Settings(stride=2, transposed=True), np.array([[[kernel]]], np.float32), 1)
    output = layer(torch.tensor([[[row]]], dtype=torch.float32)).flatten().tolist()
    shown = ", ".join(f"{value:g}" for value in output)
    return Drawn(
        f"A transposed convolution in one dimension, without padding: the input is $({', '.join(map(str, row))})$, the "
        f"kernel $({', '.join(map(str, kernel))})$, the stride 2. What is the output?",
        f"**$({shown})$**: stamps begin at every second cell, and where two meet they are added.",
    )


def _draw_generator(numbers: random.Random) -> Drawn:
    believed = numbers.randint(1, 60) / 100
    logit = torch.logit(torch.tensor(believed, dtype=torch.float64)).requires_grad_()
    minimax, other = (
        torch.autograd.grad(loss, logit)[0].item()
        for loss in (functional.logsigmoid(-logit), -functional.logsigmoid(logit))
    )
    return Drawn(
        f"The discriminator takes a generated picture for real with $D = {believed}$. What is the derivative by its "
        r"logit of $\log(1 - D)$, which the generator could minimise, and of $-\log D$?",
        f"**{minimax:.2f}**, which is $-D$, and **{other:.2f}**, which is $D - 1$.",
    )


CARDS: tuple[Card, ...] = (
    Card(
        id=54,
        question="What is an autoencoder for, how is it built, and what is its loss?",
        answer="It learns to give back what it was given, through a bottleneck: an encoder makes a short code of the "
        "picture, a decoder makes the picture of the code. The loss compares both pictures, mostly by the mean squared "
        "error of their pixels, so the code has to hold what is needed to draw the picture again.",
        more_exactly="As compression it loses something, and works only for data like those it has learned from. If "
        "all its layers are linear, no code is better than that of PCA: on scikit-learn's digits with 64 pixels, 8 "
        "numbers then keep at most 67.4 % of the variance. Nonlinear layers may do better.",
        experiment=Experiment(
            page="generators",
            address={"part": "Autoencoder"},
            shows="No linear code of 16 can do better",
            does="Squeeze the photo through more and fewer numbers, move one of them, then train an autoencoder of "
            "each kind and see which gets below the floor.",
        ),
        draw=_draw_bottleneck,
    ),
    Card(
        id=55,
        question="How does a transposed convolution make maps larger? Name two uses.",
        answer="Every cell of the input stamps the kernel, times its value, onto the output; the stride is the "
        "distance between stamps, and where they overlap they are added up. With stride 2 height and width about "
        "double. Decoders need it, which make pictures of short codes (autoencoders) or of noise (GANs), and networks "
        "that name a class for every pixel.",
        more_exactly="Often called deconvolution, but it is no inverse: it brings back the size and not the values. "
        "With kernel 3 and stride 2 cells are met by 1, 2 or 4 weights, the source of checkerboards. With kernel 4 "
        "the counts are even, and still a constant picture can become up to 4 different values.",
        experiment=Experiment(
            page="generators",
            address={"part": "Growing"},
            shows="Even counts are not enough",
            does="See what each layer makes of a picture of ones, take other kernels, then let three decoders learn "
            "the same photo.",
        ),
        draw=_draw_stamps,
    ),
    Card(
        id=68,
        question="What is a GAN, and how does it work?",
        answer="Two networks that train against each other. The generator makes pictures of random numbers; the "
        "discriminator gets real and made ones and says for each how probably it is real. The one learns to tell them "
        "apart, the other to be taken for real, by the gradient that comes back through the discriminator.",
        more_exactly=r"They take turns. Minimising $\log(1 - D)$ teaches the generator hardly anything while it is "
        r"bad: at $D = 0.01$ the derivative by the logit is $-0.01$, that of $-\log D$ is $-0.99$, so the second is "
        "used. At best made pictures are spread like real ones, and $D = 1/2$ everywhere; but a discriminator that "
        "says so proves nothing, it may have been left behind.",
        experiment=Experiment(
            page="generators",
            address={"part": "GAN in the plane"},
            shows="the best there could be",
            does="See what the generator covers after a thousand rounds, then give it five steps to its "
            "opponent's one: the discriminator then finds nothing wrong.",
        ),
        draw=_draw_generator,
    ),
    Card(
        id=69,
        question="What can GANs be used for?",
        answer="To make new members of a data set, such as faces. To turn one kind of picture into another: a horse "
        "into a zebra, a sketch into a photo, a photo into a painter's manner. To enlarge pictures or fill in what is "
        "missing.",
        more_exactly="Deepfakes are often named here, but they began with autoencoders. And for making pictures "
        "diffusion models have mostly taken over; a GAN still needs one pass where they need many. Whether it makes "
        "new pictures or gives back those it has learned is a question for numbers: how near training pictures come to "
        "made ones, and how near to real ones that were held out.",
        experiment=Experiment(
            page="generators",
            address={"part": "Latent walk"},
            shows="What GANs are used for",
            does="See digits that nobody wrote beside the training digits nearest to them, then drag z and invert a "
            "digit of your own.",
        ),
    ),
)
