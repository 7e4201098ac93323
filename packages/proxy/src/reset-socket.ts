import type { Socket } from "node:net";

/** Ends a connection so that its other side sees that it was cut, as far as it has a way of saying so. */
export function resetSocket(socket: Socket | null): void {
  try {
    socket?.resetAndDestroy();
  } catch {
    // TLS and Unix sockets know no reset.
    socket?.destroy();
  }
}
