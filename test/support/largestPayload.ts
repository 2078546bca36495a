/**
 * Bytes of the largest payload in a history's JSON, where payloads are `{"metadata": …, "data": base64}`: inputs,
 * results, details, headers and failures alike. 64 KiB is the most we promise.
 */
export function largestPayload(historyJson: string): number {
  let largest = 0;
  JSON.parse(historyJson, (member, value: unknown) => {
    if (member === 'data' && typeof value === 'string') {
      largest = Math.max(largest, Buffer.byteLength(value, 'base64'));
    }
    return value;
  });
  return largest;
}
