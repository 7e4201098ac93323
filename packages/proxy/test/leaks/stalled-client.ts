import { bodyOf } from "../hostile/bodies.js";
import type { Plan, Result } from "../hostile/plan.js";
import { uploadId } from "../hostile/visit.js";
import { connectTo, headOf, isClosed, statusOf } from "./by-hand.js";
import type { LeakWorld } from "./leak-world.js";
import { LIMIT_MS } from "./leak-kind.js";

const UPLOAD = 20_000;

/** Sends half of a body, and then nothing, until the gateway has enough of it. */
export async function stopSending({ server }: LeakWorld, plan: Plan): Promise<Result> {
  const socket = await connectTo(server);
  const lines = [`content-length: ${UPLOAD}`, `x-upload: ${UPLOAD}`];
  socket.write(headOf("POST", plan.path, ...lines));
  socket.write(bodyOf(uploadId(plan.id), UPLOAD >> 1));
  let status = 0;
  socket.on("data", (bytes: Buffer) => (status ||= statusOf(bytes)));
  socket.on("end", () => socket.end());
  const isOver = await isClosed(socket, LIMIT_MS);
  socket.destroy();
  return { plan, verdict: isOver ? "ours" : "hung", status, why: "" };
}

/** Asks for a large body and reads the start of it, until the gateway has enough of that. */
export async function stopReading({ unix }: LeakWorld, plan: Plan): Promise<Result> {
  const socket = await connectTo({ path: unix.socketPath });
  socket.write(headOf("GET", plan.path));
  await new Promise<void>((resolve) => socket.once("readable", resolve).once("close", resolve));
  const far = unix.byUrl.get(plan.path);
  const isGivenUp = far !== undefined && (await isClosed(far, LIMIT_MS));
  let status = 0;
  let received = 0;
  socket.on("data", (bytes: Buffer) => {
    status ||= statusOf(bytes);
    received += bytes.length;
  });
  socket.on("end", () => socket.end());
  await isClosed(socket, LIMIT_MS);
  socket.destroy();
  if (!isGivenUp) return { plan, verdict: "hung", status, why: "" };
  return { plan, verdict: received < plan.length ? "cut" : "whole", status, why: "" };
}
