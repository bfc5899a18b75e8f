"""An order service that keeps its state through Dapr, told step by step.

`make run` starts it beside a sidecar. It knows one thing about its database: the name `statestore`. Which database
that is stands in a YAML file; see README.md for Redis and PostgreSQL. Any surprise ends it with an error.
"""

import asyncio
import json

import grpc
from dapr.aio.clients import DaprClient as AsyncDaprClient
from dapr.clients import DaprClient
from dapr.clients.grpc._request import TransactionalStateOperation, TransactionOperationType
from dapr.clients.grpc._state import Concurrency, StateItem, StateOptions

import web_session

STORE = "statestore"
FIRST_WRITE = StateOptions(concurrency=Concurrency.first_write)


def say(step: str, result: str) -> None:
    print(f"  {step:<34} {result}", flush=True)


def order(number: int, **more) -> str:
    return json.dumps({"orderId": number, "item": "tea", **more})


def save_get_delete(client: DaprClient) -> None:
    client.save_state(STORE, "order-1", order(1))
    found = client.get_state(STORE, "order-1")
    assert json.loads(found.data) == {"orderId": 1, "item": "tea"}, found.data
    say("save and get", f"{found.text()}  (ETag {found.etag})")

    client.delete_state(STORE, "order-1")
    assert not client.get_state(STORE, "order-1").data
    say("delete", "order-1 is gone")


def bulk(client: DaprClient) -> None:
    client.save_bulk_state(STORE, [StateItem(f"order-{number}", order(number)) for number in (2, 3, 4)])
    found = client.get_bulk_state(STORE, ["order-2", "order-3", "order-4", "order-5"]).items
    sizes = {item.key: len(item.data) for item in found}
    assert sizes["order-5"] == 0 and all(sizes[key] for key in ("order-2", "order-3", "order-4")), sizes
    say("bulk save and bulk get", "3 orders written in one call; order-5 was never written")


def conflict(client: DaprClient, how: str, **first_write) -> None:
    """Two clerks read one order; the first to write wins, the second is told."""
    etag = client.get_state(STORE, "order-2").etag
    client.save_state(STORE, "order-2", order(2, paid=True), etag=etag, **first_write)
    try:
        client.save_state(STORE, "order-2", order(2, paid=False), etag=etag, **first_write)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.ABORTED, error
    else:
        raise AssertionError("a write with an old ETag must fail")
    assert json.loads(client.get_state(STORE, "order-2").data)["paid"] is True
    say(f"ETag conflict {how}", "the second writer is refused (ABORTED)")


def transaction(client: DaprClient) -> None:
    paid, gone = order(3, paid=True), TransactionOperationType.delete
    client.execute_state_transaction(
        STORE,
        [
            TransactionalStateOperation(key="order-3", data=paid),
            TransactionalStateOperation(key="order-4", operation_type=gone),
        ],
    )
    assert client.get_state(STORE, "order-3").text() == paid
    assert not client.get_state(STORE, "order-4").data
    say("transaction", "order-3 paid and order-4 cancelled, both or neither")


async def asynchronous() -> None:
    async with AsyncDaprClient() as client:
        keys = [f"order-{number}" for number in range(10, 20)]
        await asyncio.gather(*(client.save_state(STORE, key, order(10)) for key in keys))
        found = await asyncio.gather(*(client.get_state(STORE, key) for key in keys))
        assert all(item.data for item in found)
        await asyncio.gather(*(client.delete_state(STORE, key) for key in keys))
        say("async client", "10 orders saved, read and deleted side by side")


def count_runs(client: DaprClient) -> None:
    """State outlives the program: this number grows with each run."""
    found = client.get_state(STORE, "runs")
    runs = int(found.data or 0) + 1
    client.save_state(STORE, "runs", str(runs), etag=found.etag or None, options=FIRST_WRITE)
    say("what is kept between runs", f"this was run number {runs} on this store")


def main() -> None:
    with DaprClient() as client:
        about = client.get_metadata()
        store = next(item for item in about.registered_components if item.name == STORE)
        print(f"Orders of app `{about.application_id}`, kept in `{store.name}` ({store.type} {store.version})", flush=True)
        save_get_delete(client)
        bulk(client)
        conflict(client, "(by options)", options=FIRST_WRITE)
        conflict(client, "(by metadata)", state_metadata={"concurrency": "first-write"})
        transaction(client)
        asyncio.run(asynchronous())
        web_session.play(say)
        count_runs(client)
    print("Everything worked.", flush=True)


if __name__ == "__main__":
    main()
