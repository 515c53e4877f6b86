/**
 * Collects the chunks of a body up to a cap.
 */

const chunkOf = (chunk: unknown): Uint8Array => {
  if (typeof chunk === "string") return new TextEncoder().encode(chunk)
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw new TypeError("no bytes")
}

// Copy each chunk: a small chunk can keep a large buffer in memory, so that memory could exceed the cap.
const append = (to: Uint8Array<ArrayBuffer>, size: number, part: Uint8Array): Uint8Array<ArrayBuffer> => {
  const needed = size + part.length
  const room = needed <= to.length ? to : new Uint8Array(Math.max(needed, 2 * to.length))
  if (room !== to) room.set(to.subarray(0, size))
  room.set(part, size)
  return room
}

export interface Collector {
  /** Takes a chunk. The result is `false` if the body is longer than the cap. */
  readonly add: (chunk: unknown) => boolean
  readonly body: () => { readonly bytes: Uint8Array<ArrayBuffer>; readonly tooLarge: boolean }
}

export const make = (maxBytes: number): Collector => {
  let bytes = new Uint8Array(0)
  let size = 0
  return {
    add: (given) => {
      const chunk = chunkOf(given)
      bytes = append(bytes, size, chunk.subarray(0, maxBytes - size))
      size += chunk.length
      return size <= maxBytes
    },
    body: () => ({ bytes: bytes.subarray(0, Math.min(size, maxBytes)), tooLarge: size > maxBytes })
  }
}
