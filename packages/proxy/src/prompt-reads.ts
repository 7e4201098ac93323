import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * Lets the reader of a socket have each part as it comes. A stream keeps a part in a list and tells its reader of it
 * in a later tick, which costs more than all that is decided about a request.
 *
 * For one that reads on "readable" until there is nothing left, as undici does. What it leaves, because it is paused, goes
 * the way of the stream, and so does what comes behind it. So does everything over TLS: there a write may bring a part of
 * another answer, and undici can read one at a time. The system hands over a part only when nothing else runs.
 */
export function readPromptly(socket: Socket): void {
  if (socket instanceof TLSSocket) return;
  const { push, read } = socket;
  let isOffered = false;
  let part: Buffer | null = null;
  socket.read = (size?: number): unknown => {
    // The stream knows nothing of the part: it still waits for the next one, and need not be asked for it.
    if (!isOffered || size !== undefined || socket.readableLength > 0)
      return read.call(socket, size) as unknown;
    const taken = part;
    part = null;
    return taken;
  };
  socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null || isOffered || !isAwaited(socket))
      return push.call(socket, chunk, encoding);
    part = chunk;
    isOffered = true;
    try {
      socket.emit("readable");
    } finally {
      isOffered = false;
    }
    const left = part as Buffer | null;
    return left === null || push.call(socket, left, encoding);
  };
}

function isAwaited(socket: Socket): boolean {
  return (
    socket.readableLength === 0 &&
    !socket.destroyed &&
    socket.listenerCount("readable") === 1 &&
    socket.listenerCount("data") === 0
  );
}
