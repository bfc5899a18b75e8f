"""Takes orders from the topic `orders`: a FastAPI app that Dapr calls once for every event.

    dapr run --app-id checkout --app-port 8001 -- uvicorn checkout:app --port 8001

An order without an item can never be processed, so it is dropped; Dapr then publishes it to the dead-letter topic, to
which this app subscribes as well.
"""

from collections import Counter

from dapr.ext.fastapi import DaprApp
from fastapi import Body, FastAPI

PUBSUB = "pubsub"

app = FastAPI()
dapr = DaprApp(app)
seen = Counter()


@dapr.subscribe(pubsub=PUBSUB, topic="orders", route="/orders", dead_letter_topic="orders-failed")
async def process(event=Body()):
    order = event["data"]
    if not order.get("item"):
        return {"status": "DROP"}
    # An event may come twice; its id tells.
    seen[event["id"]] += 1
    again = " (again)" if seen[event["id"]] > 1 else ""
    print(f"Order {order['id']}: {order['item']}, from {event['source']}{again}", flush=True)
    return {"status": "SUCCESS"}


@dapr.subscribe(pubsub=PUBSUB, topic="orders-failed", route="/orders-failed")
async def failed(event=Body()):
    print(f"Order {event['data']['id']} has failed", flush=True)


@app.get("/count")
async def count():
    return {"orders": len(seen)}
