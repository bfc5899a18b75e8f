// An application of the published Node SDK on $APP_PORT: node app.mjs http|grpc
import dapr from "@dapr/dapr";

const { CommunicationProtocolEnum, DaprServer, HttpMethod } = dapr;
const protocol = process.argv[2];
const isHttp = protocol === "http";

const server = new DaprServer({
  serverHost: "127.0.0.1",
  serverPort: process.env.APP_PORT,
  communicationProtocol: isHttp ? CommunicationProtocolEnum.HTTP : CommunicationProtocolEnum.GRPC,
  clientOptions: { daprPort: isHttp ? process.env.DAPR_HTTP_PORT : process.env.DAPR_GRPC_PORT },
});

const app = `node-${protocol}`;
await server.invoker.listen(
  "order",
  async ({ body, metadata, headers }) => ({
    app,
    body: JSON.parse(body),
    type: metadata.contentType,
    mark: headers?.["x-mark"],
    caller: headers?.["dapr-caller-app-id"],
  }),
  { method: HttpMethod.POST },
);
await server.invoker.listen("price", async ({ query }) => ({ app, query }), { method: HttpMethod.GET });
for (const method of [HttpMethod.PUT, HttpMethod.DELETE, HttpMethod.PATCH]) {
  await server.invoker.listen("verb", async () => ({ app, method }), { method });
}
await server.start();
