"""Cards on augmentation and transfer learning."""

from __future__ import annotations

from explorer.deck.card import Card, Experiment

CARDS: tuple[Card, ...] = (
    Card(
        id=50,
        question="What are good ways to augment a set of pictures, and why is that worth while?",
        answer="Crops and zooms, shifts, mirror images, small rotations, other light, contrast and colours, noise, "
        "erased patches, mixtures of two pictures. The network meets every object in many sizes, places and lights, "
        "learns what these have in common, and overfits less.",
        more_exactly="Only changes that keep the label help: turned upside down, a six is a nine. The versions are "
        "drawn anew each time and not stored; they are no substitute for new pictures. Test pictures stay as they are.",
        experiment=Experiment(
            page="augmentation",
            address={"part": "Pipeline"},
            shows="draws, steps took place in",
            does="Look at the draws of your photo, change a step, and ask of each draw whether its label still holds.",
        ),
    ),
    Card(
        id=51,
        question="You build on a large pretrained network. Which two things decide most how much of it you train again "
        "or change?",
        answer="How many pictures you have: the fewer, the fewer weights you can train without overfitting. And how "
        "similar your task is to the one it was trained on: the more similar, the more of its layers fit as they are.",
        more_exactly="Similarity can be measured before any training: by how well a linear classifier on the "
        "pretrained network's features tells your classes apart.",
        experiment=Experiment(
            page="transfer",
            address={"part": "Train"},
            shows="New head, frozen backbone",
            does="Train on several shares of the pictures, then open “Which situation?”: both things are measured "
            "there.",
        ),
    ),
    Card(
        id=52,
        question="Why is transfer learning so common for pictures?",
        answer="Networks that were trained on large labelled data sets such as ImageNet are free to download, and what "
        "their layers have learned, edges, colours, textures, parts, serves most tasks with pictures. With little data "
        "you train a new head on it; with more you start from its weights and fine-tune.",
        more_exactly="ImageNet is the data set, not a network. The gain is largest with few pictures: with many, "
        "training from scratch for long enough can catch up. Language models are used in the same way.",
        experiment=Experiment(
            page="transfer",
            address={"part": "Train"},
            shows="From scratch",
            does="Train all four strategies, and see how far the one from scratch falls behind.",
        ),
    ),
    Card(
        id=53,
        question="What would you do with a pretrained classifier if you have (a) few pictures and a similar task, "
        "(b) many and a similar one, (c) few and another task, (d) many and another task?",
        answer="(a) Freeze it and train a new head. (b) New head, then fine-tune everything from the pretrained "
        "weights. (c) Keep only the early, general layers, frozen, and train new ones on top of them. (d) Fine-tune "
        "everything, or train from scratch with its architecture.",
        more_exactly="A rule of thumb, which says neither how many is many nor how similar is similar, and often "
        "misses: pretrained weights are mostly a good start in (d) too, and fine-tuning at a low rate may win in (a). "
        "Here you can measure it, with several seeds.",
        experiment=Experiment(
            page="transfer",
            address={"part": "Train"},
            shows="Truncated, first stages frozen",
            does="Train all four; “Which situation?” then says where your pictures lie, and whether the rule held.",
        ),
    ),
)
