"""Orders over HTTP: a FastAPI app that keeps one Dapr client open for as long as it lives.

    dapr run --app-id web --app-port 8000 -- uvicorn web:app --port 8000
"""

import uuid
from contextlib import asynccontextmanager

from dapr.aio.clients import DaprClient
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

STORE = "statestore"


class Order(BaseModel):
    id: str | None = None
    item: str
    paid: bool = False


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with DaprClient() as client:
        app.state.dapr = client
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/orders", response_model=Order)
async def create(order: Order):
    order.id = str(uuid.uuid4())
    await app.state.dapr.save_state(STORE, f"web-{order.id}", order.model_dump_json())
    return order


@app.get("/orders/{order_id}", response_model=Order)
async def read(order_id: str):
    found = await app.state.dapr.get_state(STORE, f"web-{order_id}")
    if not found.data:
        raise HTTPException(status_code=404, detail="Order not found")
    return Order.model_validate_json(found.data)


@app.delete("/orders/{order_id}")
async def delete(order_id: str):
    await app.state.dapr.delete_state(STORE, f"web-{order_id}")
    return {"status": "deleted"}


@app.get("/health")
async def health():
    return {"status": "healthy"}
