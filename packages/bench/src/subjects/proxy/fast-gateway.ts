import type { AddressInfo } from "node:net";
import gateway from "fast-gateway";
import { firstUrl } from "../../backend.ts";
import type { ProxySubject } from "./subject.ts";

/** The last version that installs: a dependency of the one after it was never published. */
export const subject: ProxySubject = {
  async listen(backend) {
    const server = await gateway({ routes: [{ prefix: "", target: firstUrl(backend) }] }).start(
      0,
      "127.0.0.1",
    );
    return (server.address() as AddressInfo).port;
  },
};
