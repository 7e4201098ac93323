import { type Application } from "express4";
import request from "supertest";
import { describe, expect, it } from "vitest";
import { existingApp } from "./existing-app.js";
import { middlewareFor, startEcho } from "./kit.js";

/** The tests that the application had before. */
function itsOwnTests(start: () => Application): void {
  it("has its pages", async () => {
    const app = request(start());
    await app
      .get("/")
      .expect(200, "<h1>home</h1>")
      .expect("content-type", /html/)
      .expect("etag", /./);
    await app.get("/about").expect(200, "about");
    await app.get("/old").expect(301).expect("location", "/about");
    await app.get("/empty").expect(204, "");
    await app.head("/about").expect(200).expect("content-length", "5");
    await app.patch("/any").expect(200, "PATCH");
  });

  it("reads queries and parameters", async () => {
    const app = request(start());
    await app.get("/search?a[b]=1&c=x%20y&c=z").expect(200, { a: { b: "1" }, c: ["x y", "z"] });
    await app.get("/files/a%2Fb/c.txt").expect(200, { dir: "a/b", name: "c", type: "txt" });
  });

  it("reads bodies of all types", async () => {
    const app = request(start());
    await app
      .post("/echo")
      .send({ a: [1] })
      .expect(200, { body: { a: [1] } });
    await app
      .post("/echo")
      .type("form")
      .send("a[b]=1")
      .expect(200, { body: { a: { b: "1" } } });
    await app.post("/upper").type("text").send("grüße").expect(200, "GRÜSSE");
    await app.post("/echo").type("json").send("{").expect(500);
  });

  it("keeps sessions", async () => {
    const agent = request.agent(start());
    await agent.get("/me").expect(200, { user: null, visits: 1 });
    await agent.post("/login").send({ user: "ann" }).expect(200);
    await agent.get("/me").expect(200, { user: "ann", visits: 2 });
    await agent.post("/logout").expect(204);
    await agent.get("/me").expect(200, { user: null, visits: 1 });
  });

  it("serves files, in parts and not again when they are known", async () => {
    const app = request(start());
    const { headers } = await app.get("/static/kit.ts").expect(200);
    await app.get("/static/kit.ts").set("range", "bytes=0-5").expect(206, Buffer.from("import"));
    await app
      .get("/static/kit.ts")
      .set("if-none-match", headers["etag"] as string)
      .expect(304);
    await app.get("/static/none").expect(404, { error: "not found" });
  });

  it("packs what is large", async () => {
    const app = request(start());
    const { headers, text } = await app.get("/large").set("accept-encoding", "gzip").expect(200);
    expect(headers["content-encoding"]).toBe("gzip");
    expect(text).toHaveLength(20_000);
  });

  it("has a router with parameters", async () => {
    const app = request(start());
    await app.post("/tasks").send({ title: "t" }).expect(201).expect("location", "/tasks/1");
    await app.get("/tasks").expect(200, [{ id: 1, title: "t", done: false }]);
    await app.put("/tasks/1").send({ done: true }).expect(200, { id: 1, title: "t", done: true });
    await app.get("/tasks/1").expect(200);
    await app.delete("/tasks/1").expect(204);
    await app.get("/tasks/1").expect(404, { error: "no such task" });
  });

  it("answers errors itself", async () => {
    const app = request(start());
    await app.get("/broken").expect(500, { error: "broken" });
    await app.get("/nowhere").expect(404, { error: "not found" });
    const { body } = await app.get("/who").set("host", "shop.test").expect(200);
    expect(body).toMatchObject({ host: "shop.test", secure: false });
  });
}

/** One application for all tests of a group, as its own tests had it. */
function once(make: () => Application): () => Application {
  let made: Application | undefined;
  return () => (made ??= make());
}

describe("an application alone", () => itsOwnTests(once(() => existingApp())));

describe("the same application behind a gateway", () => {
  itsOwnTests(() => existingApp(middlewareFor([{ path: "/new/*", to: "http://127.0.0.1:9" }])));

  it("has none of its routes changed", () => {
    interface Layer {
      readonly name: string;
      readonly route?: { readonly path: string; readonly methods: object };
    }
    const layers = (app: Application): readonly Layer[] =>
      (app as unknown as { _router: { stack: Layer[] } })._router.stack;
    const routes = (app: Application) =>
      layers(app).flatMap(({ route }) =>
        route === undefined ? [] : [[route.path, route.methods]],
      );
    const alone = existingApp();
    const behind = existingApp(middlewareFor([]));
    expect(routes(behind)).toEqual(routes(alone));
    expect(layers(behind)).toHaveLength(layers(alone).length + 1);
    // Five more are in the router of tasks.
    expect(routes(alone).length + 5).toBe(20);
  });

  it("has one route more", async () => {
    const app = existingApp(middlewareFor([{ path: "/new/*", to: await startEcho() }]));
    const { text } = await request(app).post("/new/a?b=1").type("json").send('{ "c": 1 }');
    expect(text).toBe('POST /new/a?b=1 { "c": 1 }');
  });
});
