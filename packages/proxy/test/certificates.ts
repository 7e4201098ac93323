import { X509Certificate } from "node:crypto";
import { generate } from "selfsigned";
import { fingerprintOf } from "../src/connector.js";

/** A certificate that was made for a test, with its key. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  /** Fingerprint of its public key. */
  readonly pin: string;
}

/** A certificate that signs itself, for `instance.test`, `localhost` and 127.0.0.1. */
export async function makeCertificate(name = "instance.test"): Promise<TestCertificate> {
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: name },
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  const pin = fingerprintOf(new X509Certificate(made.cert));
  return { cert: made.cert, key: made.private, pin };
}
