import { requestEach, type Answer, type Requests } from "./request.ts";

/** What the backend itself answers to each target. */
export async function expectedAnswers(
  backendPort: number,
  requests: Requests,
): Promise<ReadonlyMap<string, Answer>> {
  const expected = new Map<string, Answer>();
  await requestEach(backendPort, requests, 8, (answer, target) => expected.set(target, answer));
  return expected;
}

/** Fails unless a proxy answers every target exactly as the backend itself does. */
export async function verifyAnswers(
  port: number,
  requests: Requests,
  expected: ReadonlyMap<string, Answer>,
): Promise<void> {
  await requestEach(port, requests, 8, (answer, target) => {
    const problem = differenceOf(answer, expected.get(target) as Answer);
    if (problem !== undefined) throw new Error(`${target} is answered wrong: ${problem}`);
  });
}

/** Fails unless a proxy hands on every byte of a body: each target must be answered with it. */
export async function verifyEchoes(
  port: number,
  targets: readonly string[],
  body: Buffer,
): Promise<void> {
  const type = "application/json";
  await requestEach(port, { targets, body }, 8, (answer, target) => {
    const problem = differenceOf(answer, { status: 200, type, body });
    if (problem !== undefined) throw new Error(`${target} gives back another body: ${problem}`);
  });
}

function differenceOf(answer: Answer, expected: Answer): string | undefined {
  if (expected.status !== 200) return `the backend itself gives ${expected.status}`;
  if (answer.status !== expected.status) return `status ${answer.status}`;
  if (answer.type !== expected.type) return `content-type ${answer.type}`;
  if (!answer.body.equals(expected.body)) return `another body, of ${answer.body.length} bytes`;
  return undefined;
}
