"""The recipes that made the networks in `models/`, from the data to the card.

`python -m explorer.training NAME` trains, measures and writes `models/NAME`;
`python -m explorer.training --evaluate NAME` measures what is shipped. Nothing here runs in the dashboard.
"""
