/**
 * A body that client and server both know, so that neither has to send it to be compared.
 */
export const pattern = (size: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(size)
  // the high byte keeps one part of it from looking like another
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8)) & 255
  return bytes
}

/** How much the server sends as a large body. */
export const large = 4 * 1024 * 1024

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The statuses that the server is asked for: those that a platform might take for something else than a response. */
export const statuses = [200, 201, 202, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504]

/** What the server sends as headers of its own. */
export const responseHeaders: Readonly<Record<string, string>> = {
  "x-contract-plain": "7f2c",
  "x-contract-list": "one, two;q=\"0, 5\"",
  "x-contract-long": "0123456789abcdef".repeat(256)
}
