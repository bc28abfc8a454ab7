"""Kafka."""

from pydantic import BaseModel, Field

from service.settings.kinds import Count, Seconds


class KafkaSettings(BaseModel):
    """How to reach Kafka, and the topics that the service makes."""

    kafka_bootstrap_servers: str = Field(
        default="localhost:9092", description="Brokers to start from, host:port, comma-separated."
    )
    kafka_group: str = Field(default="orderflex", description="Consumer group.")
    kafka_instance: str | None = Field(
        default=None,
        description="Name of this replica as a static member of the group, unique and lasting "
        "(a StatefulSet's pod name): a restart within the session timeout moves no partition. A "
        "replica that is gone for good is missed only after it.",
    )
    kafka_topic_prefix: str = Field(
        default="", description="Stands before the name of every topic."
    )
    kafka_create_topics: bool = Field(
        default=True, description="Create missing topics at start-up; off where others own them."
    )
    kafka_partitions: Count = Field(
        default=12, description="Partitions of a topic that the service creates."
    )
    kafka_replication: Count = Field(
        default=1, description="Replicas of a topic that the service creates; 3 in production."
    )
    kafka_session_timeout: Seconds = Field(
        default=45, description="After this silence the broker gives our partitions away."
    )
    kafka_request_timeout: Seconds = Field(default=20, description="Of one request to the broker.")
