"""An SMTP server for the tests: aiosmtpd, with a fault to choose.

usage: smtp_server.py <mode> <folder>

Whatever the mode, it refuses recipients called nobody.

Makes a certificate authority and certificates in <folder>, listens on a free
port of 127.0.0.1, and prints one JSON object a line: first {"port": n}, then
{"raw": text} for what arrives in clear, {"mail": text, "from", "to"} for each
mail accepted, and where it is slow {"data": true} before. Ends with its standard input.
"""

import asyncio
import base64
import datetime
import ipaddress
import json
import logging
import ssl
import sys
import warnings
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MODE, FOLDER = sys.argv[1], Path(sys.argv[2])
# What a test provokes is not worth a line in its output.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
warnings.simplefilter("ignore")

# All that a client needs to take its mail for sent, from EHLO to the receipt.
INJECTED = "\r\n250-x\r\n250 AUTH PLAIN LOGIN"
if MODE != "inject_open":
    INJECTED += "\r\n235 ok"
INJECTED += "\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued"

USER, PASSWORD = b"mailer@example.com", b"hunter2 /?#"


# Refusals for good by their code alone, and not by what they say.
PASSES = {
    "mailbox_full": "552 5.2.2 mailbox full",
    "unknown_sender": "550 5.1.8 sender address rejected: domain not found",
    "quota": "550 5.4.5 daily sending quota exceeded",
    "no_relay": "554 5.7.1 <ann@example.com>: Relay access denied",
    "unverified": "554 Message rejected: Email address is not verified.",
}


def report(**event):
    print(json.dumps(event), flush=True)


def certificates():
    """ca.pem, and server.pem (with its key) for 127.0.0.1 or, in the mode
    wrong_name, for another name."""

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def builder(subject, issuer, key):
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = (
        builder("Test CA", "Test CA", ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    alternative = (
        x509.DNSName("elsewhere.example.com")
        if MODE == "wrong_name"
        else x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    )
    server = (
        builder("server", "Test CA", key)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (FOLDER / "ca.pem").write_bytes(ca.public_bytes(pem))
    (FOLDER / "server.pem").write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + server.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem")
    return context


class Recording(SMTP):
    if MODE == "helo_only":

        async def smtp_EHLO(self, hostname):
            await self.push("502 5.5.1 command not implemented")

    async def smtp_AUTH(self, arg):
        """XOAUTH2, which aiosmtpd does not know."""
        if MODE != "xoauth2":
            return await super().smtp_AUTH(arg)
        report(auth=arg)
        wanted = b"user=mailer@example.com\x01auth=Bearer t0ken\x01\x01"
        if arg == "XOAUTH2 " + base64.b64encode(wanted).decode():
            self.session.authenticated = True
            await self.push("235 2.7.0 ok")
        else:
            await self.push("334 eyJzdGF0dXMiOiI0MDAifQ==")
            report(explained=(await self._reader.readline()).decode())
            await self.push("535 5.7.3 Authentication unsuccessful")

    """Tells what arrives before TLS."""

    def data_received(self, data):
        if self._tls_protocol is None and MODE != "implicit":
            report(raw=data.decode("latin-1"))
        # As if what lies in between had forgotten the connection.
        if MODE == "forgotten" and getattr(self, "taken", False):
            return
        super().data_received(data)

    async def push(self, status):
        self.taken = status == "250 queued"
        # Whoever sits in between may add answers before TLS protects them: to
        # the one to STARTTLS, or to the one before, in place of that.
        in_clear = self._tls_protocol is None and isinstance(status, str)
        if MODE.startswith("inject") and in_clear and status.startswith("220 Ready"):
            if MODE == "inject_early":
                return
            status += INJECTED
        if MODE == "inject_early" and in_clear and status.startswith("250 "):
            status += "\r\n220 go" + INJECTED
        if MODE in ("ntlm", "xoauth2") and isinstance(status, str):
            offers = "NTLM GSSAPI" if MODE == "ntlm" else "XOAUTH2"
            status = status.replace("AUTH LOGIN PLAIN", f"AUTH {offers}")
        if MODE == "seven_bit" and isinstance(status, str) and status == "250-8BITMIME":
            return
        if MODE == "one_mail" and status == "250 queued":
            status += "\r\n421 4.4.2 idle for too long"
            await super().push(status)
            self.transport.close()
            return
        await super().push(status)


class Handler:
    def __init__(self):
        self.seen = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "553 5.7.1 not your address" if MODE == "reject_sender" else "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if MODE == "reject_recipient" or address.startswith("nobody@"):
            return f"550 5.1.1 <{address}>: no such user"
        if MODE in PASSES:
            return PASSES[MODE]
        if MODE == "stalled":
            await asyncio.Event().wait()
        if MODE == "defer":
            return "451 4.7.1 greylisted, try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.seen += 1
        content = envelope.content.decode("utf-8")
        if MODE == "reject_content":
            link = next(line for line in content.splitlines() if "://" in line)
            return f"554 5.7.1 listed URL {link.strip()}"
        if MODE == "tarpit":
            await asyncio.Event().wait()
        if MODE == "slow":
            report(data=True)
            await asyncio.sleep(5)
        report(mail=content, **{"from": envelope.mail_from, "to": envelope.rcpt_tos})
        if MODE == "no_receipt":
            await asyncio.Event().wait()
        if MODE == "drop_after_data" and self.seen == 1:
            server.transport.abort()
        return "250 queued"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER,
        PASSWORD,
    )
    return AuthResult(success=right, handled=False)


async def silent(reader, writer):
    await reader.read()
    writer.close()


async def main():
    context = certificates()
    handler = Handler()
    tls = {"tls_context": context, "require_starttls": True}
    if MODE in ("no_starttls", "clear", "implicit", "helo_only"):
        tls = {"auth_require_tls": False}

    def protocol():
        return Recording(
            handler,
            authenticator=authenticate,
            auth_required=MODE not in ("no_starttls", "clear", "inject_open", "helo_only"),
            enable_SMTPUTF8=MODE != "ascii_only",
            loop=asyncio.get_running_loop(),
            **tls,
        )

    loop = asyncio.get_running_loop()
    if MODE == "silent":
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
    else:
        server = await loop.create_server(
            protocol, "127.0.0.1", 0, ssl=context if MODE == "implicit" else None
        )
    report(port=server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
