"""What dispatch stores."""

from logistics.models.alert import AlertKind, LogisticsAlert
from logistics.models.proof import DeliveryProof, ProofKind
from logistics.models.task import (
    LIVE_TASKS,
    OPEN_TASKS,
    WAITING_TASKS,
    Environment,
    OnfleetEvent,
    OnfleetTask,
    TaskKind,
    TaskStatus,
)

__all__ = [
    "LIVE_TASKS",
    "OPEN_TASKS",
    "WAITING_TASKS",
    "AlertKind",
    "DeliveryProof",
    "Environment",
    "LogisticsAlert",
    "OnfleetEvent",
    "OnfleetTask",
    "ProofKind",
    "TaskKind",
    "TaskStatus",
]
