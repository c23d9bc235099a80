"""Who vouches for whom? A certificate authority of the tests' own, and the certificates it signs."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


class Authority:
    """An authority whose certificate lies at `file`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder, self._name = folder, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = self._made(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0), usage)
        self.file.write_bytes(made.public_bytes(PEM))

    def signs(self, name: str, address: str | None = None) -> tuple[Path, Path]:
        """The files of a certificate for that name (and that address), and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))] if address else [x509.DNSName(name)])
        certificate, secret = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        certificate.write_bytes(self._made(subject, key, names).public_bytes(PEM))
        secret.write_bytes(key.private_bytes(PEM, PKCS8, serialization.NoEncryption()))
        return certificate, secret

    def server(self, address: str = "127.0.0.1", *, asks: "Authority | None" = None) -> ssl.SSLContext:
        """The context of a server at that address; `asks` = clients must show what that authority signed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.signs(f"server-{address}", address))
        if asks is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(asks.file)
        return context

    def _made(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC) - timedelta(minutes=5)
        number = x509.random_serial_number()
        made = x509.CertificateBuilder(self._name, subject, key.public_key(), number, now, now + timedelta(days=1))
        for one in extensions:
            made = made.add_extension(one, critical=isinstance(one, x509.BasicConstraints))
        whose = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return made.add_extension(whose, critical=False).sign(self._key, hashes.SHA256())
