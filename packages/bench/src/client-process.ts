import { answerParent } from "./child.ts";
import { openHeld, type Destination, type Held, type HeldConnection } from "./held-connections.ts";

// The clients of a proxy in a process of their own.

/** What the process is asked. */
export type ClientQuestion =
  | ({ readonly kind: "open"; readonly held: Held; readonly count: number } & Destination)
  | { readonly kind: "count" }
  | { readonly kind: "close" };

/** How many connections are open. */
export interface ClientAnswer {
  readonly open: number;
}

/** Connections that are opened at a time. */
const BATCH = 64;

answerParent<ClientQuestion, ClientAnswer>(answerer());

function answerer(): (question: ClientQuestion) => Promise<ClientAnswer> {
  const connections: HeldConnection[] = [];
  return async (question) => {
    if (question.kind === "open") connections.push(...(await openAll(question)));
    if (question.kind === "close") for (const each of connections.splice(0)) each.close();
    return { open: connections.filter(({ isOpen }) => isOpen).length };
  };
}

async function openAll({
  held,
  count,
  ...to
}: ClientQuestion & { readonly kind: "open" }): Promise<HeldConnection[]> {
  const opened: HeldConnection[] = [];
  const indexes = Array.from({ length: count }, (_, index) => index).values();
  const client = async (): Promise<void> => {
    for (const index of indexes) opened.push(await openHeld[held](to, index));
  };
  await Promise.all(Array.from({ length: BATCH }, client));
  return opened;
}
