import { isOriginPattern } from "../rewrite/cors.js";
import { headerName, method, whole } from "./leaf-shapes.js";
import { flag, list, optional, record, text } from "./schema.js";
import { ORIGIN } from "./text-patterns.js";

const origin = text(
  "CORS",
  "an origin",
  'one such as "https://shop.com" or "https://*.shop.com", or "*"',
  isOriginPattern,
  ORIGIN,
);

/** `*` is a token too, so that the lists need no form of their own for it. */
export const cors = record("cors", {
  allowOrigins: list("allowOrigins", origin),
  allowMethods: optional(list("allowMethods", method)),
  allowHeaders: optional(list("allowHeaders", headerName)),
  exposeHeaders: optional(list("exposeHeaders", headerName)),
  allowCredentials: optional(flag("allowCredentials")),
  maxAgeS: optional(whole("CORS", "maxAgeS", 0)),
});
