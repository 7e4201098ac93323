const { mountAll } = require("./mount-all.cjs");

mountAll({
  kind: "CommonJS",
  http: require("@signalbox/http"),
  express: require("@signalbox/express"),
  fastify: require("@signalbox/fastify"),
  fetch: require("@signalbox/fetch"),
  express4: require("express4"),
  express5: require("express5"),
  createFastify: require("fastify"),
}).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
