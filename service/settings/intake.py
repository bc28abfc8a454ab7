"""How events are taken up."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from service.settings.kinds import Count, Growing, Seconds


class IntakeSettings(BaseModel):
    """How many events at once, when they are tried again, and when they are given up."""

    max_in_flight: Count = Field(default=64, description="Events worked on at once.")
    window: Count = Field(default=512, description="Events held in memory at the most.")
    max_gap: Count = Field(
        default=5_000,
        description="How far a partition is read beyond its lowest unfinished event.",
    )
    drain: Seconds = Field(
        default=20, description="How long work in flight may go on at shutdown or a rebalance."
    )
    max_event_bytes: Count = Field(
        default=900_000, description="A larger event becomes a dead letter without its body."
    )
    retry_tiers: Growing = Field(
        default=(5, 60, 600), description="Delays of the three retry topics."
    )
    deadline: Seconds = Field(
        default=86_400, description="An event that fails for so long becomes a dead letter."
    )
    max_replays: Count = Field(
        default=3, description="How often a dead letter may be replayed without --force."
    )
    probe_every: Seconds = Field(
        default=5, description="How often to see whether what paused intake is well again."
    )
    step_try_every: Seconds = Field(
        default=30, description="How often one event of a paused step is tried."
    )
    sweep_every: Seconds = Field(default=1, description="How often due work is looked for.")

    @model_validator(mode="after")
    def _three_tiers(self) -> Self:
        if len(self.retry_tiers) != 3:
            raise ValueError(
                "ORDERFLEX_RETRY_TIERS must be three delays, each longer than the one before"
            )
        return self
