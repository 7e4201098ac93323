import { createServer } from "node:http";
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";
import { firstUrl } from "../../backend.ts";
import { keptConnections, listenOn, type ProxySubject } from "./subject.ts";

/** In Express, as its documentation mounts it. */
export const subject: ProxySubject = {
  listen(backend) {
    const app = express();
    app.use(createProxyMiddleware({ target: firstUrl(backend), agent: keptConnections() }));
    return listenOn(createServer(app));
  },
};
