// Service invocation through the published Node SDK: node invoke.mjs http|grpc
//
// The apps are `node-http` and `node-grpc` (app.mjs) and `python-grpc` (words_app.py of the Python folder).

import assert from "node:assert/strict";
import dapr from "@dapr/dapr";

const { CommunicationProtocolEnum, DaprClient, HttpMethod } = dapr;
const protocol = process.argv[2];
const isHttp = protocol === "http";
const quiet = { log() {}, info() {}, warn() {}, error() {}, verbose() {}, debug() {} };

const client = new DaprClient({
  daprPort: isHttp ? process.env.DAPR_HTTP_PORT : process.env.DAPR_GRPC_PORT,
  communicationProtocol: isHttp ? CommunicationProtocolEnum.HTTP : CommunicationProtocolEnum.GRPC,
  logger: { level: "error", service: quiet },
});
await client.start();

for (const app of ["node-http", "node-grpc"]) {
  const order = { item: "tea", sizes: [1, 2.5, null], note: "ü" };
  const seen = await client.invoker.invoke(app, "order", HttpMethod.POST, order, { headers: { "x-mark": "7" } });
  assert.equal(seen.app, app);
  assert.deepEqual(seen.body, order);
  assert.match(seen.type, /^application\/json/);
  if (app === "node-http") {
    assert.equal(seen.caller, "caller");
    assert.equal(seen.mark, isHttp ? "7" : undefined, "the SDK sends headers over HTTP only");
  }
  for (const method of [HttpMethod.PUT, HttpMethod.DELETE, HttpMethod.PATCH]) {
    assert.deepEqual(await client.invoker.invoke(app, "verb", method, {}), { app, method });
  }
  const large = { text: "x".repeat(2 << 20) };
  if (app === "node-grpc") {
    assert.deepEqual((await client.invoker.invoke(app, "order", HttpMethod.POST, large)).body, large);
  }
}
if (isHttp) {
  assert.match((await client.invoker.invoke("node-http", "price?size=2", HttpMethod.GET)).query, /\?size=2$/);
}
const answer = await client.invoker.invoke("python-grpc", "order", HttpMethod.POST, { item: "milk" });
assert.deepEqual(JSON.parse(answer.body), { item: "milk" });
await refused(/out of tea/, () => client.invoker.invoke("python-grpc", "broken", HttpMethod.POST, {}));
await refused(/nobody/, () => client.invoker.invoke("nobody", "order", HttpMethod.POST, {}));
await refused(/404|not.?found/i, () => client.invoker.invoke("node-http", "no/such", HttpMethod.POST, {}));

await client.stop();
console.log(`invoke ${protocol}: all as expected`);
process.exit(0);

async function refused(expected, call) {
  try {
    const answer = await call();
    assert.fail(`expected an error like ${expected}, found ${JSON.stringify(answer)}`);
  } catch (error) {
    assert.match(`${error} ${JSON.stringify(error)}`, expected);
  }
}
