/** Adds a number to a heap, which has its least number first. O(log n). Source: J. Williams, "Heapsort", 1964. */
export function pushNumber(heap: number[], number: number): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as number;
    if (above <= number) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = number;
}

/** Takes the least number out of a heap that is not empty. O(log n). */
export function popLeast(heap: number[]): number {
  const least = heap[0] as number;
  const number = heap.pop() as number;
  if (heap.length === 0) return least;
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++;
    const below = heap[child] as number;
    if (number <= below) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = number;
  return least;
}
