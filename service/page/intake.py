"""Whether this replica takes events up, and if not, why: in plain words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.intake.gate import Closed
from service.intake.step_guard import Paused
from service.page.desk import Desk

WHY_CLOSED: Mapping[str, str] = {
    Closed.KEY_REFUSED: "PRO refuses our key. Somebody has to put the right one in place.",
    Closed.PRO_DOWN: "PRO can’t be reached. It goes on by itself when PRO answers again.",
    Closed.LEDGER_DOWN: "The ledger can’t be reached. It goes on by itself when it answers again.",
}
WHY_BROKER_AWAY = "Kafka can’t be reached. It goes on by itself when Kafka answers again."
WHY_STEP_PAUSED: Mapping[str, str] = {
    Paused.FORBIDDEN: "PRO forbids it to our key",
    Paused.FLOODING: "too many of its events failed one after the other",
}


@dataclass(frozen=True)
class Intake:
    """How it stands with taking events up."""

    word: str
    """In a word or two: Intake: …"""
    sentence: str
    tone: str
    """good, wait or bad."""
    why: tuple[str, ...] = ()


def intake_of(desk: Desk) -> Intake:
    """Say whether events are taken up, and what keeps some waiting."""
    reasons, slowed = desk.not_ready(), desk.slowed()
    why = [WHY_CLOSED[each] for each in reasons.get("paused", ())]
    if "broker_away" in reasons:
        why.append(WHY_BROKER_AWAY)
    if "paused" in reasons:
        return Intake("paused", "Intake is paused.", "bad", tuple(why))
    if why:
        return Intake("standing still", "Intake stands still.", "bad", tuple(why))
    if reasons:
        why = ["It is starting (waiting for Kafka or the ledger) or stopping."]
        return Intake("not running", "Intake is not running.", "wait", tuple(why))
    why = [_step(told) for told in slowed.get("steps_paused", ())]
    why += [f"PRO is busy: {told}." for told in slowed.get("pro_busy", ())]
    if why:
        sentence = "Intake is running, and some events wait."
        return Intake("running, with waits", sentence, "wait", tuple(why))
    return Intake("running", "Intake is running.", "good")


def _step(told: str) -> str:
    event, _, reason = told.partition(": ")
    return f"{event} is paused: {WHY_STEP_PAUSED[reason]}. One event is tried now and then."
