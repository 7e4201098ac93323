import bodyParser from "body-parser";
import compression from "compression";
import express4, { type Application, type RequestHandler } from "express4";
import session from "express-session";
import { fileURLToPath } from "node:url";

declare module "express-session" {
  interface SessionData {
    user: string;
    visits: number;
  }
}

interface Task {
  readonly id: number;
  title: string;
  done: boolean;
}

/**
 * An application of Express 4 as they are: sessions, body parsers, static files, compression, parameters, routers, errors.
 *
 * @param before mounted in front of everything, as a gateway is
 */
export function existingApp(before?: RequestHandler): Application {
  const app = express4();
  if (before !== undefined) app.use(before);
  // Their types are for Express 5; what they are given is the same.
  const packs = compression({ threshold: 100 }) as unknown;
  const remembers = session({ secret: "s", resave: false, saveUninitialized: false }) as unknown;
  app.use(packs as RequestHandler, remembers as RequestHandler);
  app.use("/static", express4.static(fileURLToPath(new URL(".", import.meta.url))));
  app.use(bodyParser.json(), bodyParser.urlencoded({ extended: true }), bodyParser.text());
  pages(app);
  sessions(app);
  app.use("/tasks", tasks());
  app.use((_req, res) => void res.status(404).json({ error: "not found" }));
  app.use(((error: Error, _req, res, _next) => {
    res.status(500).json({ error: error.message });
  }) as express4.ErrorRequestHandler);
  return app;
}

function pages(app: Application): void {
  app.get("/", (_req, res) => void res.send("<h1>home</h1>"));
  app.get("/about", (_req, res) => void res.type("text").send("about"));
  app.get("/large", (_req, res) => void res.type("text").send("0123456789".repeat(2_000)));
  app.get("/old", (_req, res) => void res.redirect(301, "/about"));
  app.get("/search", (req, res) => void res.json(req.query));
  app.get("/files/:dir/:name.:type", (req, res) => void res.json(req.params));
  app.get("/broken", () => {
    throw new Error("broken");
  });
  app.get("/empty", (_req, res) => void res.sendStatus(204));
  app.get(
    "/who",
    (req, res) => void res.json({ ip: req.ip, host: req.hostname, secure: req.secure }),
  );
  app.post("/echo", (req, res) => void res.json({ body: req.body }));
  app.post("/upper", (req, res) => void res.send(String(req.body).toUpperCase()));
  app.all("/any", (req, res) => void res.send(req.method));
}

function sessions(app: Application): void {
  app.post("/login", (req, res) => {
    req.session.user = (req.body as { user: string }).user;
    res.json({ ok: true });
  });
  app.get("/me", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.json({ user: req.session.user ?? null, visits: req.session.visits });
  });
  app.post("/logout", (req, res) => req.session.destroy(() => res.sendStatus(204)));
}

function tasks(): express4.Router {
  const known = new Map<number, Task>();
  const router = express4.Router();
  router.param("id", (_req, res, next, id: string) => {
    const task = known.get(Number(id));
    if (task === undefined) res.status(404).json({ error: "no such task" });
    else {
      res.locals["task"] = task;
      next();
    }
  });
  router.get("/", (_req, res) => void res.json([...known.values()]));
  router.post("/", (req, res) => {
    const task = { id: known.size + 1, title: (req.body as Task).title, done: false };
    known.set(task.id, task);
    res.status(201).location(`/tasks/${task.id}`).json(task);
  });
  router.get("/:id", (_req, res) => void res.json(res.locals["task"]));
  router.put(
    "/:id",
    (req, res) => void res.json(Object.assign(res.locals["task"] as Task, req.body)),
  );
  router.delete("/:id", (_req, res) => {
    known.delete((res.locals["task"] as Task).id);
    res.sendStatus(204);
  });
  return router;
}
