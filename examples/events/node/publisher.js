// Publishes orders to the topic `orders`: one by one, then many in one call, then one that nobody can process.
//
//   dapr run --app-id shop -- node publisher.js

const { CommunicationProtocolEnum, DaprClient } = require("@dapr/dapr");

const PUBSUB = "pubsub";
const TOPIC = "orders";
const ITEMS = ["tea", "coffee", "milk", "bread", "salt"];

const order = (id) => ({ id, item: ITEMS[id % ITEMS.length] });

async function main() {
  const client = new DaprClient({ communicationProtocol: CommunicationProtocolEnum.HTTP });

  for (let id = 1; id <= 5; id += 1) {
    check(await client.pubsub.publish(PUBSUB, TOPIC, order(id)));
  }
  console.log("Published orders 1 to 5, one by one");

  const many = Array.from({ length: 20 }, (_, index) => order(index + 6));
  const { failedMessages } = await client.pubsub.publishBulk(PUBSUB, TOPIC, many);
  if (failedMessages.length > 0) {
    throw new Error(`${failedMessages.length} orders were not taken: ${failedMessages[0].error}`);
  }
  console.log("Published orders 6 to 25 in one call");

  check(await client.pubsub.publish(PUBSUB, TOPIC, { id: 26 }));
  console.log("Published order 26, which has no item");
}

// The SDK returns an error instead of throwing it.
function check({ error }) {
  if (error) {
    throw error;
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
