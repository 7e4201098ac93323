import { describe, expect, it } from "vitest";
import type { Policy } from "../src/index.js";
import { oneService } from "./rig.js";
import { exchange, get, securityRig } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

const who: Policy = {
  onRequest: () => ({
    headers: { set: { "x-user": "me" }, add: { "x-tag": "ours" }, remove: ["x-secret"] },
  }),
};

describe.each(["the whole gateway", "a route"])(
  "what a policy of %s says of a field holds",
  (of) => {
    const sentWith = async (...lines: string[]) => {
      const instance = await wire();
      const route = of === "a route" ? { policies: ["who"] } : {};
      const config = {
        ...oneService([instance.url], route),
        ...(of === "a route" ? {} : { policies: ["who"] }),
      };
      const { port } = await gatewayTo(config, { policies: { who } });
      await exchange(port, get("/x", "Host: a.test", ...lines));
      return instance;
    };

    it("where a client names it in Connection", async () => {
      const instance = await sentWith(
        "Connection: close, X-User, x-tag",
        "X-User: evil",
        "X-Tag: evil",
      );
      expect(instance.values("x-user")).toEqual(["me"]);
      expect(instance.values("x-tag").at(-1)).toMatch(/ours$/);
    });

    it("where a client sends it under a name that lenient servers take for the same", async () => {
      const aliases = ["X_User: evil", "x.user: evil", "X_Tag: evil", "X_Secret: evil"];
      const instance = await sentWith("Connection: close", ...aliases);
      expect(instance.received()).not.toContain("evil");
    });
  },
);
