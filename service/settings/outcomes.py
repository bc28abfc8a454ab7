"""Outcomes and papers."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from service.settings.kinds import Seconds, Url

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


class OutcomeSettings(BaseModel):
    """What is published, and where papers are stored."""

    event_source: str = Field(
        default="urn:orderflex", description="CloudEvents source of our outcome events."
    )
    label_format: Literal["PDF", "PNG", "ZPL", "ZPLII"] = Field(
        default="PDF", description="Format of the labels fetched."
    )
    package_labels: bool = Field(
        default=False, description="Fetch each package's label as a file of its own, too."
    )
    customs_documents: bool = Field(
        default=True,
        description="Fetch customs documents when the destination's country is not the origin's.",
    )
    papers_store: str = Field(
        default="var/papers",
        description="Where labels and customs documents are stored: a folder, file:///FOLDER or "
        "s3://BUCKET/PREFIX.",
    )
    papers_endpoint: Url | None = Field(
        default=None,
        description="Address of a store that speaks as S3 does; unset, AWS's own environment.",
    )
    papers_region: str | None = Field(
        default=None, description="Region of the bucket; unset, AWS's own environment."
    )
    papers_access_key: SecretStr = Field(
        default=SecretStr(""),
        description="Id of an access key; unset, AWS's own environment or a role.",
    )
    papers_secret_key: SecretStr = Field(
        default=SecretStr(""), description="Secret of that access key."
    )
    papers_timeout: Seconds = Field(default=20, description="To store one paper in a bucket.")
    papers_inline_bytes: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="Papers of a consignment that are together at most so long also travel in its "
        "consignment.labelled; 0, none does.",
    )

    @field_validator("papers_store", mode="after")
    @classmethod
    def _folder_or_bucket(cls, value: str) -> str:
        """Whatever opens with `…://` is an address, and addresses are published."""
        if "://" not in value and value.strip():
            return value
        parts = urlsplit(value)
        is_file = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
        is_bucket = parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc) is not None
        if not (is_file or is_bucket) or {"?", "#"} & set(value):
            raise ValueError("must be a folder, file:///FOLDER or s3://BUCKET/PREFIX")
        return value

    @model_validator(mode="after")
    def _whole_key(self) -> Self:
        keys = (self.papers_access_key, self.papers_secret_key)
        if len({bool(key.get_secret_value()) for key in keys}) > 1:
            raise ValueError(
                "ORDERFLEX_PAPERS_ACCESS_KEY and ORDERFLEX_PAPERS_SECRET_KEY go together"
            )
        return self
