"""The kinds of jobs. Here, for who speaks to the broker alone need not load the tables."""

import enum


class JobType(enum.StrEnum):
    """What a job is for; also the name of its queue."""

    BUILD = "build"
    SIMULATION = "simulation"
