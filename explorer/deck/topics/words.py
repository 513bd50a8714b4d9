"""Cards on word vectors and attention."""

from __future__ import annotations

import random

import numpy as np

from explorer.captioning.embeddings import nearest
from explorer.captioning.vocabulary import MARKS
from explorer.deck.card import Card, Drawn, Experiment
from explorer.neurons.losses import softmax


def _draw_cosine(numbers: random.Random) -> Drawn:
    first, second = ([numbers.choice((-1, 1)) * numbers.randint(1, 9) for _ in range(3)] for _ in range(2))
    table = np.zeros((len(MARKS) + 2, 3))  # a captioner's table, where the marks stand first
    table[len(MARKS) :] = first, second
    (near,) = nearest(table, len(MARKS), 1)
    return Drawn(
        f"Two words have the vectors $({first[0]}, {first[1]}, {first[2]})$ and $({second[0]}, {second[1]}, "
        f"{second[2]})$. What is their cosine?",
        f"**{near.cosine:.3f}**: the product of the vectors over the product of their lengths.",
    )


def _draw_rows(numbers: random.Random) -> Drawn:
    words, length = 100 * numbers.randint(20, 300), numbers.choice((50, 64, 100, 128, 256))
    sentence = [numbers.choice(("a", "dog", "cat", "sees", "runs", "house")) for _ in range(numbers.randint(4, 7))]
    return Drawn(
        f"A vocabulary of {words:,} words, vectors of {length} numbers, learned with the network. The batch is one "
        f"sentence: “{' '.join(sentence)}”. How many numbers has the table, and how many of its rows get a gradient?",
        f"**{words * length:,}** numbers; **{len(set(sentence))}** rows, one for each different word of the batch.",
    )


def _draw_weights(numbers: random.Random) -> Drawn:
    scores, values = [numbers.randint(-20, 30) / 10 for _ in range(3)], [numbers.randint(1, 90) / 10 for _ in range(3)]
    weights = softmax(scores)
    return Drawn(
        f"Three parts of the input have the scores $({scores[0]:g}, {scores[1]:g}, {scores[2]:g})$ and the values "
        f"$({values[0]:g}, {values[1]:g}, {values[2]:g})$. What does attention give?",
        f"The weights are $({', '.join(f'{weight:.3f}' for weight in weights)})$ (softmax), so it gives "
        f"**{weights @ values:.3f}**.",
    )


def _draw_context(numbers: random.Random) -> Drawn:
    states = np.array([[numbers.randint(-20, 20) / 10 for _ in range(2)] for _ in range(3)])
    now = np.array([numbers.randint(-20, 20) / 10 for _ in range(2)])
    scores = states @ now
    weights = softmax(scores)
    context = weights @ states
    rows = ", ".join(f"$({row[0]:g}, {row[1]:g})$" for row in states)
    return Drawn(
        f"The encoder's states are {rows}, the decoder's is $({now[0]:g}, {now[1]:g})$, and the score is their "
        f"product. What is the context vector?",
        f"Scores $({', '.join(f'{score:.2f}' for score in scores)})$, weights "
        f"$({', '.join(f'{weight:.3f}' for weight in weights)})$, context vector $({context[0]:.3f}, "
        f"{context[1]:.3f})$.",
    )


CARDS = (
    Card(
        id=22,
        question="What are word embeddings?",
        answer="A table with one vector for every word of the vocabulary, all of the same length, far shorter than the "
        "vocabulary. The vectors are learned from use, so words that are used alike lie close together: the numbers "
        "carry something of meaning and grammar.",
        more_exactly="Its entries are often pieces of words. And a word has one vector whatever the sentence: the bank "
        "of a river and the bank with the money share it. Only later layers bring the context in.",
        experiment=Experiment(
            page="sequences",
            address={"part": "Words", "words_view": "Analogies"},
            shows="are answered as a person would",
            does="See what the numbers carry of meaning and grammar, misses included; then learn vectors from your own "
            "text.",
        ),
        draw=_draw_cosine,
    ),
    Card(
        id=23,
        question="Name two ways to use word embeddings in a network. What is computed, and what is trained, in each?",
        answer="Learned before and frozen: the first layer looks each word's vector up in a table that stays as it is. "
        "Or learned along: the same look-up, from random or earlier vectors, and the rows are weights that training "
        "moves.",
        more_exactly="The second way is not a sub-network that makes vectors: it is the same table (`nn.Embedding`), "
        "only with gradients. A look-up is one-hot times the table, so only rows of words in the batch get any.",
        experiment=Experiment(
            page="sequences",
            address={"part": "Words", "words_sentence": "A dog sees a cat."},
            shows="got a gradient",
            does="Freeze the table or let it learn, step once, and see which of its rows move.",
        ),
        draw=_draw_rows,
    ),
    Card(
        id=24,
        question="What is the general idea of attention?",
        answer="At each step every part of the input gets a weight, and the network works on with the weighted sum, so "
        "that the parts that matter now count most: the words to be translated next, the region being described. The "
        "weights are computed from the data: scores, then a softmax, so they are positive and have the sum 1.",
        more_exactly="Often told as looking at the relevant parts alone. In fact everything is weighted and no weight "
        "is ever quite zero. And a large weight is no proof that this part decided the answer.",
        experiment=Experiment(
            page="sequences",
            address={"part": "Attention"},
            shows="Scores, then their softmax",
            does="Point at a character that was written: the weights of all that were typed. Lead them elsewhere, and "
            "see whether something else is written.",
        ),
        draw=_draw_weights,
    ),
    Card(
        id=25,
        question="How does attention work where encoder and decoder are both RNNs?",
        answer="The encoder hands over its states of all positions, not the last alone. Before each output the decoder "
        "scores every one of them against its own state, a softmax makes weights of the scores, and the weighted sum "
        "of the encoder's states, the context vector, enters the next step.",
        more_exactly="What training learns are the parameters of the scoring. The weights themselves are computed anew "
        "for every output of every sentence, from the two states.",
        experiment=Experiment(
            page="sequences",
            address={"part": "Attention", "dates_character": "7"},
            shows="The context vector",
            does="Follow one character of a date in numbers: scores, weights, context vector, the decoder's step.",
        ),
        draw=_draw_context,
    ),
    Card(
        id=26,
        question="How can attention be used where the encoder sees a picture and the decoder writes a description of "
        "it?",
        answer="The encoder is a CNN whose last maps are a grid of vectors, one for each region of the picture. Before "
        "every word the decoder weighs the regions, and takes in their weighted sum: it looks at the dog as it writes "
        "“dog”.",
        more_exactly="",
        experiment=Experiment(
            page="captions",
            address={"part": "Caption"},
            shows="where the network looked before it wrote that word",
            does="Step through the caption and see where it looked before each word.",
        ),
    ),
)
