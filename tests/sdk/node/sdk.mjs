// Every state call, secrets and metadata through the published Node SDK. Ends with an error at the first surprise.
//
// Usage: node sdk.mjs http|grpc STORE
// The store is transactional; the sidecar has the secret store `secrets` with the secret `password`.

import assert from "node:assert/strict";
import dapr from "@dapr/dapr";

const { CommunicationProtocolEnum, DaprClient, StateConcurrencyEnum, StateConsistencyEnum } = dapr;
const [protocol, store] = process.argv.slice(2);
const isHttp = protocol === "http";
const firstWrite = {
  concurrency: StateConcurrencyEnum.CONCURRENCY_FIRST_WRITE,
  consistency: StateConsistencyEnum.CONSISTENCY_STRONG,
};

const client = new DaprClient({
  daprPort: isHttp ? process.env.DAPR_HTTP_PORT : process.env.DAPR_GRPC_PORT,
  communicationProtocol: isHttp ? CommunicationProtocolEnum.HTTP : CommunicationProtocolEnum.GRPC,
  logger: { level: "error", service: { log() {}, info() {}, warn() {}, error() {}, verbose() {}, debug() {} } },
});

await client.start();
assert.equal(await client.health.isHealthy(), true);
await values();
await bulk();
await etags();
await transactions();
await wrong();
await secrets();
await metadata();
await client.stop();
console.log(`node ${protocol}: all as expected`);
process.exit(0);

async function values() {
  const all = [
    { key: "object", value: { a: [1, 2.5, null, "ü"], b: { c: true } } },
    { key: "number", value: 42 },
    { key: "text", value: "a plain text" },
    { key: "list", value: [1, "two", { three: 3 }] },
    { key: "ttl", value: "for a while", metadata: { ttlInSeconds: "1000" } },
  ];
  saved(await client.state.save(store, structuredClone(all)));
  for (const { key, value } of all) {
    assert.deepEqual(await client.state.get(store, key), value, key);
  }
  for (const { key } of all) {
    saved(await client.state.delete(store, key));
    assert.equal(await client.state.get(store, key), "", `${key} is gone`);
  }
}

async function bulk() {
  const keys = Array.from({ length: 30 }, (_, index) => `bulk-${index}`);
  saved(await client.state.save(store, keys.map((key, index) => ({ key, value: { index } }))));
  for (const options of [undefined, { parallelism: 4 }]) {
    const found = await client.state.getBulk(store, [...keys, "never written"], options);
    const byKey = Object.fromEntries(found.map((item) => [item.key, item]));
    keys.forEach((key, index) => assert.deepEqual(byKey[key].data, { index }, key));
    assert.ok(keys.every((key) => byKey[key].etag));
    assert.ok(!byKey["never written"].data && !byKey["never written"].etag);
  }
}

async function etags() {
  const etag = async () => (await client.state.getBulk(store, ["etag"]))[0].etag;
  saved(await client.state.save(store, [{ key: "etag", value: "one" }]));
  const old = await etag();
  saved(await client.state.save(store, [{ key: "etag", value: "two", etag: old, options: { ...firstWrite } }]));
  await refused(/409|aborted/i, () =>
    client.state.save(store, [{ key: "etag", value: "three", etag: old, options: { ...firstWrite } }]),
  );
  await refused(/409|aborted/i, () => client.state.delete(store, "etag", { etag: old, ...firstWrite }));
  assert.equal(await client.state.get(store, "etag"), "two");
  saved(await client.state.delete(store, "etag", { etag: await etag(), ...firstWrite }));
  assert.equal(await client.state.get(store, "etag"), "");
}

async function transactions() {
  saved(await client.state.save(store, [{ key: "tx-gone", value: "here" }]));
  await client.state.transaction(store, [
    { operation: "upsert", request: { key: "tx-one", value: "1st" } },
    { operation: "upsert", request: { key: "tx-two", value: "2nd" } },
    { operation: "delete", request: { key: "tx-gone" } },
  ]);
  assert.equal(await client.state.get(store, "tx-one"), "1st");
  assert.equal(await client.state.get(store, "tx-two"), "2nd");
  assert.equal(await client.state.get(store, "tx-gone"), "");
  await refused(/./, () =>
    client.state.transaction(store, [
      { operation: "upsert", request: { key: "tx-half", value: "half" } },
      { operation: "upsert", request: { key: "tx-one", value: "stale", etag: "17", options: { ...firstWrite } } },
    ]),
  );
  assert.equal(await client.state.get(store, "tx-half"), "", "a refused transaction must leave nothing behind");
}

async function wrong() {
  const unknown = isHttp ? /ERR_STATE_STORE_NOT_FOUND/ : /state store nobody is not found/;
  await refused(unknown, () => client.state.get("nobody", "key"));
  await refused(unknown, () => client.state.save("nobody", [{ key: "key", value: "value" }]));
  await refused(/nobody/, () => client.secret.get("nobody", "key"));
}

async function secrets() {
  assert.deepEqual(await client.secret.get("secrets", "password"), { password: "quiet" });
  const all = await client.secret.getBulk("secrets");
  assert.deepEqual(all.password, { password: "quiet" });
}

async function metadata() {
  assert.equal(await client.metadata.set("colour", "green"), true);
  const about = await client.metadata.get();
  assert.equal(about.id, "test");
  assert.equal(about.extended.colour, "green");
  const found = about.components.find((component) => component.name === store);
  assert.ok(found?.type.startsWith("state."), JSON.stringify(about.components));
}

// The HTTP client answers a failed write with `error`; the gRPC client throws.
function saved(answer) {
  assert.equal(answer?.error, undefined, String(answer?.error));
}

async function refused(expected, call) {
  let failure;
  try {
    failure = (await call())?.error;
  } catch (error) {
    failure = error;
  }
  assert.ok(failure, `expected an error like ${expected}`);
  assert.match(`${failure} ${JSON.stringify(failure)}`, expected);
}
