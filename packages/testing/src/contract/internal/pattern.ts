/**
 * A body that client and server both know, so neither has to send it for a comparison. Do not change it.
 */
export const pattern = (size: number): Uint8Array<ArrayBuffer> => {
  if (made.length < size) {
    made = new Uint8Array(size)
    // the high byte makes one part of the body differ from the next
    for (let i = 0; i < size; i++) made[i] = (i * 31 + (i >> 8)) & 255
  }
  return made.subarray(0, size)
}

/** The longest body so far. A shorter body is its start. */
let made = new Uint8Array(0)

/** The size of the server's large body, in bytes. */
export const large = 4 * 1024 * 1024

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The statuses that the cases ask the server for. A platform might not treat some of them as a response. */
export const statuses = [200, 201, 202, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504]

/** The headers that the server sends. */
export const responseHeaders: Readonly<Record<string, string>> = {
  "x-contract-plain": "7f2c",
  "x-contract-list": "one, two;q=\"0, 5\"",
  "x-contract-long": "0123456789abcdef".repeat(256)
}
