import type { FastifyInstance } from "fastify";
import fastify from "fastify";

/** An application as it was before: a hook that asks who is there, a schema, an error handler. */
export function createApp(): FastifyInstance {
  const app = fastify();
  app.decorateRequest("user", "");
  app.addHook("onRequest", async (request, reply) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return reply.code(401).send({ error: "who are you?" });
    request.setDecorator("user", authorization.replace(/^Bearer /, ""));
  });
  app.get("/me", async (request) => ({ user: request.getDecorator<string>("user") }));
  app.post(
    "/notes",
    { schema: { body: { type: "object", required: ["text"] } } },
    async (request, reply) => {
      const { text } = request.body as { text: string };
      return reply.code(201).send({ text });
    },
  );
  app.setNotFoundHandler((request, reply) => reply.code(404).send({ error: `no ${request.url}` }));
  return app;
}
