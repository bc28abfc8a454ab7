"""What needs attention."""

from pydantic import BaseModel, Field

from service.settings.kinds import Seconds


class AttentionSettings(BaseModel):
    """After how long something that stands still needs a person."""

    attention_after: Seconds = Field(
        default=3600,
        description="An order or a consignment that should move and has not for so long needs a "
        "person's attention.",
    )
    attention_manifest_after: Seconds = Field(
        default=259_200,
        description="The same for a consignment that has its papers and waits for its location's "
        "manifest.",
    )
    attention_every: Seconds = Field(
        default=60, description="How often what needs attention is counted for the metrics."
    )
