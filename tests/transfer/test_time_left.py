"""The time that is said to be left, against comparisons whose every second is known beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from hypothesis import example, given, settings
from hypothesis import strategies as st

from explorer.jobs.order import TaskStatus
from explorer.transfer.choice import Choice
from explorer.transfer.experiment import Curve
from explorer.transfer.progress import Seen
from explorer.transfer.time_left import seconds_left
from explorer.transfer.trial import Recipe, Trial
from tests.transfer.making_experiments import make_experiment

PICTURES, TRAINING, BATCH = 2000, 60, 32
FROZEN = ("head", "truncated")


@dataclass(frozen=True)
class World:
    """A machine on which a network sees a picture in `forward` seconds; learning from it takes three times as long."""

    forward: float
    budget: float
    seeds: int
    shares: tuple[float, ...] = (1.0,)

    @property
    def trials(self) -> tuple[Trial, ...]:
        recipe = Recipe(epochs=10, steps=100, seconds=self.budget, batch_size=BATCH)
        return Choice(recipe=recipe, seeds=self.seeds, shares=self.shares).trials("tiny-vgg", "cpu")

    def batches(self, trial: Trial) -> int:
        pictures = round(TRAINING * trial.share)
        return max(1, pictures // BATCH + (pictures % BATCH > 1))

    def passes(self, trial: Trial) -> int:
        return max(10, ceil(100 / self.batches(trial)))

    def seconds_of_a_pass(self, trial: Trial) -> float:
        of_a_step = 0.002 if trial.strategy in FROZEN else 3 * BATCH * self.forward
        return of_a_step * self.batches(trial)

    def features(self, trial: Trial) -> float:
        return self.forward * PICTURES if trial.strategy in FROZEN else 0.0

    def training(self, trial: Trial) -> float:
        whole = self.passes(trial) * self.seconds_of_a_pass(trial)
        return min(whole, ceil(self.budget / self.seconds_of_a_pass(trial)) * self.seconds_of_a_pass(trial))

    def watch(self) -> Iterator[tuple[float, list[Seen]]]:
        """The true seconds left and what is seen, after the first pass, in the middle and at the end of every one."""
        trials = self.trials
        for place, trial in enumerate(trials):
            made = {each.strategy for each in trials[: place + 1]}
            later = sum(self.training(each) for each in trials[place + 1 :])
            later += sum({each.strategy: self.features(each) for each in trials if each.strategy not in made}.values())
            one = self.seconds_of_a_pass(trial)
            passes = round(self.training(trial) / one)
            for done in sorted({1, ceil(passes / 2), passes}):
                seen = [
                    self.see(each, round(self.training(each) / self.seconds_of_a_pass(each)), "done")
                    for each in trials[:place]
                ]
                seen.append(self.see(trial, done, "running"))
                seen += [self.see(each, -1, "queued") for each in trials[place + 1 :]]
                yield later + (passes - done) * one, seen

    def see(self, trial: Trial, done: int, state: str) -> Seen:
        if done < 0:
            return Seen(trial, TaskStatus("queued"), None, 0, 0, 0.0, 0.0, False, (), "")
        curve, batches = Curve(), self.batches(trial)
        for epoch in range(done + 1):
            seconds = self.features(trial) + epoch * self.seconds_of_a_pass(trial)
            values = dict.fromkeys(("rate", "gradient_norm", "training_accuracy", "validation_accuracy", "loss"), 0.0)
            curve = curve.then(epochs=epoch, steps=epoch * batches, seconds=seconds, validation_loss=1.0, **values)
        made = make_experiment(trial.strategy, trial.seed, recipe=trial.recipe)
        experiment = replace(
            made,
            trial=trial,
            training=round(TRAINING * trial.share),
            validation=970,
            test=970,
            curve=curve,
            steps=self.passes(trial) * batches,
            cached=trial.strategy in FROZEN,
        )
        status = TaskStatus(state, events=({"experiment": experiment.to_json()},))  # type: ignore[arg-type]
        return Seen.read(trial, status)


@settings(max_examples=10, deadline=None)
@given(st.floats(1e-5, 0.03), st.sampled_from((60.0, 120.0, 600.0)), st.integers(1, 3))
@example(0.03, 120.0, 3)  # a minute of features, then a hundred steps within a second
def test_the_time_left_is_right_from_the_first_epoch_on(forward: float, budget: float, seeds: int) -> None:
    for truth, seen in World(forward, budget, seeds).watch():
        said = seconds_left(seen)
        assert said is not None
        assert abs(said - truth) <= 0.3 * truth + 5.0


def test_fewer_pictures_take_their_own_time() -> None:
    """A tenth of 60 pictures makes one batch a pass, and so twice as many passes for the same least number of steps."""
    for truth, seen in World(0.01, 600.0, 1, (1.0, 0.1)).watch():
        assert abs((seconds_left(seen) or 0.0) - truth) <= 0.3 * truth + 5.0


def test_what_runs_at_the_same_time_shares_it() -> None:
    world = World(0.01, 120.0, 1)
    (scratch,) = (trial for trial in world.trials if trial.strategy == "scratch")
    alone = world.see(scratch, 2, "running")
    other = world.see(replace(scratch, seed=1), 2, "running")
    assert seconds_left([alone]) == seconds_left([alone, other])
    assert seconds_left([world.see(scratch, -1, "queued")]) is None
