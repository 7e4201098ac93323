import express, { type Express } from "express";

/** The monolith as it was: everything is in one application. */
export function addMonolith(app: Express): void {
  app.use(express.json());
  app.get("/", (_req, res) => void res.send("the shop"));
  app.get("/orders/:id", (req, res) => void res.json({ by: "monolith", order: req.params.id }));
  app.post("/orders", (req, res) => {
    res.status(201).json({ by: "monolith", order: (req.body as { item: string }).item });
  });
  app.get("/customers/:id", (req, res) => {
    res.json({ by: "monolith", customer: req.params.id });
  });
}
