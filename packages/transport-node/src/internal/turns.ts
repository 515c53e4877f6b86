/** Turns of the event loop, and whether a connection can still be used. */
import type { Socket } from "node:net"

// A test's fake timers may replace the globals later, but sockets always run in real time.
const clearTimeout = globalThis.clearTimeout
const setImmediate = globalThis.setImmediate
const setTimeout = globalThis.setTimeout

export type Timer = ReturnType<typeof setTimeout>

/** A timer of the platform. */
export const after = (millis: number, act: () => void): Timer => setTimeout(act, millis)

export const cancel = (timer: Timer | undefined): void => clearTimeout(timer)

/**
 * Acts once the platform has read what the kernel holds for its sockets. The first turn may be the rest of the current one,
 * whose reading is over. The second turn has read.
 */
export const afterReading = (act: () => void): void => {
  setImmediate(() => setImmediate(act))
}

/** Acts after one turn. An overdue timer runs before the sockets that became ready in time. */
export const nextTurn = (act: () => void): void => {
  setImmediate(act)
}

/** Whether neither an end nor a failure of the connection has been read. */
export const isAlive = (socket: Socket): boolean =>
  !socket.destroyed && socket.readable && socket.writable && !socket.readableEnded
