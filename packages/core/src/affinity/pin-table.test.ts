import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileAffinity, type CookieRule } from "./affinity-rule.js";
import { cookieValue } from "./cookie-value.js";
import { addPin, newPinTable, pinnedBy, removePin, suits, valueOf } from "./pin-table.js";

interface Instance {
  readonly id: string;
}

const [old, fresh] = ["the old secret, long", "the new secret, long"];
const ruleOf = (service: string, sign: string | readonly string[] = []) =>
  compileAffinity(service, { cookie: { sign } }) as CookieRule;

function tableOf(rule: CookieRule, instances: readonly Instance[]) {
  const table = newPinTable<Instance>(rule);
  for (const instance of instances) addPin(table, instance);
  return table;
}

const a = { id: "http://10.0.0.1:8080" };
const b = { id: "http://10.0.0.2:8080" };

describe("a pin table", () => {
  it("knows each instance by the value that it gives out for it", () => {
    const table = tableOf(ruleOf("products"), [a, b]);
    for (const instance of [a, b]) {
      const value = valueOf(table, instance) as string;
      expect(pinnedBy(table, value)).toEqual({ instance, isCurrent: true });
    }
    expect(valueOf(table, { id: "c" })).toBeUndefined();
  });

  it("believes older secrets and gives out the first", () => {
    const before = tableOf(ruleOf("products", old), [a]);
    const table = tableOf(ruleOf("products", [fresh, old]), [a]);
    const kept = valueOf(before, a) as string;
    expect(pinnedBy(table, kept)).toEqual({ instance: a, isCurrent: false });
    expect(valueOf(table, a)).toBe(cookieValue("products", a.id, fresh));
    expect(pinnedBy(tableOf(ruleOf("products", fresh), [a]), kept)).toBeUndefined();
  });

  it("gives out the value of a secret that was written twice", () => {
    const table = tableOf(ruleOf("products", [fresh, fresh]), [a]);
    expect(pinnedBy(table, valueOf(table, a) as string)?.isCurrent).toBe(true);
  });

  it("believes no unsigned value once there is a secret, and the other way round", () => {
    const [plain, signed] = [cookieValue("products", a.id), cookieValue("products", a.id, old)];
    expect(pinnedBy(tableOf(ruleOf("products", old), [a]), plain)).toBeUndefined();
    expect(pinnedBy(tableOf(ruleOf("products"), [a]), signed)).toBeUndefined();
  });

  it("forgets an instance that went, under every secret", () => {
    const table = tableOf(ruleOf("products", [fresh, old]), [a, b]);
    removePin(table, a);
    for (const secret of [fresh, old])
      expect(pinnedBy(table, cookieValue("products", a.id, secret))).toBeUndefined();
    expect(valueOf(table, a)).toBeUndefined();
    expect(pinnedBy(table, valueOf(table, b) as string)?.instance).toBe(b);
    expect(table.pinned.size).toBe(2);
  });

  it("keeps the one that came back when the one before it is taken out", () => {
    const again = { id: a.id };
    const table = tableOf(ruleOf("products"), [a, again]);
    removePin(table, a);
    expect(pinnedBy(table, valueOf(table, again) as string)?.instance).toBe(again);
    removePin(table, again);
    removePin(table, again);
    expect(table.pinned.size + table.values.size).toBe(0);
  });

  it("stays right under a rule that makes the same values", () => {
    const table = tableOf(ruleOf("products", [fresh, old]), [a]);
    const longer = { cookie: { sign: [fresh, old], ttlS: 60 } };
    expect(suits(table, compileAffinity("products", longer) as CookieRule)).toBe(true);
    expect(suits(table, ruleOf("products", fresh))).toBe(false);
    expect(suits(table, ruleOf("orders", [fresh, old]))).toBe(false);
  });
});

it("makes the values of an instance once", () => {
  let made = 0;
  const { valuesOf, ...rest } = ruleOf("products");
  const counting = {
    ...rest,
    valuesOf: (id: string) => {
      made++;
      return valuesOf(id);
    },
  };
  const table = tableOf(counting, [a, b]);
  const value = valueOf(table, a) as string;
  for (let i = 0; i < 100; i++) pinnedBy(table, value);
  addPin(table, { id: a.id });
  expect(made).toBe(2);
});

describe("a value that the table did not make", () => {
  const table = tableOf(ruleOf("products", [fresh, old]), [a, b]);
  const real = valueOf(table, a) as string;

  it.each([
    "",
    real.slice(0, -1),
    `${real}A`,
    real.toLowerCase(),
    ` ${real}`,
    `${real.slice(0, 21)}é`,
    a.id,
    "__proto__",
    "constructor",
    "x".repeat(100_000),
    cookieValue("orders", a.id, fresh),
    cookieValue("products", a.id, "another secret, long"),
  ])("pins nobody: %.40j", (value) => expect(pinnedBy(table, value)).toBeUndefined());

  it("pins nobody, whatever it is", () => {
    const digits = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
    const looksReal = fc.string({
      unit: fc.constantFrom(...digits),
      minLength: 22,
      maxLength: 22,
    });
    const oneOff = fc
      .tuple(fc.nat(21), fc.constantFrom(...digits))
      .map(([at, char]) => real.slice(0, at) + char + real.slice(at + 1))
      .filter((value) => value !== real);
    const anything = fc.string({ unit: "binary", maxLength: 5_000 });
    fc.assert(
      fc.property(fc.oneof(looksReal, oneOff, anything), (value) => {
        expect(pinnedBy(table, value)).toBeUndefined();
      }),
      { seed: 541, numRuns: 500 },
    );
  });
});

it("knows exactly those that are there, for every order of coming and going", () => {
  const step = fc.record({ adds: fc.boolean(), id: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = newPinTable<Instance>(ruleOf("products", [fresh, old]));
      const there = new Map<string, Instance>();
      const gone: Instance[] = [];
      for (const { adds, id } of steps) {
        const instance = adds ? { id: `i${id}` } : (there.get(`i${id}`) ?? gone[id]);
        if (instance === undefined) continue;
        if (adds) {
          addPin(table, instance);
          there.set(instance.id, instance);
        } else {
          removePin(table, instance);
          if (there.get(instance.id) === instance) there.delete(instance.id);
          gone.push(instance);
        }
      }
      expect(table.pinned.size).toBe(there.size * 2);
      for (const instance of there.values())
        expect(pinnedBy(table, valueOf(table, instance) as string)?.instance).toBe(instance);
    }),
    { seed: 542 },
  );
});
