import { expect, it } from "vitest";
import { table } from "./table.ts";

it("sets text to the left, numbers to the right, and a dash for what is not known", () => {
  const rows = [
    { name: "one", cost: 1234.5 },
    { name: "another", cost: undefined },
  ];
  expect(
    table<(typeof rows)[number]>(
      [
        { heading: "subject", value: (row) => row.name },
        { heading: "µs", value: (row) => row.cost, digits: 1 },
      ],
      rows,
    ).split("\n"),
  ).toEqual([
    "subject       µs", //
    "-------  -------",
    "one      1,234.5",
    "another        -",
  ]);
});
