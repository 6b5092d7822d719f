"""Sends an alert to the people on call: a Slack-compatible webhook, and e-mail."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from typing import Any, cast

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from vendor_sync.connections import Connection, ConnectionSource
from vendor_sync.errors import ConfigurationError

CONNECTIONS = {"webhook": "alerts_webhook", "email": "alerts_smtp"}
_TIMEOUT = (3.05, 5)
_HEADER_CHARACTERS = 150
_TEXT_CHARACTERS = 2_900
_SUBJECT_CHARACTERS = 200
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class DeliveryError(Exception):
    """A channel did not take an alert; the message holds no address, as that may be a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An alert as people read it."""

    severity: str
    title: str
    message: str
    facts: Mapping[str, str]
    link: str | None
    runbook: str | None
    opened_at: datetime

    def plain_text(self) -> str:
        """Return all of it as lines."""
        facts = [f"{name}: {value}" for name, value in self.facts.items()]
        at = f"at: {self.opened_at:%Y-%m-%d %H:%M:%S %Z}"
        places = (("Log", self.link), ("Runbook", self.runbook))
        links = [f"{name}: {address}" for name, address in places if address]
        return "\n".join((self.message, "", *facts, at, *links))


def channels(source: ConnectionSource) -> list[str]:
    """Return the channels whose connection is defined, be it in a way that nobody can read."""
    return [name for name, conn_id in CONNECTIONS.items() if _is_defined(source, conn_id)]


def _is_defined(source: ConnectionSource, conn_id: str) -> bool:
    try:
        return source(conn_id) is not None
    except ConfigurationError:  # the delivery fails by it, and says so; the alert is kept
        return True


def send(source: ConnectionSource, channel: str, message: Message) -> None:
    """Deliver to one channel, twice if the first try meets a closed door; else DeliveryError."""
    try:
        connection = source(CONNECTIONS[channel])
    except ConfigurationError as error:
        raise DeliveryError(str(error)) from None
    if connection is None:
        text = f"Connection '{CONNECTIONS[channel]}' is no longer defined."
        raise DeliveryError(text)
    senders: dict[str, Callable[[Connection, Message], None]] = {
        "webhook": _post,
        "email": _mail,
    }
    retrying = Retrying(
        retry=retry_if_exception_type((requests.ConnectionError, smtplib.SMTPServerDisconnected)),
        stop=stop_after_attempt(2),
        wait=wait_fixed(0.5),
        reraise=True,
    )
    try:
        retrying(senders[channel], connection, message)
    # ValueError: what no header can hold was entered, such as an address with a line break.
    except (requests.RequestException, smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryError(_cause(error)) from None
    except ConfigurationError as error:
        raise DeliveryError(str(error)) from None


def _post(connection: Connection, message: Message) -> None:
    headers = {"Authorization": f"Bearer {connection.password}"} if connection.password else {}
    # Prepared outside of a session: in one, a .netrc file puts its own password in place of ours.
    request = requests.Request(
        "POST", _url(connection), json=slack_message(message), headers=headers
    ).prepare()
    with requests.Session() as session, _unlogged(request.path_url):
        proxies = session.merge_environment_settings(
            request.url, proxies={}, stream=False, verify=None, cert=None
        )
        # What is told is for that address alone, and so is the token.
        response = session.send(request, timeout=_TIMEOUT, allow_redirects=False, **proxies)
    response.raise_for_status()
    if response.is_redirect:
        text = f"{response.status_code}: the webhook sends us elsewhere, enter its real address"
        raise DeliveryError(text)


@contextmanager
def _unlogged(path: str) -> Generator[None]:
    """Keep a webhook's path, which is a password, out of the debug lines of whoever sends it."""

    def without_path(record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple("***" if value == path else value for value in record.args)
        return True

    logger = logging.getLogger("urllib3.connectionpool")
    logger.addFilter(without_path)
    try:
        yield
    finally:
        logger.removeFilter(without_path)


def _url(connection: Connection) -> str:
    if connection.host.startswith(("http://", "https://")):
        return connection.host
    text = f"Connection '{connection.conn_id}': host must be the webhook's URL, with https://."
    raise ConfigurationError(text)


def slack_message(message: Message) -> dict[str, Any]:
    """Return the message in Slack's form; others of the trade read it too."""
    title = f"[{message.severity}] {message.title}"
    facts = "  ".join(f"*{name}* {_escaped(value)}" for name, value in message.facts.items())
    places = ((message.link, "Run and log"), (message.runbook, "What to do"))
    links = [f"<{address}|{name}>" for address, name in places if address]
    body = _escaped(message.message)[:_TEXT_CHARACTERS]
    return {
        "text": _escaped(title),
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": title[:_HEADER_CHARACTERS]},
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": body}},
            {
                "type": "context",
                "elements": [{"type": "mrkdwn", "text": "  ".join((facts, *links))}],
            },
        ],
    }


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _mail(connection: Connection, message: Message) -> None:
    mail = EmailMessage()
    mail["Subject"] = " ".join(f"[{message.severity}] {message.title}".split())[
        :_SUBJECT_CHARACTERS
    ]
    mail["From"] = _required(connection, "from_email")
    mail["To"] = _required(connection, "to_email")
    mail.set_content(message.plain_text())
    port = connection.port or 0
    over_tls = not connection.flag("disable_ssl")
    # smtplib's own would take any certificate, and give the password to whoever shows one.
    tls = ssl.create_default_context()
    client = partial(smtplib.SMTP_SSL, context=tls) if over_tls else smtplib.SMTP
    with client(connection.host, port, timeout=_TIMEOUT[1]) as server:
        if not over_tls and not connection.flag("disable_tls"):
            server.starttls(context=tls)
        if connection.login:
            server.login(connection.login, connection.require_password("the SMTP password"))
        server.send_message(mail)


def _required(connection: Connection, name: str) -> str:
    value: object = connection.extra.get(name)
    if isinstance(value, list):
        return ", ".join(str(address) for address in cast("list[object]", value))
    if not isinstance(value, str) or not value:
        text = f"Connection '{connection.conn_id}': extra '{name}' must be an e-mail address."
        raise ConfigurationError(text)
    return value


def _cause(error: Exception) -> str:
    """Say what happened without the address: a webhook's URL is a password."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"
