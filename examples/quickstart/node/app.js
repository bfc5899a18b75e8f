// Keeps the last order through the state API of its sidecar, over plain HTTP: no SDK.
//
//   dapr run --app-id nodeapp --app-port 3000 -- node app.js

const express = require("express");

const daprPort = process.env.DAPR_HTTP_PORT ?? 3500;
const appPort = process.env.APP_PORT ?? 3000;
const stateUrl = `http://localhost:${daprPort}/v1.0/state/statestore`;

const app = express();
app.use(express.json({ type: ["application/json", "application/*+json"] }));

app.post("/neworder", async (request, response) => {
  const order = request.body?.data;
  if (order?.orderId === undefined) {
    response.status(400).send({ message: "expected {\"data\": {\"orderId\": …}}" });
    return;
  }
  console.log(`Got a new order! Order ID: ${order.orderId}`);
  const saved = await fetch(stateUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...token() },
    body: JSON.stringify([{ key: "order", value: order }]),
  });
  if (!saved.ok) {
    throw new Error(`Failed to persist state: ${await saved.text()}`);
  }
  console.log("Successfully persisted state.");
  response.status(200).send();
});

app.get("/order", async (_request, response) => {
  const found = await fetch(`${stateUrl}/order`, { headers: token() });
  if (!found.ok) {
    throw new Error(`Could not get state: ${await found.text()}`);
  }
  if (found.status === 204) {
    response.status(404).send({ message: "no order yet" });
    return;
  }
  response.type("application/json").send(await found.text());
});

// Express tells an error handler by its four parameters.
app.use((error, _request, response, _next) => {
  console.log(error.message);
  response.status(error.status ?? 500).send({ message: error.message });
});

const server = app.listen(appPort, "127.0.0.1", () => {
  console.log(`Node App listening on port ${server.address().port}!`);
});

function token() {
  return process.env.DAPR_API_TOKEN ? { "dapr-api-token": process.env.DAPR_API_TOKEN } : {};
}
