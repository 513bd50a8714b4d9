"""Augmentation: change the picture, and watch the network change its mind.

Transforms are torchvision's (`catalogue`), put together to pipelines (`pipeline`) that are drawn from (`drawing`) with
random numbers of their own (`randomness`). What draws, sweeps and motions do to a network is asked in `predicting`,
`sweeps` and `invariance`; whether a pipeline helps, in `training_twice`, on a person's own pictures with `image_zip`.
"""

from explorer.augmentation.catalogue import CATALOGUE, GROUPS, LEFT_OUT, Group, Parameter, Transform, find
from explorer.augmentation.drawing import Draw, DrawnStep, Operation
from explorer.augmentation.experiment import Curve, Experiment, Pictures
from explorer.augmentation.image_zip import ImageFolder, read_image_zip, take_evenly
from explorer.augmentation.invariance import (
    Invariance,
    LayerInvariance,
    MapComparison,
    compare_maps,
    measure_invariance,
    move_pixels,
)
from explorer.augmentation.mixing import Mixture, cut_mix, mix_up
from explorer.augmentation.motion import MOTIONS, Motion
from explorer.augmentation.normalisation import (
    Histograms,
    Meeting,
    Normalised,
    Stage,
    channel_histograms,
    dim_and_bright,
    normalise,
)
from explorer.augmentation.pipeline import EXAMPLE, MOST_STEPS, Pipeline
from explorer.augmentation.predicting import DrawProbabilities, TestTimeAverage, average_draws, probabilities_of_draws
from explorer.augmentation.ranges import FIXED, Kind, Value
from explorer.augmentation.rejection import PipelineRejected
from explorer.augmentation.steps import Step
from explorer.augmentation.sweeps import SWEEPS, Flip, Sweep, SweepResult, flips, sweep
from explorer.augmentation.training_twice import train_in_turns, train_twice

__all__ = [
    "CATALOGUE",
    "EXAMPLE",
    "FIXED",
    "GROUPS",
    "LEFT_OUT",
    "MOST_STEPS",
    "MOTIONS",
    "SWEEPS",
    "Curve",
    "Draw",
    "DrawProbabilities",
    "DrawnStep",
    "Experiment",
    "Flip",
    "Group",
    "Histograms",
    "ImageFolder",
    "Invariance",
    "Kind",
    "LayerInvariance",
    "MapComparison",
    "Meeting",
    "Mixture",
    "Motion",
    "Normalised",
    "Operation",
    "Parameter",
    "Pictures",
    "Pipeline",
    "PipelineRejected",
    "Stage",
    "Step",
    "Sweep",
    "SweepResult",
    "TestTimeAverage",
    "Transform",
    "Value",
    "average_draws",
    "channel_histograms",
    "compare_maps",
    "cut_mix",
    "dim_and_bright",
    "find",
    "flips",
    "measure_invariance",
    "mix_up",
    "move_pixels",
    "normalise",
    "probabilities_of_draws",
    "read_image_zip",
    "sweep",
    "take_evenly",
    "train_in_turns",
    "train_twice",
]
