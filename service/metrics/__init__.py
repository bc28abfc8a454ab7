"""What the service counts and measures: the closed list, and the registry that holds it."""

from service.metrics.listed import METRICS, PICK_IN_TIME, Metric
from service.metrics.names import Name
from service.metrics.registry import Metrics

__all__ = ["METRICS", "PICK_IN_TIME", "Metric", "Metrics", "Name"]
