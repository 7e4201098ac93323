/** What a service is asked. */
interface Question {
  /** Version of the instance that is asked. */
  readonly version: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What it answers; undefined for what it does not have. */
export type Reply = (
  question: Question,
) => { readonly status: number; readonly data: unknown } | undefined;

/** The services by name. Each has its own data. */
export const SERVICES: { readonly [name: string]: Reply } = {
  products: ({ version, path }) => found(PRODUCTS, path, (product) => priced(product, version)),
  orders: ({ method, path, body }) =>
    method === "POST" ? placeOrder(body) : found(ORDERS, path, (order) => order),
  payments: ({ path }) => found(PAYMENTS, path, (payment) => payment),
  shipping: ({ path }) => found(QUOTES, path, (quote) => quote),
};

interface Item {
  readonly id: string;
}

interface Product extends Item {
  readonly name: string;
  readonly cents: number;
}

const PRODUCTS: readonly Product[] = [
  { id: "lamp", name: "Signal lamp", cents: 4_900 },
  { id: "lever", name: "Frame lever", cents: 12_500 },
  { id: "bell", name: "Block bell", cents: 7_950 },
  { id: "flag", name: "Green flag", cents: 1_200 },
  { id: "clock", name: "Station clock", cents: 18_900 },
];

const ORDERS = ["lamp", "bell", "clock"].map((product, index) => ({
  id: String(index + 1),
  product,
  quantity: index + 1,
}));

const PAYMENTS = ORDERS.map(({ id }) => ({ id, order: id, status: "settled" }));

const QUOTES = ["north", "south", "island"].map((id, index) => ({
  id,
  days: 1 + index,
  cents: 490 + index * 300,
}));

/** What is new in v2: prices with a currency. */
function priced({ id, name, cents }: Product, version: string): unknown {
  if (version === "v1") return { id, name, price: cents / 100 };
  return { id, name, price: { amount: (cents / 100).toFixed(2), currency: "EUR" } };
}

/** The list below `/name`, one item below `/name/:id`. */
function found<T extends Item>(
  items: readonly T[],
  path: string,
  show: (item: T) => unknown,
): ReturnType<Reply> {
  const id = path.split("/")[2];
  if (id === undefined) return { status: 200, data: items.map(show) };
  const item = items.find((known) => known.id === id);
  return item === undefined ? undefined : { status: 200, data: show(item) };
}

function placeOrder(body: string): ReturnType<Reply> {
  try {
    const order = JSON.parse(body) as object;
    return { status: 201, data: { ...order, status: "placed" } };
  } catch {
    return { status: 400, data: { error: "an order is a JSON object" } };
  }
}
