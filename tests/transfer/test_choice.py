from explorer.transfer.choice import Choice


def test_choices_count_their_trainings() -> None:
    choice = Choice(seeds=2, shares=(1.0, 0.5))
    trials = choice.trials("x", "cpu")
    assert len(trials) == choice.count == 16
    assert len(set(trials)) == 16
    assert [trial.strategy for trial in trials[:4]] == [
        "head",
        "truncated",
        "scratch",
        "full",
    ]  # so that a stopped job can be compared
