"""Secrets, metadata, waiting and shutdown through the published SDK's sync client.

The sidecar has the secret store `secrets` with `password` and `multi` (of two parts), and its Configuration denies
the secret `denied`.
"""

import grpc
from dapr.clients import DaprClient
from surprise import refused

with DaprClient() as client:
    client.wait(10)

    assert client.get_secret("secrets", "password").secret == {"password": "quiet"}
    everything = client.get_bulk_secret("secrets").secrets
    assert everything["password"] == {"password": "quiet"}, everything
    assert "denied" not in everything, everything
    with refused(grpc.StatusCode.PERMISSION_DENIED, "access denied by policy"):
        client.get_secret("secrets", "denied")
    with refused(grpc.StatusCode.INVALID_ARGUMENT):
        client.get_secret("nobody", "password")
    with refused(grpc.StatusCode.INTERNAL):
        client.get_secret("secrets", "no such secret")

    client.set_metadata("colour", "green")
    about = client.get_metadata()
    assert about.application_id == "test", about.application_id
    assert about.extended_metadata["colour"] == "green", about.extended_metadata
    assert about.extended_metadata["daprRuntimeVersion"].startswith("1.18"), about.extended_metadata
    found = {component.name: component for component in about.registered_components}
    assert found["statestore"].type == "state.in-memory" and found["statestore"].version == "v1"
    assert {"ETAG", "TRANSACTIONAL"} <= set(found["statestore"].capabilities), found["statestore"].capabilities

    client.shutdown()
print("about: all as expected")
