import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieValue, VALUE_LENGTH } from "./cookie-value.js";

const secret = "correct horse battery";

describe("the value of an instance", () => {
  it("is the same from release to release: clients keep it", () => {
    expect(cookieValue("products", "http://10.0.0.1:8080")).toBe("AVNiamnk7go6n9HI0uHELg");
    expect(cookieValue("products", "http://10.0.0.1:8080", secret)).toBe("8YdIfNJY_uu2s7rtn8khbw");
  });

  it("is made of UTF-8, and of a secret longer than a block too", () => {
    expect(cookieValue("Köln", "ä-1")).toBe("9qZquaoibidB8LBn24kH5g");
    expect(cookieValue("Köln", "ä-1", "é".repeat(40))).toBe("d-Din1nkqOORc8oZcJVb5g");
  });

  it("keeps service and id apart", () => {
    expect(cookieValue("a", "bc")).not.toBe(cookieValue("ab", "c"));
    expect(cookieValue("a", "1\nb")).not.toBe(cookieValue("a\n1", "b"));
  });
});

const names = fc.string({ minLength: 1, unit: "binary", maxLength: 300 });
const signs = fc.option(fc.string({ minLength: 16 }), { nil: undefined });

it("has one length and one alphabet for every service, id and secret", () => {
  fc.assert(
    fc.property(names, names, signs, (service, id, sign) => {
      const value = cookieValue(service, id, sign);
      expect(value).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(value).toHaveLength(VALUE_LENGTH);
    }),
    { seed: 501 },
  );
});

it("differs for every two services, ids and secrets", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(names, names, signs), {
        selector: (each) => JSON.stringify(each),
        minLength: 2,
        maxLength: 10,
      }),
      (all) => {
        const values = all.map(([service, id, sign]) => cookieValue(service, id, sign));
        expect(new Set(values).size).toBe(all.length);
      },
    ),
    { seed: 502 },
  );
});

it("differs for one id in every two services", () => {
  fc.assert(
    fc.property(names, names, names, signs, (one, other, id, sign) => {
      fc.pre(one !== other);
      expect(cookieValue(one, id, sign)).not.toBe(cookieValue(other, id, sign));
    }),
    { seed: 503 },
  );
});

it("says nothing of an address: neighbours have no more in common than chance gives them", () => {
  let same = 0;
  for (let port = 8_000; port < 9_000; port++) {
    const one = cookieValue("products", `http://10.0.0.1:${port}`);
    const next = cookieValue("products", `http://10.0.0.1:${port + 1}`);
    // The last character holds two bits only.
    same += [...one.slice(0, -1)].filter((char, at) => char === next[at]).length;
  }
  // One character in 64.
  expect(same / (1_000 * 21)).toBeLessThan(0.02);
});
