import type { Readable } from "node:stream";

/** Makes a body out of another. */
export type BodyTransform = (body: Readable) => Readable;

/** A body on its way through the functions that policies gave for it. */
export interface Transformed {
  /** The last of them. */
  readonly out: Readable;
  destroy(): void;
}

/**
 * Leads a body through functions of policies, in their order. Each of the streams that they give is listened to: the
 * first that errs, or closes before its end, ends them all.
 *
 * @param source ours: what becomes of it is known elsewhere
 * @param failed told once
 *
 * @throws TypeError when a function gives no stream, and what it throws
 */
export function transformed(
  source: Readable,
  transforms: readonly BodyTransform[],
  hook: "onRequest" | "onResponse",
  failed: (error: Error) => void,
): Transformed {
  const made: Readable[] = [];
  let isOver = false;
  const destroy = (): void => {
    isOver = true;
    for (const stream of made) stream.destroy();
  };
  const fail = (error: Error): void => {
    if (isOver) return;
    destroy();
    failed(error);
  };
  try {
    let out = source;
    for (const transform of transforms) {
      const next = streamOf(transform(out), hook);
      if (next === out) continue;
      out = next;
      made.push(out);
      watch(out, hook, fail);
    }
    return { out, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

function watch(stream: Readable, hook: string, fail: (error: Error) => void): void {
  stream.on("error", fail);
  // A stream that was destroyed without an error says so only here.
  stream.once("close", () => {
    if (!stream.readableEnded) fail(new Error(`${hook}: a body was closed before its end`));
  });
}

function streamOf(made: Readable, hook: string): Readable {
  if (typeof (made as Partial<Readable> | undefined)?.pipe === "function") return made;
  throw new TypeError(`${hook}: the function of body gave no stream`);
}

/** A part of a body as bytes. @throws TypeError when it is neither text nor bytes */
export function bytesOf(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (typeof chunk === "string") return Buffer.from(chunk);
  if (chunk instanceof Uint8Array)
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError(`a body has parts that are neither text nor bytes but ${typeof chunk}`);
}
