"""Errors of augmentation pipelines."""


class PipelineRejected(ValueError):
    """A pipeline, a mixture or a folder of pictures that cannot be; the message is one sentence for the person."""
