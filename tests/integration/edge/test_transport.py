"""TLS as edges meet it: on by default, with or without certificates of their own."""

from __future__ import annotations

import datetime as dt
import ipaddress

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge_grpc.client.session import Session
from tests.integration.edge.conftest import credentials

pytestmark = pytest.mark.integration
NOW = dt.datetime.now(dt.UTC)


class Authority:
    """A certificate authority of the test's own; files are PEM."""

    def __init__(self, folder, name):
        self._folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = self._write(f"{name}.pem", self._certify(self._issuer, self._key, is_ca=True))

    def issue(self, name):
        """Return the files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        cert = self._write(f"{self._name}-{name}.pem", self._certify(subject, key, is_ca=False))
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key_file = self._folder / f"{self._name}-{name}.key"
        key_file.write_bytes(pem)
        return {"cert_file": cert, "key_file": key_file}

    def _certify(self, subject, key, *, is_ca):
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=1))
            .not_valid_after(NOW + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())

    def _write(self, name, certificate):
        path = self._folder / name
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


@pytest.fixture
def head_office(tmp_path):
    return Authority(tmp_path, "head-office")


@pytest.fixture
def encrypted(serving, head_office):
    """What starts servers with TLS; `client_ca` makes edges show a certificate."""
    pair = head_office.issue("server")

    def start(client_ca=None):
        return serving(
            insecure=False,
            tls_cert_file=pair["cert_file"],
            tls_key_file=pair["key_file"],
            tls_client_ca_file=client_ca,
        )

    return start


async def granted(server, shop, **how):
    """Ask for a token; return its company, or the status that came instead."""
    known = credentials(server, shop)
    changes = {"insecure": False, **how}
    fields = {name: getattr(known, name) for name in ("target", "client_id", "client_secret")}
    async with Session(type(known)(**fields, **changes)) as session:
        try:
            return (await session.grant()).company_id
        except grpc.aio.AioRpcError as error:
            return "leaked" if shop.client_secret in str(error) else error.code().name


async def test_server_with_tls_refuses_plaintext_and_strangers_certificates(
    encrypted, shop, head_office, tmp_path
):
    others = Authority(tmp_path, "others")
    async with encrypted() as server:
        assert await granted(server, shop, ca_file=head_office.file) == shop.company_id
        assert await granted(server, shop, insecure=True) == "UNAVAILABLE"
        assert await granted(server, shop, ca_file=others.file) == "UNAVAILABLE"
        assert await granted(server, shop) == "UNAVAILABLE"  # nobody vouches for our authority


async def test_server_with_client_authority_wants_a_certificate_of_it(
    encrypted, shop, head_office, tmp_path
):
    edges, others = Authority(tmp_path, "edges"), Authority(tmp_path, "others")
    async with encrypted(client_ca=edges.file) as server:
        known = {"ca_file": head_office.file}
        assert await granted(server, shop, **known, **edges.issue("till")) == shop.company_id
        assert await granted(server, shop, **known, **others.issue("till")) == "UNAVAILABLE"
        assert await granted(server, shop, **known) == "UNAVAILABLE"
