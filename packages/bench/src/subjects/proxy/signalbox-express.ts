import { createServer } from "node:http";
import { createGateway, gatewayMiddleware } from "@signalbox/express";
import express from "express";
import { firstUrl } from "../../backend.ts";
import { listenOn, type ProxySubject } from "./subject.ts";

/** One route to one instance in Express: what is beside `signalbox-plain` is the cost of Express and its adapter. */
export const subject: ProxySubject = {
  listen(backend) {
    const middleware = gatewayMiddleware(createGateway([{ path: "/*", to: firstUrl(backend) }]));
    const server = createServer(express().use(middleware));
    return listenOn(server.on("upgrade", middleware.upgrade));
  },
};
