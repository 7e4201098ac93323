import { requestEach, type Answer } from "./request.ts";

/** Fails unless a proxy answers every target exactly as the backend itself does. */
export async function verifyAnswers(
  port: number,
  backendPort: number,
  targets: readonly string[],
): Promise<void> {
  const expected = new Map<string, Answer>();
  await requestEach(backendPort, targets, 8, (answer, target) => expected.set(target, answer));
  await requestEach(port, targets, 8, (answer, target) => {
    const problem = differenceOf(answer, expected.get(target) as Answer);
    if (problem !== undefined) throw new Error(`${target} is answered wrong: ${problem}`);
  });
}

function differenceOf(answer: Answer, expected: Answer): string | undefined {
  if (expected.status !== 200) return `the backend itself gives ${expected.status}`;
  if (answer.status !== expected.status) return `status ${answer.status}`;
  if (answer.type !== expected.type) return `content-type ${answer.type}`;
  if (!answer.body.equals(expected.body)) return `another body, of ${answer.body.length} bytes`;
  return undefined;
}
