"""Looking into the sandbox and steering it, under /_sandbox.

None of this is PRO's: a real PRO has neither these paths nor anything like them.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.calls import CallRecord
from sandbox.dates import stamp
from sandbox.faults import FaultRule
from sandbox.records import Consignment
from sandbox.scans import NewScan, scan
from sandbox.state import SandboxState


class LatencySetting(BaseModel):
    """Waiting time of every answer, plus at most `jitter` by chance."""

    model_config = ConfigDict(extra="forbid")

    seconds: Annotated[float, Field(ge=0)] = 0.0
    jitter: Annotated[float, Field(ge=0)] = 0.0


class SearchLagSetting(BaseModel):
    """How long a new consignment is missing from searches."""

    model_config = ConfigDict(extra="forbid")

    seconds: Annotated[float, Field(ge=0)] = 0.0


class KeyChange(BaseModel):
    """A key that is no longer let in, or is again."""

    model_config = ConfigDict(extra="forbid")

    revoke: str | None = None
    restore: str | None = None


def routes(state: SandboxState) -> list[Route]:
    """The routes, each of them looking at a settled state."""
    inspection = Inspection(state)
    return [
        Route("/health", inspection.health),
        Route("/calls", inspection.calls),
        Route("/consignments", inspection.consignments),
        Route("/consignments/by-customer-reference", inspection.by_customer_reference),
        Route("/orders", inspection.orders),
        Route("/faults", inspection.faults, methods=["GET"]),
        Route("/faults", inspection.add_fault, methods=["POST"]),
        Route("/faults", inspection.clear_faults, methods=["DELETE"]),
        Route("/latency", inspection.set_latency, methods=["POST"]),
        Route("/search-lag", inspection.set_search_lag, methods=["POST"]),
        Route("/keys", inspection.change_keys, methods=["POST"]),
        Route("/scans", inspection.add_scan, methods=["POST"]),
        Route("/reset", inspection.reset, methods=["POST"]),
    ]


class Inspection:
    """The answers under /_sandbox."""

    def __init__(self, state: SandboxState) -> None:
        self._state = state

    async def health(self, _: Request) -> Response:
        """Up, and how much it holds."""
        self._state.settle()
        return JSONResponse(
            {
                "status": "ok",
                "orders": len(self._state.orders),
                "consignments": len(self._state.consignments),
                "calls": len(self._state.calls),
            }
        )

    async def calls(self, request: Request) -> Response:
        """Every call to PRO, in the order of arrival."""
        self._state.settle()
        operation = request.query_params.get("operation")
        bodies = request.query_params.get("bodies", "").casefold() == "true"
        listed = [
            _call_json(record, bodies=bodies)
            for record in self._state.calls
            if operation is None or record.operation == operation
        ]
        return JSONResponse({"count": len(listed), "calls": listed})

    async def consignments(self, _: Request) -> Response:
        """Every consignment."""
        self._state.settle()
        listed = [
            _consignment_json(self._state, each) for each in self._state.consignments.values()
        ]
        return JSONResponse({"count": len(listed), "consignments": listed})

    async def by_customer_reference(self, _: Request) -> Response:
        """Consignment references by customer reference: two where one was wanted is a parcel
        too many."""
        self._state.settle()
        found: dict[str, list[str]] = {}
        for each in self._state.consignments.values():
            found.setdefault(each.customer_reference, []).append(each.reference)
        return JSONResponse(found)

    async def orders(self, _: Request) -> Response:
        """Every order."""
        self._state.settle()
        listed = [
            {
                "order_reference": order.reference,
                "order_reference_provided_by_customer": order.customer_reference,
                "consignments": [each for pair in order.consignments for each in pair if each],
            }
            for order in self._state.orders.values()
        ]
        return JSONResponse({"count": len(listed), "orders": listed})

    async def faults(self, _: Request) -> Response:
        """The fault rules and how often each fired."""
        self._state.settle()
        listed = [fault.as_json() for fault in self._state.faults.listing()]
        return JSONResponse({"faults": listed})

    async def add_fault(self, request: Request) -> Response:
        """Puts a fault rule in force."""
        try:
            fault = self._state.faults.add(FaultRule.model_validate_json(await request.body()))
        except ValueError as error:
            return _bad(error)
        self._state.save()
        return JSONResponse(fault.as_json(), status_code=201)

    async def clear_faults(self, _: Request) -> Response:
        """Takes all fault rules out of force."""
        self._state.faults.clear()
        self._state.save()
        return Response(status_code=204)

    async def set_latency(self, request: Request) -> Response:
        """Has every answer wait."""
        try:
            setting = LatencySetting.model_validate_json(await request.body())
        except ValueError as error:
            return _bad(error)
        self._state.latency_seconds = setting.seconds
        self._state.latency_jitter = setting.jitter
        return JSONResponse(setting.model_dump())

    async def set_search_lag(self, request: Request) -> Response:
        """Has new consignments be missing from searches for a while."""
        try:
            setting = SearchLagSetting.model_validate_json(await request.body())
        except ValueError as error:
            return _bad(error)
        self._state.search_lag_seconds = setting.seconds
        return JSONResponse(setting.model_dump())

    async def change_keys(self, request: Request) -> Response:
        """Revokes or restores a key; restoring an unknown one lets it in as well."""
        try:
            change = KeyChange.model_validate_json(await request.body())
        except ValueError as error:
            return _bad(error)
        if change.revoke is not None:
            self._state.keys.discard(change.revoke)
        if change.restore is not None:
            self._state.keys.add(change.restore)
        return JSONResponse({"valid_keys": len(self._state.keys)})

    async def add_scan(self, request: Request) -> Response:
        """Plays the carrier that scans a consignment."""
        self._state.settle()
        try:
            new = NewScan.model_validate_json(await request.body())
            scan(self._state, new)
        except ValueError as error:
            return _bad(error)
        self._state.save()
        return JSONResponse(new.model_dump(mode="json"), status_code=201)

    async def reset(self, _: Request) -> Response:
        """Forgets everything; references go on counting."""
        self._state.reset()
        return Response(status_code=204)


def _bad(error: ValueError) -> Response:
    # A mistake in a test's own steering: told plainly.
    if isinstance(error, ValidationError):
        return JSONResponse(
            {"error": error.errors(include_url=False, include_context=False)}, status_code=400
        )
    return JSONResponse({"error": str(error)}, status_code=400)


def _call_json(record: CallRecord, *, bodies: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sequence": record.sequence,
        "time": stamp(record.time),
        "method": record.method,
        "path": record.path,
        "query": record.query,
        "operation": record.operation,
        "status": "none" if record.status is None else record.status,
        "fault": record.fault,
        "changed": record.changed,
        "customer_references": record.customer_references,
        "consignment_references": record.consignments,
        "order_references": record.order_references,
        "order_references_provided_by_customer": record.order_customer_references,
    }
    if bodies:
        told |= {"request_body": record.request_body, "response_body": record.response_body}
    return told


def _consignment_json(state: SandboxState, consignment: Consignment) -> dict[str, Any]:
    order = state.orders.get(consignment.order_reference)
    allocation = consignment.allocation
    return {
        "consignment_reference": consignment.reference,
        "customer_reference": consignment.customer_reference,
        "order_reference": consignment.order_reference or None,
        "order_reference_provided_by_customer": order.customer_reference if order else None,
        "state": consignment.state.value,
        "direction": consignment.direction.value,
        "shipping_location_reference": consignment.shipping_location,
        "carrier_service_reference": allocation.service.reference if allocation else None,
        "allocation_count": consignment.allocation_count,
        "manifest_count": consignment.manifest_count,
        "states": [state.value for _, state in consignment.history],
    }
