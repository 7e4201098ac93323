import { afterEach, describe, expect, it } from "vitest";
import { allTo, answered, closeAll, get, instance, mount } from "./kit.js";

afterEach(closeAll);

const echo = () => instance((req, res) => void res.end(req.url));

describe("a path that is not in its canonical form", () => {
  it("is refused where a route takes it, since guards of the application have not seen it", async () => {
    const { handler, nextEnd } = mount({
      routes: [{ match: { path: "/admin/*" }, to: await echo() }],
    });
    expect((await answered(handler(get("/admin/x?a=//%61")))).status).toBe(200);
    await nextEnd();
    for (const path of ["//admin/x", "/%61dmin/x", "/admin//x", "/admin/%7e"]) {
      expect.soft([path, (await answered(handler(get(path)))).status]).toEqual([path, 400]);
      expect((await nextEnd()).decision).toMatchObject({ kind: "reject", reason: "bad-request" });
    }
    expect(await handler(get("//else"))).toBeUndefined();
  });

  it("is forwarded in that form where the handler is told so", async () => {
    const { handler } = mount(allTo(await echo()), { otherPaths: "forward" });
    expect(await (await answered(handler(get("//%61dmin/x")))).text()).toBe("/admin/x");
  });
});
