"""Technical terms and what they mean, in a sentence each; every page explains those it uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Term:
    """One term.

    Attributes:
        names: how it is written, the best name first; a plural s or es goes without saying.
        meaning: what it is.
    """

    names: tuple[str, ...]
    meaning: str


def _term(names: str, meaning: str) -> Term:
    return Term(tuple(names.split(", ")), meaning)


TERMS: Final = (
    # Layers and what they are made of
    _term("feature map", "What one filter makes of its input: a number for each place, large where the filter fits."),
    _term("channel", "One of the maps that a layer reads or gives; the photo itself has three: red, green and blue."),
    _term(
        "convolution, convolutional layer",
        "A layer that slides a small window of weights over its input: every output cell is the sum of the products "
        "inside the window, plus a bias.",
    ),
    _term("filter", "All the weights that make one output map: a kernel for each channel that is read, and a bias."),
    _term("kernel", "The small grid of weights that slides over a map."),
    _term("stride", "By how many cells the window moves from one output cell to the next."),
    _term("padding", "Cells put around a map, zeros in most networks, so that the window also fits at its border."),
    _term("dilation", "The distance between neighbouring weights of a kernel on the map; 1 leaves out no cell."),
    _term("depthwise", "A convolution whose every filter reads one channel only, so that channels are not mixed."),
    _term("pointwise", "A convolution with a kernel of a single cell: it mixes channels, and no cell its neighbours."),
    _term("transposed convolution", "A convolution run backwards: every input cell stamps the kernel onto the output."),
    _term("bias", "A number that is added to every cell of an output map; it is learned, as the weights are."),
    _term("receptive field", "The part of the photo that can change one cell of a map."),
    _term("effective stride", "By how many pixels the receptive fields of neighbouring cells are apart."),
    _term("effective padding", "How many pixels the first cell's receptive field reaches beyond the photo's edge."),
    _term("parameter", "A number that training sets: a weight or a bias."),
    _term("multiply-add, MAC", "One product added to a sum; how many a network needs for a photo tells its cost."),
    _term("ReLU", "A layer that keeps what is above zero and sets everything else to zero."),
    _term("ReLU6", "A ReLU that also cuts off what is above 6."),
    _term(
        "batch normalisation, batch norm",
        "A layer that shifts and scales every channel by its mean and standard deviation over the training pictures, "
        "then by two learned numbers.",
    ),
    _term("layer norm", "Normalises by mean and standard deviation over all channels and places of one picture alone."),
    _term("instance norm", "Normalises every map by its own mean and standard deviation."),
    _term("group norm", "Normalises by mean and standard deviation over some neighbouring channels of one picture."),
    _term(
        "running average, running mean, running variance",
        "What a layer carries on from batch to batch, each time a small share of the newest one; batch norm uses it "
        "in evaluation.",
    ),
    _term("residual connection", "A detour around some layers, whose end is added to what they give."),
    _term("max pooling", "Keeps the largest value of every window."),
    _term("average pooling", "Keeps the mean of every window."),
    _term("global average pooling", "Replaces every map by its mean, so that one number a channel is left."),
    _term("pooling", "Makes maps smaller: of every window of cells one number is kept."),
    _term("dense layer, fully connected layer", "A layer whose every output is a weighted sum of all its inputs."),
    _term("logit", "The number a network gives a class before the softmax; only differences between classes matter."),
    _term("softmax", "Makes probabilities of logits: e to each of them, divided by the sum over all classes."),
    # Neurons and how they learn
    _term("neuron", "Adds up its inputs, each times a weight, and a bias; an activation function bends the sum."),
    _term(
        "activation function",
        "What a neuron does to its sum; without a bend, layers upon layers would be no more than one.",
    ),
    _term("sigmoid", "1 / (1 + e^-z): squeezes any number z into the range from 0 to 1."),
    _term("tanh", "The hyperbolic tangent: squeezes any number into the range from −1 to 1."),
    _term("leaky ReLU", "A ReLU that lets a hundredth of what is below zero pass."),
    _term("one-hot", "A row of zeros with a single 1 at the place of the class; it claims no order among classes."),
    _term(
        "log-sum-exp",
        "The logarithm of a sum of powers of e, with the largest exponent taken out so that none overflows.",
    ),
    _term("binary cross-entropy", "Cross-entropy of yes-or-no answers, each with a sigmoid of its own."),
    _term("squared error", "The mean of the squared differences between what a network says and what it should."),
    _term(
        "backpropagation",
        "Computes all gradients in one pass from the loss backwards, each layer using the next one's.",
    ),
    _term("multilayer perceptron, MLP", "A network of dense layers with an activation function between them."),
    _term("Nyquist frequency", "The finest stripes that a grid can hold: one cell light, one cell dark."),
    _term("low-pass", "Lets broad shapes through and stops fine stripes."),
    _term("high-pass", "Lets edges and fine stripes through and stops even areas."),
    # Explanations
    _term("heatmap", "A picture of which places count, drawn over the photo."),
    _term("saliency", "How much each place of the photo matters for what the network says."),
    _term("gradient", "How fast a number rises or falls when another is changed a little, for many at once."),
    _term(
        "Grad-CAM",
        "Adds up the maps of a layer, each weighted by the mean gradient of the class's logit over it (Selvaraju et "
        "al. 2017).",
    ),
    _term(
        "LeGrad",
        "Shows to which patches more attention, in any block of a transformer, would raise a class's logit (Bousselham "
        "et al. 2024).",
    ),
    _term(
        "Deep Feature Factorization, factorization",
        "Takes the maps of a layer apart into a few concepts, each with a map of where it is (Collins et al. 2018).",
    ),
    _term("class activation map, CAM", "The maps of the last layers, added up with what each counts for one class."),
    _term(
        "integrated gradients", "Gradients, averaged on the way from an empty picture to the photo, times the photo."
    ),
    _term("guided backpropagation, guided backprop", "A gradient that drops negative parts at every ReLU on its way."),
    _term("occlusion", "Hides one place after another and looks how the answer changes."),
    _term("faithfulness, faithful", "Whether a heatmap names the places on which the answer really depends."),
    _term("Spearman's rank correlation, Spearman", "1 where two lists have the same order, −1 the opposite, 0 none."),
    _term(
        "preferred input",
        "A picture made from noise, step by step, that a unit of a network answers to as much as possible (Olah et al. "
        "2017).",
    ),
    _term("ablation", "Switching a part off to see what it was good for."),
    # Attention and words
    _term("attention", "Weights, adding up to 1, with which a network mixes what it reads from many places."),
    _term("context vector", "What attention gives: the vectors of what is read, added up by their weights."),
    _term("attention head", "One of several attentions that a layer computes side by side."),
    _term("attention rollout", "Attention multiplied through all blocks (Abnar and Zuidema 2020)."),
    _term("class token", "An extra token from which a vision transformer reads the class."),
    _term("token", "A piece of what a transformer reads or writes: a patch of the photo, a word or part of one."),
    _term(
        "patch", "A small square of a photo, or laid over one; for a vision transformer, what a word is in a sentence."
    ),
    _term("vision transformer, transformer", "A network of layers of attention instead of convolutions."),
    _term("encoder", "The part of a network that turns a photo or a text into numbers for another part to read."),
    _term("decoder", "The part of a network that writes, word by word, or draws a picture, of what the encoder made."),
    _term("GRU", "A layer that reads or writes step by step, and whose gates say how much of its state is kept."),
    _term("LSTM", "A layer that reads or writes word by word and carries a memory along, guarded by gates."),
    _term("forget gate", "The gate of an LSTM that says how much of its memory stays from one step to the next."),
    _term("update gate", "The gate of a GRU that says how much of its state stays from one step to the next."),
    _term("gate", "Numbers from 0 to 1 that decide how much of others passes."),
    _term("embedding", "The vector of numbers that stands for a word or a picture inside a network."),
    _term(
        "F1", "The harmonic mean of two shares: of what was found that is right, and of what is right that was found."
    ),
    _term(
        "bidirectional", "Read from the front and from the back, each by weights of its own, and both states joined."
    ),
    _term("skip-gram", "Learns vectors of words by telling from each word which others stand near it."),
    _term("negative sampling", "Telling what stood there from a few words drawn by chance, not from all there are."),
    _term("cosine similarity, cosine", "How alike two directions are: 1 the same, 0 unrelated, −1 opposite."),
    _term("beam search", "Writes several sentences at once and keeps, at every word, the likeliest so far."),
    _term("greedy", "Takes the likeliest word every time, and never looks back."),
    _term("vocabulary", "All the words that a network can write."),
    _term("log-probability", "The logarithm of a probability; those of all words of a sentence add up to its own."),
    _term("entropy", "How undecided a set of probabilities is, in bits: 0 where one has everything."),
    _term("bits", "The unit of surprise: one for each halving of the probability."),
    # Learning
    _term("augmentation", "Random changes to pictures that leave their class as it is, so that training sees more."),
    _term("test-time augmentation", "The mean of the predictions for several changed versions of one picture."),
    _term("normalisation", "Subtracting a mean and dividing by a standard deviation."),
    _term("standard deviation", "How far values lie from their mean: the root of the mean squared distance."),
    _term("standard error", "How far a mean of so many draws lies from the true one by chance: a standard deviation."),
    _term("mixup", "Trains on two pictures laid over each other, with both classes in proportion."),
    _term("CutMix", "Trains on pictures with a rectangle of another pasted in, with both classes in proportion."),
    _term("invariance, invariant", "That the answer stays the same when the picture is changed."),
    _term("transfer learning", "Beginning with a network that has learned something else, instead of random weights."),
    _term("fine-tuning, fine-tuned, fine-tune", "Training the weights of an already trained network further."),
    _term("linear probe", "A linear classifier on the features of a network that is itself left alone."),
    _term("frozen", "Left as it is while the rest is trained."),
    _term("logistic regression", "A linear classifier: a weighted sum of the features for each class, then a softmax."),
    _term("epoch", "One pass over all training pictures."),
    _term("learning rate", "How large the steps are that training takes."),
    _term("cosine schedule", "Lets the learning rate fall along half a wave of the cosine, from its peak to zero."),
    _term("warm-up", "Small steps first: the learning rate rises to its peak before it stays or falls."),
    _term("cross-entropy, loss", "What training makes smaller: minus the logarithm of the true class's probability."),
    _term("accuracy", "The share of pictures whose class is named correctly."),
    _term("validation", "On pictures kept from training, to choose by; the test pictures are kept even from that."),
    _term("confusion matrix", "A table of true classes against named ones."),
    _term("seed", "The number that random draws begin with: the same seed gives the same draws."),
    _term(
        "principal direction, principal component",
        "The direction along which points differ most; the second is the same among those at a right angle to it.",
    ),
    _term("variance", "The mean squared distance from the mean; of points in space, from their middle."),
    _term("geometric mean", "The root of a product of n numbers, the n-th: the mean of their logarithms, taken back."),
    _term("confidence interval", "A range that holds the true value in 95 of 100 repetitions."),
    _term("near-duplicate", "Two that are almost the same."),
    # Training and networks that the Deck asks about
    _term("dropout", "Sets numbers to zero at random in training, and divides the others by the share that is kept."),
    _term("optimiser", "The rule by which training turns gradients into steps of the parameters."),
    _term("curvature", "How fast a slope changes along a direction; a rate above 2 divided by it is too high there."),
    _term(
        "power iteration", "Multiplying by a matrix again and again: what is left points along its largest eigenvalue."
    ),
    _term("Hessian", "The matrix of all second derivatives of a loss; its eigenvalues are the curvatures."),
    _term("condition number", "The largest curvature divided by the smallest: how narrow a valley is."),
    _term("momentum", "Steps along a fading sum of the gradients so far in place of the last one."),
    _term("Nesterov", "Momentum whose gradient counts as if the coming step along the sum were made already."),
    _term("AdamW", "Adam that shrinks the parameters by themselves and not through the gradient."),
    _term("AdaGrad", "Divides the step of every parameter by the root of the sum of all its squared gradients."),
    _term("RMSProp", "Divides the step of every parameter by the root of a fading mean of its squared gradients."),
    _term("Adam", "Momentum and RMSProp together, both corrected for having begun at zero."),
    _term(
        "vanishing gradient", "A gradient that is a product of many factors below 1, so that early layers hardly learn."
    ),
    _term(
        "exploding gradient",
        "A gradient that is a product of many factors above 1, so that steps become far too large.",
    ),
    _term("initialisation", "How the weights are drawn before training."),
    _term("Xavier", "Draws weights with variance 2 / (inputs + outputs) of their layer (Glorot and Bengio 2010)."),
    _term("float32", "Numbers of 32 bits, as networks are trained with: seven digits, none beyond 3.4e38."),
    _term("recurrent network, RNN", "A network that reads a sequence step by step, each time with what it has kept."),
    _term(
        "unrolled", "Drawn with a box for each step of a sequence; every box is the same network, of the same weights."
    ),
    _term("hidden state", "What a recurrent network has kept of the steps before, as a vector."),
    _term("principal component analysis, PCA", "Finds the directions along which points differ most."),
    _term("t-SNE", "Puts points on a plane so that neighbours stay together; distances between groups mean nothing."),
    _term("trustworthiness", "Whether points that are near on a map are near in truth: 1 where all are."),
    _term("checkerboard", "A pattern with a period of two cells, left by layers that make maps larger."),
    _term("autoencoder", "A network that squeezes its input through few numbers and has to make it again of them."),
    _term("discriminator", "The network of a GAN that says how probably something is real."),
    _term("mode collapse", "That a generator makes only some of the kinds that it has been shown, or one."),
    _term(
        "Jensen-Shannon divergence",
        "How far two densities are apart: 0 where they are equal, log 2 where one is nowhere that the other is.",
    ),
    _term("kernel density", "Points as a density: the mean of a small hill on each of them."),
    _term("GAN", "A generator that makes pictures, trained against a network that has to tell them from real ones."),
    _term("latent vector, latent space", "The numbers of which a generator makes a picture, and all that they can be."),
    _term("gradient sign", "One step of every pixel up or down, whichever way the loss grows (FGSM)."),
    _term("projected gradient descent", "Many small steps along the gradient, brought back into the bound after each."),
    _term(
        "randomised smoothing", "Asking a network about many noisy copies of a photo, and taking the answers together."
    ),
    _term("spaced repetition", "Asking again just before a thing would be forgotten, after waits that grow."),
    _term("ONNX", "A file format for networks that other programs than PyTorch run."),
)

_BY_NAME = {name.lower(): term for term in TERMS for name in term.names}
_LONGEST_FIRST = sorted(_BY_NAME, key=len, reverse=True)
PATTERN: Final = rf"(?<![\w-])({'|'.join(_LONGEST_FIRST)})(e?s)?(?![\w-])"
"""A regular expression, the same in Python and JavaScript, for a name with or without its plural s; names
hold nothing but letters, digits, spaces, hyphens and apostrophes."""


def find_terms(text: str) -> tuple[Term, ...]:
    """The terms that a text uses, in the order of their first use."""
    return tuple(dict.fromkeys(_BY_NAME[found[1].lower()] for found in re.finditer(PATTERN, text, re.IGNORECASE)))
