"""How the steps of the flow are done."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

from service.collection_times import Collections
from service.settings.kinds import Count, Growing, Listed, Seconds


class FlowSettings(BaseModel):
    """Which steps are done here, and how."""

    allocation_batch: Count = Field(
        default=50, description="Consignments that are allocated by one call to PRO at the most."
    )
    allocation_linger: Annotated[float, Field(ge=0)] = Field(
        default=0.02, description="How long an allocation waits for others to share its call."
    )
    allocation_rules: str | None = Field(
        default=None,
        description="Rules that say how a consignment is allocated: JSON, or the path of a file "
        "with it; unset, PRO's default rules choose.",
    )
    collections: Annotated[dict[str, Collections], NoDecode] = Field(
        default_factory=dict,
        description="When each location's manifest is asked for, ahead of the carriers' visit: "
        "JSON or a JSON file's path, see docs/operations.md. A location that is not named has "
        "its manifests on request only.",
    )
    lease: Seconds = Field(
        default=120,
        description="How long a worker may hold an order; longer than two calls to PRO.",
    )
    lookups_after: Growing = Field(
        default=(5, 30, 120),
        description="When a Pack Order whose answer was lost is looked up in PRO.",
    )
    stray_search_after: Growing = Field(
        default=(3600, 86400), description="When such a pick is searched again for strays."
    )
    steps_off: Listed[str] = Field(
        default=(),
        description="Event types whose step another system does, comma-separated.",
    )

    @field_validator("collections", mode="before")
    @classmethod
    def _json_or_file(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            text = value if value.lstrip().startswith(("{", "[")) else Path(value).read_text()
            return json.loads(text)
        except OSError as error:
            raise ValueError(f"can't be read as a file ({error.strerror})") from None
        except ValueError:
            raise ValueError("is no JSON") from None
