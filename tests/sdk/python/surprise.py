"""What the programs in this folder share: the expectation that a call is refused."""

from contextlib import contextmanager

import grpc


@contextmanager
def refused(*expected, reason=None):
    """Expects an error whose code is one of the codes and whose text holds every text among `expected`."""
    codes = [one for one in expected if isinstance(one, grpc.StatusCode)]
    texts = [one for one in expected if isinstance(one, str)]
    try:
        yield
    except grpc.RpcError as error:
        assert not codes or error.code() in codes, f"{error.code()}, expected {codes}: {error.details()}"
        for text in texts:
            assert text in error.details(), f"{text!r} is not in {error.details()!r}"
        if reason is not None:
            found = error.error_code() if callable(getattr(error, "error_code", None)) else ""
            assert found == reason, f"reason {found!r}, expected {reason!r}: {error}"
    else:
        raise AssertionError(f"expected an error: {expected} {reason or ''}")
