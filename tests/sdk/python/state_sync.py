"""Every state call of the published SDK's sync client. Ends with an error at the first surprise.

Usage: state_sync.py STORE [transactions] [query]: what the store can do beyond the basics.
"""

import json
import sys

import grpc
from dapr.clients import DaprClient
from dapr.clients.grpc._request import TransactionalStateOperation, TransactionOperationType
from dapr.clients.grpc._state import Concurrency, Consistency, StateItem, StateOptions
from surprise import refused

FIRST_WRITE = StateOptions(concurrency=Concurrency.first_write, consistency=Consistency.strong)
STORE, CAN = sys.argv[1], set(sys.argv[2:])


def values(client):
    for key, value in {
        "text": "plain text, no JSON",
        "json": '{"a":[1,2.5,null,"ü"]}',
        "number": "42",
        "bytes": bytes(range(256)),
        "long": "x" * 200_000,
        "key with spaces/and?more": "special",
        "schlüssel": "wert",
    }.items():
        client.save_state(STORE, key, value)
        found = client.get_state(STORE, key)
        expected = value if isinstance(value, bytes) else value.encode()
        assert found.data == expected, (key, found.data[:80])
        assert found.etag, key
        client.delete_state(STORE, key)
        gone = client.get_state(STORE, key)
        assert (gone.data, gone.etag) == (b"", ""), key
    client.delete_state(STORE, "never written")


def etags(client, **how):
    client.delete_state(STORE, "etag")
    client.save_state(STORE, "etag", "one", **how)
    old = client.get_state(STORE, "etag").etag
    client.save_state(STORE, "etag", "two", etag=old, **how)
    assert client.get_state(STORE, "etag").etag != old
    with refused(grpc.StatusCode.ABORTED, "etag mismatch"):
        client.save_state(STORE, "etag", "three", etag=old, **how)
    with refused(grpc.StatusCode.ABORTED):
        client.delete_state(STORE, "etag", etag=old, **how)
    assert client.get_state(STORE, "etag").data == b"two"
    if how:
        with refused(grpc.StatusCode.ABORTED):
            client.save_state(STORE, "etag", "no etag, and not the first", **how)
    client.delete_state(STORE, "etag", etag=client.get_state(STORE, "etag").etag, **how)
    assert not client.get_state(STORE, "etag").data


def bulk(client):
    client.save_bulk_state(STORE, [StateItem(f"bulk-{i}", f"value {i}") for i in range(50)])
    keys = [f"bulk-{i}" for i in range(51)]
    for parallelism in (1, 10, 100):
        items = client.get_bulk_state(STORE, keys, parallelism=parallelism).items
        found = {item.key: item for item in items}
        assert set(found) == set(keys)
        for i in range(50):
            item = found[f"bulk-{i}"]
            assert (item.data, item.error) == (f"value {i}".encode(), "") and item.etag, item.data
        assert (found["bulk-50"].data, found["bulk-50"].etag) == (b"", "")
    old = found["bulk-0"].etag
    client.save_state(STORE, "bulk-0", "newer")
    with refused(grpc.StatusCode.ABORTED):
        client.save_bulk_state(STORE, [StateItem("bulk-0", "stale", etag=old, options=FIRST_WRITE.get_proto())])
    assert client.get_state(STORE, "bulk-0").data == b"newer"


def time_to_live(client):
    client.save_state(STORE, "ttl", "for a while", state_metadata={"ttlInSeconds": "1000"})
    found = client.get_state(STORE, "ttl")
    assert found.data == b"for a while"
    with refused(grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT):
        client.save_state(STORE, "ttl", "?", state_metadata={"ttlInSeconds": "soon"})


def transactions(client):
    client.save_state(STORE, "tx-gone", "here")
    client.execute_state_transaction(
        STORE,
        [
            TransactionalStateOperation(key="tx-new", data="new"),
            TransactionalStateOperation(key="tx-bytes", data=b"\x00\xff"),
            TransactionalStateOperation(key="tx-gone", operation_type=TransactionOperationType.delete),
        ],
        transactional_metadata={"note": "passed on to the store"},
    )
    assert client.get_state(STORE, "tx-new").data == b"new"
    assert client.get_state(STORE, "tx-bytes").data == b"\x00\xff"
    assert not client.get_state(STORE, "tx-gone").data
    with refused():
        client.execute_state_transaction(
            STORE,
            [
                TransactionalStateOperation(key="tx-half", data="half"),
                TransactionalStateOperation(key="tx-new", data="stale", etag="17"),
            ],
        )
    assert not client.get_state(STORE, "tx-half").data, "a refused transaction must leave nothing behind"
    assert client.get_state(STORE, "tx-new").data == b"new"


def query(client):
    people = {"q1": ("Ada", "DE"), "q2": ("Bo", "SE"), "q3": ("Cem", "DE")}
    json_kind = {"contentType": "application/json"}
    for key, (name, country) in people.items():
        value = json.dumps({"name": name, "country": country})
        client.save_state(STORE, key, value, state_metadata=json_kind)
    wanted = {"filter": {"EQ": {"country": "DE"}}, "sort": [{"key": "name", "order": "DESC"}]}
    found = client.query_state(STORE, json.dumps(wanted), states_metadata=json_kind)
    assert [item.key for item in found.results] == ["q3", "q1"], [item.key for item in found.results]
    assert json.loads(found.results[0].value)["name"] == "Cem"


def wrong(client):
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "state store nobody is not found", reason="DAPR_STATE_NOT_FOUND"):
        client.get_state("nobody", "key")
    with refused(grpc.StatusCode.INVALID_ARGUMENT, reason="DAPR_STATE_NOT_FOUND"):
        client.save_state("nobody", "key", "value")
    with refused(grpc.StatusCode.INVALID_ARGUMENT, reason="DAPR_STATE_ILLEGAL_KEY"):
        client.get_state(STORE, "two||parts")


with DaprClient() as client:
    values(client)
    etags(client)
    etags(client, options=FIRST_WRITE)
    etags(client, state_metadata={"concurrency": "first-write"})
    bulk(client)
    time_to_live(client)
    wrong(client)
    if "transactions" in CAN:
        transactions(client)
    if "query" in CAN:
        query(client)
print("state_sync: all as expected")
