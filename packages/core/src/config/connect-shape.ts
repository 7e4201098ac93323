import { milliseconds, whole } from "./leaf-shapes.js";
import { outlined } from "./outline.js";
import { choice, either, flag, isText, list, nothing, optional, record, text } from "./schema.js";
import * as patterns from "./text-patterns.js";

const certificates = (about: string) =>
  text("TLS", about, "PEM text with a certificate", patterns.PEM_CERTIFICATE);

const unencrypted = "PEM text with a private key that is not encrypted";
const keyText = text("TLS", "key", unencrypted, patterns.PEM_KEY);
// What stands there may be a key all the same: no message shows any of it.
const privateKey = either(
  (input) =>
    isText(input) && !patterns.PEM_KEY.test(input)
      ? nothing("TLS", "key", unencrypted, "other text")
      : keyText,
  () => [keyText],
);

const tlsRecord = record("tls", {
  ca: optional(certificates("ca")),
  cert: optional(certificates("cert")),
  key: optional(privateKey),
  serverName: optional(text("TLS", "serverName", "a host name, no address", patterns.SERVER_NAME)),
  pins: optional(
    list("pins", text("TLS", "a pin", "a SHA-256 fingerprint in base64", patterns.SHA256_BASE64)),
  ),
  minVersion: optional(choice("TLS", "minVersion", ["TLSv1.2", "TLSv1.3"])),
  dangerouslyAcceptAnyCertificate: optional(flag("dangerouslyAcceptAnyCertificate")),
});

// An editor can tell it too.
const tls = outlined(tlsRecord, { dependentRequired: { cert: ["key"], key: ["cert"] } });

/** The pool of connections to each instance of a service. */
export const connect = record("connect", {
  timeoutMs: optional(milliseconds("timeoutMs", 1)),
  connections: optional(whole("CONNECT", "connections", 1)),
  queue: optional(whole("CONNECT", "queue", 0)),
  queueMs: optional(milliseconds("queueMs", 1)),
  keepAliveMs: optional(milliseconds("keepAliveMs", 1)),
  protocol: optional(choice("CONNECT", "protocol", ["http1", "http2", "auto"])),
  streams: optional(whole("CONNECT", "streams", 1, 2 ** 31 - 1)),
  tls: optional(tls),
  upgrades: optional(whole("CONNECT", "upgrades", 0)),
});

/** Where an instance listens that is reached over a Unix socket. */
export const socketPath = text(
  "SOCKET_PATH",
  "socketPath",
  'an absolute path of at most 107 characters such as "/run/app.sock"',
  patterns.SOCKET_PATH,
);
