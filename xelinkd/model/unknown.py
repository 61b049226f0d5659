"""Why nothing could be learned from a source: one stable word for each reason, in logs, metrics, messages."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why an observation is unknown. The words are part of the product's interface: never rename one."""

    # No answer: the way to the source.
    DNS = "dns"  # the host's name does not resolve
    REFUSED = "refused"  # nothing listens on the port
    UNREACHABLE = "unreachable"  # the network does not let us through to the host
    TIMEOUT = "timeout"  # the whole fetch was not done by its deadline, however much had come
    CLOSED = "closed"  # the connection was closed or reset without a whole answer
    PASSWORD_UNREADABLE = "password_unreadable"  # noqa: S105  no password: the password file cannot be read, or is empty
    CA_UNREADABLE = "ca_unreadable"  # the CA file cannot be read, or holds no certificate
    TLS_CERTIFICATE = "tls_certificate"  # the server's certificate is untrusted, expired or for another name
    TLS = "tls"  # TLS failed otherwise, e.g. the server speaks plain HTTP

    # An answer that is not a page.
    UNAUTHORIZED = "unauthorized"  # the user or the password is refused
    HTTP_STATUS = "http_status"  # another status than 200
    REDIRECT = "redirect"  # the server points elsewhere; we do not follow
    ENCODED = "encoded"  # the body is compressed or encoded, which we did not ask for
    TOO_LARGE = "too_large"  # more bytes than a page may have
    TRUNCATED = "truncated"  # the body ended before its announced end
    PROTOCOL = "protocol"  # the answer is not HTTP, or HTTP that breaks its own rules

    XPUM_ERROR = "xpum_error"  # REST: XPU Manager says that it could not read the topology

    # A page that does not tell the topology.
    NOT_JSON = "not_json"  # REST: HTML, a page, nothing at all: not JSON
    NOT_EXPOSITION = "not_exposition"  # HTML, JSON, nothing at all: not a page of XPU Manager
    XPUM2 = "xpum2"  # a page of XPU Manager 2, which does not show XeLink
    NO_FAMILY = "no_family"  # XPU Manager's page without the topology: the call failed inside it
    NO_SAMPLES = "no_samples"  # the topology's family is there, with no usable sample
    MALFORMED = (
        "malformed"  # a line of the topology's family breaks the exposition format; REST: a row its form
    )
    INCOMPLETE = "incomplete"  # not a full square of pairs, and not yet seen often enough to be believed

    # Level Zero.
    NO_LIBRARY = "no_library"  # the loader, the driver or a library that it needs is missing, or too old
    NO_GPU = "no_gpu"  # neither Level Zero nor the kernel shows a GPU
    NO_RIGHTS = "no_rights"  # the GPUs' device nodes are not there or cannot be opened, or some of them
    NETWORK_NAMESPACE = "network_namespace"  # the fabric's driver does not speak in this network namespace
    NO_PORTS = "no_ports"  # Level Zero shows no port of a GPU that has a fabric, or may have one
    DRIVER_ERROR = "driver_error"  # a call of Level Zero failed
    DRIVER_CRASHED = "driver_crashed"  # the process that asked it ended without an answer


class UnknownPageError(ValueError):
    """A page does not tell the topology; `reason` is the stable word for why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep the reason beside the sentence for people."""
        super().__init__(detail)
        self.reason = reason
