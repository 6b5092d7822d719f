"""How errors become gRPC statuses: a code, a public text, and `google.rpc` details.

A known error carries its reason; anything else is logged with an id, and the caller gets the id.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

import logging
import uuid
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc.aio import ServicerContext
from grpc_status import rpc_status

from edge_grpc.database import CONNECTION_ERRORS
from edge_grpc.errors import CallError, UnavailableError

logger = logging.getLogger(__name__)
DOMAIN = "edge_grpc.v1"
Context = ServicerContext[Any, Any]


def to_status(error: CallError) -> status_pb2.Status:
    """Return the status with ErrorInfo, and RetryInfo when waiting helps."""
    code = grpc.StatusCode[error.status]
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN)
    status = status_pb2.Status(code=code.value[0], message=error.message)
    status.details.append(_packed(info))
    if error.retry_seconds is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(error.retry_seconds * 1000))
        status.details.append(_packed(retry))
    return status


def _packed(detail: Any) -> AnyMessage:  # noqa: ANN401 - any generated message
    packed = AnyMessage()
    packed.Pack(detail)
    return packed


async def abort(context: Context, error: CallError) -> NoReturn:
    """End the call with the error's status, text and details."""
    converted = rpc_status.to_status(to_status(error))
    await context.abort(converted.code, converted.details, converted.trailing_metadata)


async def abort_with(context: Context, method: str, error: Exception) -> NoReturn:
    """End the call with a status that the contract knows, whatever was raised."""
    if isinstance(error, CallError):
        await abort(context, error)
    if isinstance(error, CONNECTION_ERRORS):
        logger.warning("%s: the database is away: %s", method, type(error).__name__)
        away = UnavailableError("DATABASE_AWAY", "Head office's data cannot be reached just now.")
        await abort(context, away)
    if isinstance(error, grpc.aio.InternalError):
        # gRPC could not send, because the connection is gone: nobody is left to read an answer.
        logger.info("%s: the edge's connection broke", method)
        await context.abort(grpc.StatusCode.CANCELLED, "The connection broke.")
    error_id = uuid.uuid4().hex
    logger.error("%s failed, error id %s", method, error_id, exc_info=error)
    await abort(context, _internal(error_id))


class _InternalError(CallError):
    status = "INTERNAL"


def _internal(error_id: str) -> CallError:
    return _InternalError("INTERNAL_ERROR", f"Internal error {error_id}.")
