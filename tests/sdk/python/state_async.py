"""Every state call of the published SDK's async client. Usage: state_async.py STORE [transactions]"""

import asyncio
import sys

import grpc
from dapr.aio.clients import DaprClient
from dapr.clients.grpc._request import TransactionalStateOperation, TransactionOperationType
from dapr.clients.grpc._state import Concurrency, StateItem, StateOptions
from surprise import FAILURES, refused, rpc_error

STORE, CAN = sys.argv[1], set(sys.argv[2:])
FIRST_WRITE = StateOptions(concurrency=Concurrency.first_write)


async def side_by_side(client):
    keys = [f"async-{i}" for i in range(64)]
    await asyncio.gather(*(client.save_state(STORE, key, f"value of {key}") for key in keys))
    found = await asyncio.gather(*(client.get_state(STORE, key) for key in keys))
    assert [item.data for item in found] == [f"value of {key}".encode() for key in keys]
    await asyncio.gather(*(client.delete_state(STORE, key) for key in keys))
    gone = await client.get_bulk_state(STORE, keys, parallelism=16)
    assert len(gone.items) == 64 and not any(item.data for item in gone.items)


async def counter(client):
    """Eight writers count to eighty; each lost race is told and tried again."""

    async def add():
        while True:
            found = await client.get_state(STORE, "count")
            try:
                value = str(int(found.data) + 1)
                return await client.save_state(STORE, "count", value, etag=found.etag, options=FIRST_WRITE)
            except FAILURES as error:
                assert rpc_error(error).code() == grpc.StatusCode.ABORTED, error

    async def ten():
        for _ in range(10):
            await add()

    await client.save_state(STORE, "count", "0")
    await asyncio.gather(*(ten() for _ in range(8)))
    assert (await client.get_state(STORE, "count")).data == b"80"


async def bulk_and_conflict(client):
    await client.save_bulk_state(STORE, [StateItem("a", "1"), StateItem("b", "2")])
    found = await client.get_bulk_state(STORE, ["a", "b"])
    assert {item.key: item.data for item in found.items} == {"a": b"1", "b": b"2"}
    old = (await client.get_state(STORE, "a")).etag
    how = {"etag": old, "state_metadata": {"concurrency": "first-write"}}
    await client.save_state(STORE, "a", "first", **how)
    with refused(grpc.StatusCode.ABORTED):
        await client.save_state(STORE, "a", "second", **how)
    with refused(grpc.StatusCode.ABORTED):
        await client.delete_state(STORE, "a", etag=old)


async def transaction(client):
    # Other keys than above: in Redis a key once written by first-write wants an ETag ever after.
    await client.execute_state_transaction(
        STORE,
        [
            TransactionalStateOperation(key="c", data="in one step"),
            TransactionalStateOperation(key="d", operation_type=TransactionOperationType.delete),
        ],
    )
    assert (await client.get_state(STORE, "c")).data == b"in one step"
    assert not (await client.get_state(STORE, "d")).data


async def main():
    async with DaprClient() as client:
        await side_by_side(client)
        await counter(client)
        await bulk_and_conflict(client)
        if "transactions" in CAN:
            await transaction(client)
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "not found"):
            await client.get_state("nobody", "key")
        about = await client.get_metadata()
        assert any(component.name == STORE for component in about.registered_components)


asyncio.run(main())
print("state_async: all as expected")
