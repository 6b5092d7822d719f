"""IssueToken and RefreshToken: the only calls that need no token, and so the most limited."""

from __future__ import annotations

from datetime import UTC, datetime

from edge_grpc.auth import Generations
from edge_grpc.credentials import Client, CredentialStore, Refresh
from edge_grpc.rate_limit import RateLimit
from edge_grpc.status import Context
from edge_grpc.tokens import Tokens
from edge_grpc.v1 import auth_pb2 as auth


class TokenServicer:
    """The calls about tokens."""

    def __init__(
        self,
        credentials: CredentialStore,
        tokens: Tokens,
        generations: Generations,
        strangers: RateLimit,
    ) -> None:
        self._credentials = credentials
        self._tokens = tokens
        self._generations = generations
        self._strangers = strangers

    async def IssueToken(  # noqa: N802 - named by the contract
        self, request: auth.IssueTokenRequest, context: Context
    ) -> auth.IssueTokenResponse:
        self._strangers.take((_host(context), request.client_id[:64]))
        pair = await self._credentials.check(request.client_id, request.client_secret)
        return auth.IssueTokenResponse(grant=self._grant(*pair))

    async def RefreshToken(  # noqa: N802
        self, request: auth.RefreshTokenRequest, context: Context
    ) -> auth.RefreshTokenResponse:
        self._strangers.take((_host(context), "refresh"))
        pair = await self._credentials.refresh(request.refresh_token)
        return auth.RefreshTokenResponse(grant=self._grant(*pair))

    def _grant(self, client: Client, refresh: Refresh) -> auth.TokenGrant:
        token, expires_at = self._tokens.issue(
            client.client_id,
            client.company_id,
            client.store_id,
            scopes=client.scopes,
            generation=client.generation,
        )
        self._generations.set(client.client_id, client.generation)
        grant = auth.TokenGrant(
            access_token=token,
            expires_in_seconds=int((expires_at - datetime.now(UTC)).total_seconds()),
            refresh_token=refresh.token,
            company_id=str(client.company_id),
            store_id=str(client.store_id),
            scopes=client.scopes,
        )
        grant.refresh_expires_at.FromDatetime(refresh.expires_at)
        return grant


def _host(context: Context) -> str:
    """Return the caller's address without its port."""
    return str(context.peer()).rpartition(":")[0]
