// The gRPC health protocol, as far as one call of it needs. Both of its messages have a single field, so they are written
// and read by hand.
//
// Sources: https://github.com/grpc/grpc/blob/master/doc/health-checking.md for the call and the messages,
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md for the prefix of a message,
// https://protobuf.dev/programming-guides/encoding/ for what is in it.

/** Path of the call. */
export const HEALTH_CHECK = "/grpc.health.v1.Health/Check";

/** `HealthCheckResponse.ServingStatus.SERVING` */
const SERVING = 1;
/** Whether the message is compressed, and its length in four bytes. */
const PREFIX_LENGTH = 5;
/** Number and type of the fields: `string service = 1`, `ServingStatus status = 1`. */
const SERVICE_FIELD = 0x0a;
const STATUS_FIELD = 0x08;

/**
 * The body of a call.
 *
 * @param service name that is asked about; empty for the whole server
 */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service, "utf8");
  // A field that has its default is left out.
  const message =
    name.length === 0
      ? name
      : Buffer.concat([Buffer.from([SERVICE_FIELD, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(PREFIX_LENGTH);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Whether the body of an answer is one message that says `SERVING`. */
export function isServing(body: Buffer): boolean {
  if (body.length < PREFIX_LENGTH || body[0] !== 0) return false;
  if (body.readUInt32BE(1) !== body.length - PREFIX_LENGTH) return false;
  return statusIn(body.subarray(PREFIX_LENGTH)) === SERVING;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

// The last of a field counts, and fields of later versions are passed over.
function statusIn(message: Buffer): number | undefined {
  let at = 0;
  let status = 0;
  const read = (): number => {
    let value = 0;
    for (let factor = 1; at < message.length; factor *= 128) {
      const byte = message[at++] as number;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < message.length) {
    const field = read();
    if (field === STATUS_FIELD) {
      status = read();
    } else {
      const length = lengthOf(field % 8, read);
      at += length;
    }
  }
  return at === message.length ? status : undefined;
}

// What is no number ends the reading: nothing is below it.
function lengthOf(wireType: number, read: () => number): number {
  if (wireType === 0) return read() * 0;
  if (wireType === 1) return 8;
  if (wireType === 2) return read();
  return wireType === 5 ? 4 : Number.NaN;
}
