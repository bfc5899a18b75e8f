"""What the programs in this folder share: the expectation that a call is refused."""

from contextlib import contextmanager

import grpc
from dapr.clients.exceptions import DaprInternalError

FAILURES = (grpc.RpcError, DaprInternalError)


def rpc_error(error):
    """The answer of the sidecar: some calls of the async client hide it behind an error of the SDK."""
    return error if isinstance(error, grpc.RpcError) else error.__cause__


@contextmanager
def refused(*expected, reason=None):
    """Expects an error whose code is one of the codes and whose text holds every text among `expected`."""
    codes = [one for one in expected if isinstance(one, grpc.StatusCode)]
    texts = [one for one in expected if isinstance(one, str)]
    try:
        yield
    except FAILURES as raised:
        error = rpc_error(raised)
        assert not codes or error.code() in codes, f"{error.code()}, expected {codes}: {error.details()}"
        for text in texts:
            assert text in error.details(), f"{text!r} is not in {error.details()!r}"
        if reason is not None:
            found = error.error_code() if callable(getattr(error, "error_code", None)) else ""
            assert found == reason, f"reason {found!r}, expected {reason!r}: {error}"
    else:
        raise AssertionError(f"expected an error: {expected} {reason or ''}")
