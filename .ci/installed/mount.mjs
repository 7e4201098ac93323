import * as http from "@signalbox/http";
import * as express from "@signalbox/express";
import * as fastify from "@signalbox/fastify";
import * as fetch from "@signalbox/fetch";
import express4 from "express4";
import express5 from "express5";
import { fastify as createFastify } from "fastify";
import { mountAll } from "./mount-all.cjs";

await mountAll({
  kind: "ES modules",
  http,
  express,
  fastify,
  fetch,
  express4,
  express5,
  createFastify,
});
